using System.Linq.Expressions;
using Freshet.Columns;
using Freshet.Columns.Types;
using Freshet.Engine.Functions;

namespace Freshet.Engine.Embedding;

/// <summary>Rows of a view as objects of a program: made by the constructor with most parameters, which are columns by name, for tuples by place.</summary>
internal sealed class RowReader<T>
{
    private readonly ValueReader _reader = new();
    private readonly Func<ValueReader, T> _make;
    private readonly SqlType[] _types;
    private readonly bool[] _takesNull;

    public RowReader(string view, Schema schema)
    {
        _types = [.. schema.Fields.Select(f => f.Type)];
        _takesNull = [.. _types.Select(_ => true)];
        var reader = Expression.Parameter(typeof(ValueReader));
        Expression Read(Type type, int column)
        {
            if (ValueTypes.Find(type) is not { } known || !(known.Kind == _types[column].Kind || (known.IsCharacter && _types[column].IsCharacter) || (known.IsBinary && _types[column].IsBinary)))
                throw new EngineException("column_type", $"The column {schema.Fields[column].Name} of {view} is {_types[column].Name}, which {type.Name} cannot hold.");
            return Expression.Call(reader, nameof(ValueReader.Read), [type], Expression.Constant(column));
        }

        Expression made;
        if (ValueTypes.Find(typeof(T)) is not null)
        {
            made = Read(typeof(T), 0);
        }
        else
        {
            var constructor = typeof(T).GetConstructors().OrderByDescending(c => c.GetParameters().Length).First();
            var isTuple = typeof(T).FullName!.StartsWith("System.ValueTuple`", StringComparison.Ordinal);
            made = Expression.New(constructor, constructor.GetParameters().Select((p, i) =>
            {
                var column = isTuple ? i : Array.FindIndex([.. schema.Fields], f => f.Name.Equals(p.Name, StringComparison.OrdinalIgnoreCase));
                return column >= 0 && column < schema.Count ? Read(p.ParameterType, column) : throw new EngineException("column_unknown", $"{view} has no column {p.Name}, which {typeof(T).Name} takes; it has {string.Join(", ", schema.Fields.Select(f => f.Name))}.");
            }));
        }

        _make = Expression.Lambda<Func<ValueReader, T>>(made, reader).Compile();
    }

    /// <summary>The rows of a batch with their weights.</summary>
    public IEnumerable<(T Row, long Weight)> Read(Batch batch)
    {
        _reader.Begin(batch.Columns, _types);
        for (var i = 0; i < batch.Count; i++)
        {
            var row = batch.RowAt(i);
            _reader.MoveTo(row, _takesNull);
            yield return (_make(_reader), batch.WeightOf(row));
        }
    }
}
