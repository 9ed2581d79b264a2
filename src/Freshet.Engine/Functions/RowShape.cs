using System.Collections.Immutable;
using System.Linq.Expressions;
using System.Reflection;
using Freshet.Columns.Types;

namespace Freshet.Engine.Functions;

/// <summary>
/// The columns of a .NET type that stands for a row: one for a value, else its public properties in order of declaration (the fields
/// of a tuple, named f0, f1 ...).
/// </summary>
internal sealed class RowShape
{
    private readonly Type _type;
    private readonly MemberInfo[] _members;

    private RowShape(Type type, MemberInfo[] members, ImmutableArray<RowField> fields)
    {
        _type = type;
        _members = members;
        Fields = fields;
    }

    /// <summary>Whether a row is one value.</summary>
    public bool IsValue => _members.Length == 0;

    public ImmutableArray<RowField> Fields { get; }

    /// <summary>The shape of a type.</summary>
    /// <exception cref="EngineException">A column's type has no SQL type.</exception>
    public static RowShape Of(Type type)
    {
        if (ValueTypes.Find(type) is { } value) return new RowShape(type, [], [new RowField("f0", value)]);
        var isTuple = type.FullName?.StartsWith("System.ValueTuple`", StringComparison.Ordinal) == true;
        MemberInfo[] members = isTuple ? type.GetFields() : [.. type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.GetIndexParameters().Length == 0 && p.CanRead)];
        var fields = members.Select((m, i) => new RowField(isTuple ? $"f{i}" : m.Name, ValueTypes.Find(TypeOf(m))
            ?? throw new EngineException("row_type_unknown", $"The column {m.Name} of {type.Name} is {TypeOf(m).Name}, which has no SQL type: see UserFunction for those that have."))).ToImmutableArray();
        return fields.IsEmpty ? throw new EngineException("row_type_unknown", $"{type.Name} has no public properties: they are the columns of a row.") : new RowShape(type, members, fields);
    }

    /// <summary>
    /// A delegate that calls <paramref name="visit"/> (generic in the value's type, with the column's number and the value) for each
    /// column of a row.
    /// </summary>
    public Action<TVisitor, TRow> Visitor<TVisitor, TRow>(string visit)
    {
        var visitor = Expression.Parameter(typeof(TVisitor));
        var row = Expression.Parameter(_type);
        var calls = IsValue
            ? [Expression.Call(visitor, visit, [_type], Expression.Constant(0), row)]
            : _members.Select((m, i) => (Expression)Expression.Call(visitor, visit, [TypeOf(m)], Expression.Constant(i), Expression.MakeMemberAccess(row, m)));
        return Expression.Lambda<Action<TVisitor, TRow>>(Expression.Block(calls), visitor, row).Compile();
    }

    private static Type TypeOf(MemberInfo member) => member is PropertyInfo property ? property.PropertyType : ((FieldInfo)member).FieldType;
}
