using System.Collections.Immutable;
using Freshet.Columns.Types;

namespace Freshet.Columns;

/// <summary>A named, typed column of a schema.</summary>
public readonly record struct Field(string Name, SqlType Type);

/// <summary>The columns of a batch, in order. Immutable; names are for people, positions are for operators.</summary>
public sealed class Schema(ImmutableArray<Field> fields)
{
    public ImmutableArray<Field> Fields { get; } = fields;

    public int Count => Fields.Length;

    public SqlType this[int column] => Fields[column].Type;

    /// <summary>The position of a column by its exact name, or -1.</summary>
    public int IndexOf(string name)
    {
        for (var i = 0; i < Fields.Length; i++)
            if (Fields[i].Name == name) return i;
        return -1;
    }

    public static Schema Of(params ReadOnlySpan<(string Name, SqlType Type)> fields)
    {
        var builder = ImmutableArray.CreateBuilder<Field>(fields.Length);
        foreach (var (name, type) in fields) builder.Add(new Field(name, type));
        return new Schema(builder.MoveToImmutable());
    }

    public override string ToString() => "(" + string.Join(", ", Fields.Select(f => $"{f.Name} {f.Type}")) + ")";
}
