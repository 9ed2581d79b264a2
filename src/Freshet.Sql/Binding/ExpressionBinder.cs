using System.Collections.Immutable;
using System.Globalization;
using Freshet.Columns.Types;
using Freshet.Kernels;
using Freshet.Kernels.Expressions;
using Freshet.Kernels.Json;
using Freshet.Kernels.Rows;
using Freshet.Kernels.Texts;
using Freshet.Plan;
using Freshet.Plan.Rules;
using Freshet.Sql.Binding.Subqueries;
using Freshet.Sql.Functions;
using Freshet.Syntax;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Sql.Binding;

/// <summary>
/// Expressions with names and types resolved against one scope. Where the SELECT groups, <see cref="Grouping"/> turns keys and
/// aggregate calls into columns of the aggregation.
/// </summary>
internal sealed class ExpressionBinder
{
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
    private readonly NestedExpressions _nested;
    private readonly PatternMatching _patterns;
    private int _depth;

    public ExpressionBinder(SourceText source, Scope scope, Grouping? grouping = null)
    {
        _source = source;
        _scope = scope;
        Grouping = grouping;
        Coerce = new Coercion(source);
        _special = new SpecialFunctions(this);
        _functions = new FunctionBinder(this);
        _nested = new NestedExpressions(this);
        _patterns = new PatternMatching(this);
        Comparisons = new Comparisons(this);
        Times = new TimeExpressions(this);
    }

    public SourceText Source => _source;

    public Scope Scope => _scope;

    public Coercion Coerce { get; }

    public Grouping? Grouping { get; }

    public Comparisons Comparisons { get; }

    public TimeExpressions Times { get; }

    /// <summary>Takes calls with OVER, where they can stand.</summary>
    public OverBinder? Over { get; set; }

    /// <summary>The query around this one, whose columns a name can mean too; null for none.</summary>
    public ExpressionBinder? Outer { get; init; }

    /// <summary>Takes subqueries, where they can stand.</summary>
    public SubqueryHost? Subqueries { get; set; }

    /// <summary>What names mean that are no columns.</summary>
    public Dictionary<string, BoundExpression>? Aliases { get; set; }

    public BoundExpression Bind(Expression expression)
    {
        if (Aliases is not null && expression is Name { Parts.Length: 1 } alias && Aliases.TryGetValue(alias.Last, out var aliased) && !_scope.TryResolve(alias, out _)) return aliased;
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
            Binary binary when Comparisons.Contains(binary.Operator) => Comparisons.Bind(binary),
            Binary { Operator: "||" } concat => Join(concat),
            Binary binary => Compute(binary),
            IsTest test => Is(test),
            Between between => Comparisons.Range(between),
            InList list => Comparisons.In(list),
            Quantified { Query: null } quantified => Comparisons.Quantified(quantified),
            Like like => _patterns.Bind(like),
            Case @case => CaseOf(@case),
            Cast cast => CastOf(cast),
            OverCall over when Over is not null => Over.Bind(over, this),
            Call call when _scope.Functions?.Find(call.Function) is { } program => ProgramCalls.Bind(this, call, program),
            Call call => _special.TryBind(call) ?? _functions.Bind(call),
            Syntax.Tree.Index index => _nested.Index(index),
            FieldAccess access => _nested.Field(Bind(access.Base), access.Field, access.Span),
            Constructor constructor => _nested.Construct(constructor),
            InQuery or Exists or ScalarQuery or Quantified { Query: not null } when Subqueries is not null => new SubqueryBinder(this, Subqueries).TryBind(expression)!,
            InQuery or Exists or ScalarQuery or Quantified { Query: not null } => throw Error(expression.Span, "A subquery cannot stand here: write a join."),
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

    public BoundExpression Compare(string op, BoundExpression left, BoundExpression right, TextSpan span) => Comparisons.Compare(op, left, right, span);

    /// <summary>What a name means to a query within this one; null for nothing here or further out.</summary>
    private BoundExpression? OfOuter(Name name)
    {
        var isHere = Enumerable.Range(1, name.Parts.Length).Any(length => _scope.TryResolve(new Name(name.Parts[..length], name.Span), out _));
        if (!isHere) return Outer?.OfOuter(name) is { } further ? BoundOuter.Deeper(further, 1) : null;
        return BoundOuter.Deeper(Bind(name), 1).Rewrite(e => e is BoundColumn column ? new BoundOuter(1, column.Index, column.Type, name.Span) : e);
    }

    private BoundExpression Column(Name name)
    {
        if (_scope.TryResolve(name, out var column)) return new BoundColumn(column.Index, column.Type, name.Span);
        // a.b.c may be a field of a column.
        for (var length = name.Parts.Length - 1; length > 0; length--)
        {
            if (!_scope.TryResolve(new Name(name.Parts[..length], name.Span), out column)) continue;
            BoundExpression value = new BoundColumn(column.Index, column.Type, name.Span);
            foreach (var field in name.Parts[length..]) value = _nested.Field(value, field, name.Span);
            return value;
        }

        if (Outer?.OfOuter(name) is { } outer) return outer;
        column = _scope.Resolve(name);
        return new BoundColumn(column.Index, column.Type, name.Span);
    }

    private BoundExpression Negate(Unary minus)
    {
        // The least BIGINT is written as a number that is none without its sign.
        if (minus.Operand is Literal { Kind: LiteralKind.Integer, Text: "9223372036854775808" }) return new BoundLiteral(SqlType.BigInt.NotNull, minus.Span, long.MinValue);
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
    public static BoundExpression Balanced(ReadOnlySpan<BoundExpression> operands, bool isAnd, TextSpan span) => operands.Length == 1
        ? operands[0]
        : new BoundLogical(isAnd, Balanced(operands[..(operands.Length / 2)], isAnd, span), Balanced(operands[(operands.Length / 2)..], isAnd, span), span);

    private BoundExpression Compute(Binary binary)
    {
        var left = Bind(binary.Left);
        var right = Bind(binary.Right);
        var op = binary.Operator;
        if (TimeExpressions.Takes(left.Type, right.Type)) return Times.Compute(op, left, right, binary.Span);
        return Arithmetics(op, left, right, binary.Span);
    }

    /// <summary>+ - * / % of two numbers.</summary>
    public BoundExpression Arithmetics(string op, BoundExpression left, BoundExpression right, TextSpan span)
    {
        var divisor = right.Type;
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
        }

        if (op == "%" && result.IsApproximate) throw Error(span, $"% is for whole numbers and DECIMAL, not for {result.Name}.");
        var call = new BoundCall(op, Arithmetic[op], [left, right], result, span, canFail: (op is "/" or "%" && !result.IsApproximate) || result is { Kind: TypeKind.Decimal, IsNullable: false });
        // What is left of a division has the divisor's type.
        if (op == "%" && divisor.IsInteger && (left.Type.IsInteger || left.Type is { Kind: TypeKind.Decimal, Scale: 0 })) return Coerce.To(call, divisor);
        return op == "/" && FoldConstants.IsZero(right) && FoldConstants.IsConstant(left) ? throw Error(span, "Division by zero.") : call;
    }

    private BoundExpression Number(BoundExpression expression, string op)
    {
        if (expression.Type.Kind is TypeKind.Variant or TypeKind.Null || expression.Type.IsCharacter) return Coerce.To(expression, SqlType.Double);
        throw Error(expression.Span, $"{op} is not possible on {expression.Type.Name}.");
    }

    private BoundCall Join(Binary concat)
    {
        var (left, right) = (Operand(concat.Left), Operand(concat.Right));
        return Call("||", RowLoop.Of<Concat>(), [left, right], TypeRules.Concat(left.Type, right.Type), concat.Span);

        BoundExpression Operand(Expression expression)
        {
            var value = Bind(expression);
            if (value.Type.IsCharacter || value.Type.Kind is TypeKind.Variant or TypeKind.Null) return Text(value);
            throw Error(expression.Span, $"|| joins texts, this is {value.Type.Name}. Write CAST(... AS STRING).");
        }
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

    private BoundCase CaseOf(Case @case)
    {
        var operand = @case.Operand is null ? null : Bind(@case.Operand);
        var conditions = @case.Branches.Select(b => operand is null ? Coerce.Boolean(Bind(b.When), "WHEN") : Comparisons.Equal(operand, Bind(b.When), b.When.Span)).ToImmutableArray();
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
        // As in Flink: a literal counts the unit, any other number milliseconds or months.
        if (cast.IntervalUnit is { } unit && operand is BoundLiteral { IsNull: false, Type.IsInteger: true } number)
            return Bind(new IntervalLiteral(Math.Abs(number.Integer).ToString(CultureInfo.InvariantCulture), number.Integer < 0, unit, null, cast.Span));
        return operand is BoundLiteral { IsNull: true } ? new BoundLiteral(cast.Type.WithNullable(true), cast.Span, null) : Coerce.To(operand, cast.Type, cast.IsTry);
    }
}
