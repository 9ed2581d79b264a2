using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Freshet.Columns.Json;
using Freshet.Columns.Types;
using Freshet.Kernels;
using Freshet.Kernels.Expressions;
using Freshet.Kernels.Json;
using Freshet.Syntax.Text;

namespace Freshet.Plan;

/// <summary>
/// An expression with names and types resolved, over the columns of one plan node. Immutable.
/// The text of ToString is canonical: equal texts mean equal values; identities of operators are made of it.
/// </summary>
public abstract class BoundExpression(SqlType type, TextSpan span)
{
    private long _size;

    public SqlType Type { get; } = type;

    public TextSpan Span { get; } = span;

    public virtual ImmutableArray<BoundExpression> Children => [];

    /// <summary>The same expression over other children.</summary>
    public abstract BoundExpression With(ImmutableArray<BoundExpression> children);

    /// <summary>The form that is computed over batches.</summary>
    public abstract VectorExpression Lower();

    /// <summary>Whether a row can fail here.</summary>
    public virtual bool CanFail => Children.Any(c => c.CanFail);

    /// <summary>Nodes of the tree, shared ones counted each time.</summary>
    public long Size => _size != 0 ? _size : _size = Math.Min(long.MaxValue / 256, 1 + Children.Sum(c => c.Size));

    /// <summary>The expression and all its parts.</summary>
    public IEnumerable<BoundExpression> Parts() => Children.SelectMany(c => c.Parts()).Prepend(this);

    /// <summary>Replaces parts from the leaves up.</summary>
    public BoundExpression Rewrite(Func<BoundExpression, BoundExpression> change)
    {
        var children = Children;
        if (children.IsEmpty) return change(this);
        var rewritten = ImmutableArray.CreateRange(children, c => c.Rewrite(change));
        return change(rewritten.SequenceEqual(children) ? this : With(rewritten));
    }

    /// <summary>Every column that is read.</summary>
    public IEnumerable<int> Columns() => this is BoundColumn column ? [column.Index] : Children.SelectMany(c => c.Columns());

    /// <summary>The same expression over a node whose columns stand elsewhere.</summary>
    public BoundExpression Shift(Func<int, int> place) =>
        Rewrite(e => e is BoundColumn column ? new BoundColumn(place(column.Index), column.Type, column.Span) : e);

    protected VectorExpression[] LowerChildren() => [.. Children.Select(c => c.Lower())];
}

public sealed class BoundColumn(int index, SqlType type, TextSpan span = default) : BoundExpression(type, span)
{
    public int Index { get; } = index;

    public override BoundExpression With(ImmutableArray<BoundExpression> children) => this;

    public override VectorExpression Lower() => new ColumnReference(Index, Type);

    public override string ToString() => "$" + Index.ToString(CultureInfo.InvariantCulture);
}

public sealed class BoundLiteral : BoundExpression
{
    public BoundLiteral(SqlType type, TextSpan span, Int128 bits)
        : base(type, span) => Bits = bits;

    public BoundLiteral(SqlType type, TextSpan span, byte[]? text)
        : base(type, span)
    {
        Utf8 = text;
        IsNull = text is null;
    }

    public bool IsNull { get; }

    /// <summary>The bytes of a text or binary literal.</summary>
    public byte[]? Utf8 { get; }

    /// <summary>The text of a character literal.</summary>
    public string? Text => Utf8 is null ? null : Encoding.UTF8.GetString(Utf8);

    /// <summary>The value of a literal of fixed width.</summary>
    public Int128 Bits { get; }

    /// <summary>The value of an integer literal.</summary>
    public long Integer => (long)Bits;

    public static BoundLiteral Null(TextSpan span) => new(SqlType.Null, span, null);

    public static BoundLiteral Of(string text, TextSpan span = default) =>
        new(SqlType.Char(Math.Max(1, text.Length)).NotNull, span, Encoding.UTF8.GetBytes(text));

    public override BoundExpression With(ImmutableArray<BoundExpression> children) => this;

    public override VectorExpression Lower() => new LiteralExpression(Type, IsNull, Bits, Utf8);

    public override string ToString() =>
        IsNull ? "NULL" : Utf8 is not null ? "'" + Text!.Replace("'", "''", StringComparison.Ordinal) + "'" : $"{Type.Name}:{Bits.ToString(CultureInfo.InvariantCulture)}";
}

public sealed class BoundCall(string name, ScalarKernel kernel, ImmutableArray<BoundExpression> arguments, SqlType type, TextSpan span, bool canFail = false) : BoundExpression(type, span)
{
    public string Name { get; } = name;

    public override ImmutableArray<BoundExpression> Children => arguments;

    public override bool CanFail => canFail || base.CanFail;

    public override BoundExpression With(ImmutableArray<BoundExpression> children) => new BoundCall(Name, kernel, children, Type, Span, canFail);

    public override VectorExpression Lower() => new CallExpression(kernel, LowerChildren(), Type);

    public override string ToString() => $"{Name}({string.Join(", ", arguments)})";
}

public sealed class BoundCast(BoundExpression operand, SqlType type, bool isTry, TextSpan span) : BoundExpression(type, span)
{
    public BoundExpression Operand { get; } = operand;

    public bool IsTry { get; } = isTry;

    /// <summary>Whether two different values are never made one.</summary>
    public bool IsWidening => (Operand.Type, Type) switch
    {
        var (from, to) when from.IsInteger && to.IsInteger => from.Kind <= to.Kind,
        var (from, to) when from.IsInteger && to.Kind == TypeKind.Decimal => to.Precision - to.Scale >= 19,
        var (from, to) when from.IsCharacter && to.Kind == TypeKind.VarChar => to.Precision >= from.Precision,
        var (from, to) when from.IsBinary && to.Kind == TypeKind.VarBinary => to.Precision >= from.Precision,
        var (from, to) when from.Kind == to.Kind && from.Kind is TypeKind.Timestamp or TypeKind.TimestampLtz or TypeKind.Time => to.Precision >= from.Precision,
        var (from, to) when from.Kind == to.Kind && from.Kind == TypeKind.Decimal => to.Scale >= from.Scale && to.Precision - to.Scale >= from.Precision - from.Scale,
        var (from, to) => from.Kind == TypeKind.Float && to.Kind == TypeKind.Double,
    };

    public override ImmutableArray<BoundExpression> Children => [Operand];

    public override bool CanFail => (!IsTry && MayFail(Operand.Type, Type)) || base.CanFail;

    private static bool MayFail(SqlType from, SqlType to) =>
        (from.IsCharacter && !to.IsCharacter && !to.IsBinary) || from.Kind == TypeKind.Variant || to is { Kind: TypeKind.Decimal, IsNullable: false }
        || (from.Fields.Length == to.Fields.Length && from.Fields.Zip(to.Fields).Any(f => MayFail(f.First.Type, f.Second.Type)));

    public override BoundExpression With(ImmutableArray<BoundExpression> children) => new BoundCast(children[0], Type, IsTry, Span);

    public override VectorExpression Lower() => new CallExpression(CastKernel.Of(Operand.Type, Type, IsTry)!, LowerChildren(), Type);

    public override string ToString() => $"{(IsTry ? "TRY_CAST" : "CAST")}({Operand} AS {Type.Name})";
}

/// <summary>A part of a VARIANT by a path known when the plan is made: a source can decode it instead of the whole.</summary>
public sealed class BoundPath(BoundExpression operand, JsonPath path, TextSpan span) : BoundExpression(SqlType.Variant, span)
{
    public BoundExpression Operand { get; } = operand;

    public JsonPath Path { get; } = path;

    public override ImmutableArray<BoundExpression> Children => [Operand];

    public override BoundExpression With(ImmutableArray<BoundExpression> children) => new BoundPath(children[0], Path, Span);

    public override VectorExpression Lower() => new CallExpression(VariantKernels.At(Path), LowerChildren(), Type);

    public override string ToString() => $"{Operand}{Path}";
}

public sealed class BoundLogical(bool isAnd, BoundExpression left, BoundExpression right, TextSpan span)
    : BoundExpression(SqlType.Boolean.WithNullable(left.Type.IsNullable || right.Type.IsNullable), span)
{
    public bool IsAnd { get; } = isAnd;

    public override ImmutableArray<BoundExpression> Children => [left, right];

    public override BoundExpression With(ImmutableArray<BoundExpression> children) => new BoundLogical(IsAnd, children[0], children[1], Span);

    public override VectorExpression Lower() => new LogicalExpression(IsAnd, left.Lower(), right.Lower(), Type);

    public override string ToString() => $"({left} {(IsAnd ? "AND" : "OR")} {right})";

    /// <summary>The parts of a chain of ANDs.</summary>
    public static IEnumerable<BoundExpression> Conjuncts(BoundExpression? expression) => expression switch
    {
        null => [],
        BoundLogical { IsAnd: true } and => Conjuncts(and.Children[0]).Concat(Conjuncts(and.Children[1])),
        _ => [expression],
    };

    public static BoundExpression? All(IEnumerable<BoundExpression> conjuncts) =>
        conjuncts.Aggregate((BoundExpression?)null, (all, c) => all is null ? c : new BoundLogical(true, all, c, all.Span.To(c.Span)));
}

public sealed class BoundCase(ImmutableArray<BoundExpression> conditions, ImmutableArray<BoundExpression> results, BoundExpression otherwise, SqlType type, TextSpan span) : BoundExpression(type, span)
{
    public override ImmutableArray<BoundExpression> Children => [.. conditions, .. results, otherwise];

    public override BoundExpression With(ImmutableArray<BoundExpression> children) =>
        new BoundCase(children[..conditions.Length], children[conditions.Length..^1], children[^1], Type, Span);

    public override VectorExpression Lower() =>
        new CaseExpression([.. conditions.Select(c => c.Lower())], [.. results.Select(r => r.Lower())], otherwise.Lower(), Type);

    public override string ToString() =>
        $"CASE({string.Join(", ", conditions.Zip(results, (c, r) => $"{c} -> {r}"))}, {otherwise})";
}

public sealed class BoundCoalesce(ImmutableArray<BoundExpression> arguments, SqlType type, TextSpan span) : BoundExpression(type, span)
{
    public override ImmutableArray<BoundExpression> Children => arguments;

    public override BoundExpression With(ImmutableArray<BoundExpression> children) => new BoundCoalesce(children, Type, Span);

    public override VectorExpression Lower() => new CoalesceExpression(LowerChildren(), Type);

    public override string ToString() => $"COALESCE({string.Join(", ", arguments)})";
}
