using System.Collections.Immutable;
using Freshet.Columns.Expressions;
using Freshet.Columns.Json;
using Freshet.Columns.Json.Kernels;
using Freshet.Columns.Kernels;
using Freshet.Columns.Kernels.Rows;
using Freshet.Columns.Kernels.Texts;
using Freshet.Columns.Types;
using Freshet.Sql.Functions;
using Freshet.Sql.Plan;
using Freshet.Sql.Syntax;
using Freshet.Sql.Text;

namespace Freshet.Sql.Binding;

/// <summary>
/// Expressions with names and types resolved against one scope. Where the SELECT groups, <see cref="Grouping"/> turns keys and
/// aggregate calls into columns of the aggregation.
/// </summary>
internal sealed class ExpressionBinder
{
    private static readonly Dictionary<string, ScalarKernel> Comparisons = new()
    {
        ["="] = ComparisonKernel.Equal,
        ["<>"] = ComparisonKernel.NotEqual,
        ["<"] = ComparisonKernel.Less,
        ["<="] = ComparisonKernel.LessOrEqual,
        [">"] = ComparisonKernel.Greater,
        [">="] = ComparisonKernel.GreaterOrEqual,
        ["IS DISTINCT FROM"] = ComparisonKernel.IsDistinct,
        ["IS NOT DISTINCT FROM"] = ComparisonKernel.IsNotDistinct,
    };

    private static readonly Dictionary<string, ScalarKernel> Arithmetic = new()
    {
        ["+"] = ArithmeticKernel.Add,
        ["-"] = ArithmeticKernel.Subtract,
        ["*"] = ArithmeticKernel.Multiply,
        ["/"] = ArithmeticKernel.Divide,
        ["%"] = ArithmeticKernel.Remainder,
    };

    private readonly SourceText _source;
    private readonly Scope _scope;
    private readonly SpecialFunctions _special;
    private readonly FunctionBinder _functions;
    private int _depth;

    public ExpressionBinder(SourceText source, Scope scope, Grouping? grouping = null)
    {
        _source = source;
        _scope = scope;
        Grouping = grouping;
        Coerce = new Coercion(source);
        _special = new SpecialFunctions(this);
        _functions = new FunctionBinder(this);
    }

    public SourceText Source => _source;

    public Scope Scope => _scope;

    public Coercion Coerce { get; }

    public Grouping? Grouping { get; }

    public BoundExpression Bind(Expression expression)
    {
        if (Grouping?.TryBind(expression, this) is { } grouped) return grouped;
        if (++_depth > QueryRules.ExpressionDepthMax) throw Error(expression.Span, $"The expression is more than {QueryRules.ExpressionDepthMax} levels deep.");
        var bound = BindForm(expression);
        _depth--;
        return bound.Size <= QueryRules.ExpressionNodesMax ? bound : throw Error(expression.Span, $"The expression has more than {QueryRules.ExpressionNodesMax} parts.");
    }

    private BoundExpression BindForm(Expression expression)
    {
        return expression switch
        {
            Literal literal => Literals.Bind(literal, _source),
            IntervalLiteral interval => Literals.Bind(interval, _source),
            Name name => Column(name),
            Unary { Operator: "NOT" } not => Call("NOT", LogicKernel.Not, [Coerce.Boolean(Bind(not.Operand), "The operand of NOT")], SqlType.Boolean, not.Span),
            Unary minus => Negate(minus),
            Binary { Operator: "AND" or "OR" } logical => Logical(logical),
            Binary binary when Comparisons.ContainsKey(binary.Operator) => Compare(binary.Operator, Bind(binary.Left), Bind(binary.Right), binary.Span),
            Binary { Operator: "||" } concat => Call("||", RowLoop.Of<Concat>(), [Text(Bind(concat.Left)), Text(Bind(concat.Right))], SqlType.String, concat.Span),
            Binary binary => Compute(binary),
            IsTest test => Is(test),
            Between between => Range(between),
            InList list => In(list),
            Like like => LikeOf(like),
            Case @case => CaseOf(@case),
            Cast cast => CastOf(cast),
            Call call => _special.TryBind(call) ?? _functions.Bind(call),
            Syntax.Index index => IndexOf(index),
            FieldAccess access => Field(Bind(access.Base), access.Field, access.Span),
            Constructor constructor => Construct(constructor),
            InQuery or Exists or ScalarQuery or CollectionQuery or Quantified { Query: not null } => throw Error(expression.Span, "Subqueries in expressions are not supported yet: write a join."),
            Star => throw Error(expression.Span, "* stands only in SELECT and in COUNT(*)."),
            Word word => throw Error(word.Span, $"{word.Text} has no meaning here."),
            _ => throw Error(expression.Span, NotSupported.Sentence(expression)),
        };
    }

    public SqlException Error(TextSpan span, string sentence) => new(_source, span, sentence);

    public static BoundCall Call(string name, ScalarKernel kernel, ImmutableArray<BoundExpression> arguments, SqlType type, TextSpan span, bool canFail = false) =>
        new(name, kernel, arguments, type.WithNullable(type.IsNullable && (arguments.IsEmpty || arguments.Any(a => a.Type.IsNullable))), span, canFail);

    public BoundExpression Text(BoundExpression expression) =>
        expression.Type.IsCharacter ? expression : Coerce.To(expression, SqlType.String);

    public BoundExpression Compare(string op, BoundExpression left, BoundExpression right, TextSpan span)
    {
        var type = TypeRules.ForComparison(left.Type, right.Type)
            ?? throw Error(span, $"{left.Type.Name} and {right.Type.Name} cannot be compared. Write a CAST.");
        if (type.Kind == TypeKind.Null) type = SqlType.Boolean;
        if (type.Kind == TypeKind.Variant) throw Error(span, "Two VARIANTs cannot be compared: write CAST(... AS STRING) or another type for one of them.");
        // Text has one layout in all lengths, so that no cast is needed between them.
        if (!(left.Type.IsCharacter && right.Type.IsCharacter))
        {
            left = Coerce.To(left, type);
            right = Coerce.To(right, type);
        }

        var isDistinct = op.StartsWith("IS", StringComparison.Ordinal);
        return new BoundCall(op, Comparisons[op], [left, right], SqlType.Boolean.WithNullable(!isDistinct && (left.Type.IsNullable || right.Type.IsNullable)), span);
    }

    private BoundExpression Column(Name name)
    {
        if (_scope.TryResolve(name, out var column)) return new BoundColumn(column.Index, column.Type, name.Span);
        // a.b.c may be a field of a column.
        for (var length = name.Parts.Length - 1; length > 0; length--)
        {
            if (!_scope.TryResolve(new Name(name.Parts[..length], name.Span), out column)) continue;
            BoundExpression value = new BoundColumn(column.Index, column.Type, name.Span);
            foreach (var field in name.Parts[length..]) value = Field(value, field, name.Span);
            return value;
        }

        column = _scope.Resolve(name);
        return new BoundColumn(column.Index, column.Type, name.Span);
    }

    private BoundExpression Field(BoundExpression value, string field, TextSpan span)
    {
        if (value.Type.Kind == TypeKind.Variant) return Path(value, JsonPathStep.Member(field), span);
        if (value.Type.Kind != TypeKind.Row) throw Error(span, $"{value.Type.Name} has no fields.");
        foreach (var candidate in value.Type.Fields)
            if (candidate.Name.Equals(field, StringComparison.OrdinalIgnoreCase)) return new BoundCall("." + candidate.Name, CollectionKernels.Field(candidate.Name), [value], candidate.Type.WithNullable(true), span);
        throw Error(span, $"The row has no field {field}.{NearestName.Hint(field, value.Type.Fields.Select(f => f.Name))}");
    }

    private static BoundPath Path(BoundExpression value, JsonPathStep step, TextSpan span) =>
        value is BoundPath path ? new BoundPath(path.Operand, JsonPath.Of(JsonPathMode.Lax, path.Path.Steps.Add(step)), span) : new BoundPath(value, JsonPath.Of(JsonPathMode.Lax, [step]), span);

    private BoundExpression IndexOf(Syntax.Index index)
    {
        var value = Bind(index.Base);
        var at = Bind(index.At);
        switch (value.Type.Kind)
        {
            case TypeKind.Variant when at is BoundLiteral { Text: { } key }: return Path(value, JsonPathStep.Member(key), index.Span);
            case TypeKind.Variant when at is BoundLiteral literal && at.Type.IsInteger && literal.Integer > 0: return Path(value, JsonPathStep.Element((int)literal.Integer - 1), index.Span);
            case TypeKind.Variant when at.Type.IsCharacter: return new BoundCall("MEMBER", VariantKernels.Member, [value, at], SqlType.Variant, index.Span);
            case TypeKind.Variant when at.Type.IsInteger: return new BoundCall("ELEMENT", VariantKernels.Element, [value, at], SqlType.Variant, index.Span);
            case TypeKind.Array when at.Type.IsInteger: return new BoundCall("AT", CollectionKernels.Element, [value, at], value.Type.Fields[0].Type.WithNullable(true), index.Span);
            case TypeKind.Map: return new BoundCall("AT", CollectionKernels.MapValue, [value, Coerce.To(at, value.Type.Fields[0].Type)], value.Type.Fields[1].Type.WithNullable(true), index.Span);
            default: throw Error(index.Span, $"[] with {at.Type.Name} is not possible on {value.Type.Name}.");
        }
    }

    private BoundExpression Negate(Unary minus)
    {
        var operand = Bind(minus.Operand);
        if (operand is BoundLiteral { IsNull: false } literal && (operand.Type.IsInteger || operand.Type.Kind == TypeKind.Decimal))
            return new BoundLiteral(operand.Type, minus.Span, -(operand.Type.Kind == TypeKind.Decimal ? literal.Bits : literal.Integer));
        if (operand.Type.Kind == TypeKind.Variant || operand.Type.IsCharacter) operand = Coerce.To(operand, SqlType.Double);
        if (!operand.Type.IsNumeric && !operand.Type.IsInterval) throw Error(minus.Span, $"- is not possible on {operand.Type.Name}.");
        return Call("NEGATE", ArithmeticKernel.Negate, [operand], operand.Type, minus.Span);
    }

    private BoundExpression Logical(Binary logical) =>
        Balanced([.. ExpressionWalk.Chain(logical, logical.Operator).Select(o => Coerce.Boolean(Bind(o), $"A side of {logical.Operator}"))], logical.Operator == "AND", logical.Span);

    /// <summary>A chain as a tree of small depth, in the same order.</summary>
    private static BoundExpression Balanced(ReadOnlySpan<BoundExpression> operands, bool isAnd, TextSpan span) => operands.Length == 1
        ? operands[0]
        : new BoundLogical(isAnd, Balanced(operands[..(operands.Length / 2)], isAnd, span), Balanced(operands[(operands.Length / 2)..], isAnd, span), span);

    private BoundExpression Compute(Binary binary)
    {
        var left = Bind(binary.Left);
        var right = Bind(binary.Right);
        var op = binary.Operator;
        if (left.Type.IsInterval || right.Type.IsInterval || left.Type.IsTimestamp || right.Type.IsTimestamp || left.Type.Kind == TypeKind.Date) return Times(op, left, right, binary.Span);
        if (!left.Type.IsNumeric) left = Number(left, op);
        if (!right.Type.IsNumeric) right = Number(right, op);
        var result = TypeRules.Arithmetic(op, left.Type, right.Type, out var operand);
        if (operand is not null)
        {
            left = Coerce.To(left, operand);
            right = Coerce.To(right, operand);
        }
        else
        {
            left = Coerce.To(left, TypeRules.AsDecimal(left.Type));
            right = Coerce.To(right, TypeRules.AsDecimal(right.Type));
            result = result.WithNullable(true);
        }

        return new BoundCall(op, Arithmetic[op], [left, right], result, binary.Span, canFail: op is "/" or "%" && !result.IsApproximate);
    }

    private BoundExpression Number(BoundExpression expression, string op)
    {
        if (expression.Type.Kind is TypeKind.Variant or TypeKind.Null || expression.Type.IsCharacter) return Coerce.To(expression, SqlType.Double);
        throw Error(expression.Span, $"{op} is not possible on {expression.Type.Name}.");
    }

    private BoundCall Times(string op, BoundExpression left, BoundExpression right, TextSpan span)
    {
        if (op == "+" && left.Type.IsInterval && !right.Type.IsInterval) (left, right) = (right, left);
        if (op is "+" or "-" && right.Type.IsInterval)
        {
            // A date and less than a day make a timestamp.
            var wholeDays = right is BoundLiteral days && days.Integer % 86_400_000 == 0;
            if (left.Type.Kind == TypeKind.Date && right.Type.Kind == TypeKind.IntervalDayTime && !wholeDays)
                left = Coerce.To(left, SqlType.Timestamp(3));
            return Call(op, TimeKernel.AddInterval(op == "+" ? 1 : -1), [left, right], left.Type, span);
        }

        if (op == "-" && (left.Type.IsTimestamp || left.Type.Kind == TypeKind.Date) && (right.Type.IsTimestamp || right.Type.Kind == TypeKind.Date))
            return Call(op, TimeKernel.Minus, [left, right], SqlType.IntervalDayTime, span);
        if (op == "*" && right.Type.IsInterval) (left, right) = (right, left);
        if (op == "*" && left.Type.IsInterval && right.Type.IsInteger) return Call(op, TimeKernel.MultiplyInterval, [left, right], left.Type, span);
        throw Error(span, $"{op} is not possible between {left.Type.Name} and {right.Type.Name}.");
    }

    private BoundExpression Is(IsTest test)
    {
        var operand = Bind(test.Operand);
        if (test.Test.StartsWith("JSON", StringComparison.Ordinal))
        {
            var kind = Enum.Parse<JsonShapeKind>(test.Test[5..], ignoreCase: true);
            var isJson = Call(test.Test, JsonFunctions.IsJson(kind), [operand], SqlType.Boolean, test.Span);
            return test.IsNegated ? Call("NOT", LogicKernel.Not, [isJson], SqlType.Boolean, test.Span) : isJson;
        }

        if (test.Test != "NULL") operand = test.Test == "UNKNOWN" ? operand : Coerce.Boolean(operand, "The operand of IS " + test.Test);
        ScalarKernel kernel = (test.Test, test.IsNegated) switch
        {
            ("TRUE", false) => LogicKernel.IsTrue,
            ("TRUE", true) => LogicKernel.IsNotTrue,
            ("FALSE", false) => LogicKernel.IsFalse,
            ("FALSE", true) => LogicKernel.IsNotFalse,
            (_, false) => LogicKernel.IsNull,
            (_, true) => LogicKernel.IsNotNull,
        };
        return new BoundCall($"IS {(test.IsNegated ? "NOT " : "")}{test.Test}", kernel, [operand], SqlType.Boolean.NotNull, test.Span);
    }

    private BoundExpression Range(Between between)
    {
        var operand = Bind(between.Operand);
        var low = Bind(between.Low);
        var high = Bind(between.High);
        BoundExpression Within(BoundExpression from, BoundExpression to) =>
            new BoundLogical(true, Compare(">=", operand, from, between.Span), Compare("<=", operand, to, between.Span), between.Span);
        var within = between.IsSymmetric ? new BoundLogical(false, Within(low, high), Within(high, low), between.Span) : Within(low, high);
        return between.IsNegated ? Call("NOT", LogicKernel.Not, [within], SqlType.Boolean, between.Span) : within;
    }

    private BoundExpression In(InList list)
    {
        var operand = Bind(list.Operand);
        var any = Balanced([.. list.Items.Select(i => Compare("=", operand, Bind(i), list.Span))], isAnd: false, list.Span);
        return list.IsNegated ? Call("NOT", LogicKernel.Not, [any], SqlType.Boolean, list.Span) : any;
    }

    private BoundExpression LikeOf(Like like)
    {
        if (like.IsSimilar) throw Error(like.Span, "SIMILAR TO is not supported yet.");
        var arguments = ImmutableArray.Create(Text(Bind(like.Operand)), Text(Bind(like.Pattern)));
        if (like.Escape is not null)
        {
            var escape = Bind(like.Escape);
            if (escape is not BoundLiteral { Text.Length: 1 }) throw Error(like.Escape.Span, "ESCAPE takes one character in quotes.");
            arguments = arguments.Add(escape);
        }

        var result = Call("LIKE", TextKernel.Like, arguments, SqlType.Boolean, like.Span);
        return like.IsNegated ? Call("NOT", LogicKernel.Not, [result], SqlType.Boolean, like.Span) : result;
    }

    private BoundCase CaseOf(Case @case)
    {
        var operand = @case.Operand is null ? null : Bind(@case.Operand);
        var conditions = @case.Branches.Select(b => operand is null ? Coerce.Boolean(Bind(b.When), "WHEN") : Compare("=", operand, Bind(b.When), b.When.Span)).ToImmutableArray();
        var results = @case.Branches.Select(b => Bind(b.Then)).ToImmutableArray();
        var otherwise = @case.Else is null ? BoundLiteral.Null(@case.Span) : Bind(@case.Else);
        var type = Coerce.Common(results.Append(otherwise), "CASE");
        if (type.Kind == TypeKind.Null) throw Error(@case.Span, "CASE has only NULLs as results: write CAST(NULL AS ...) for one of them.");
        return new BoundCase(conditions, [.. results.Select(r => Coerce.To(r, type))], Coerce.To(otherwise, type), type, @case.Span);
    }

    private BoundExpression CastOf(Cast cast)
    {
        var operand = Bind(cast.Operand);
        if (operand.Type.EqualsIgnoringNullability(cast.Type)) return operand;
        return operand is BoundLiteral { IsNull: true } ? new BoundLiteral(cast.Type.WithNullable(true), cast.Span, null) : Coerce.To(operand, cast.Type, cast.IsTry);
    }

    private BoundCall Construct(Constructor constructor)
    {
        var items = constructor.Items.Select(Bind).ToImmutableArray();
        switch (constructor.Kind)
        {
            case "ARRAY" when !items.IsEmpty:
                var element = Coerce.Common(items, "ARRAY");
                return new BoundCall("ARRAY", CollectionKernels.ArrayOf, [.. items.Select(i => Coerce.To(i, element))], SqlType.Array(element).NotNull, constructor.Span);
            case "ROW":
                var fields = items.Select((item, i) => new RowField($"EXPR${i}", item.Type)).ToImmutableArray();
                return new BoundCall("ROW", CollectionKernels.RowOf, items, SqlType.Row(fields).NotNull, constructor.Span);
            default: throw Error(constructor.Span, $"{constructor.Kind} constructors of this form are not supported yet.");
        }
    }
}
