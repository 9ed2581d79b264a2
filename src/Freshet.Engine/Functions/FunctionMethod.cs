using System.Collections.Immutable;
using System.Linq.Expressions;
using System.Reflection;
using Freshet.Columns.Types;

namespace Freshet.Engine.Functions;

/// <summary>
/// A method of a function, bound for so many arguments: their types, and the delegate that reads them from columns and calls it. The
/// delegate is made once for each object; a call boxes nothing.
/// </summary>
internal sealed class FunctionMethod
{
    private readonly MethodInfo _method;
    private readonly ParameterInfo[] _parameters;
    private readonly Type? _variadic;

    private FunctionMethod(MethodInfo method, ParameterInfo[] parameters, Type? variadic, int arguments)
    {
        _method = method;
        _parameters = parameters;
        _variadic = variadic;
        var own = variadic is null ? parameters : parameters[..^1];
        var repeated = arguments - own.Length;
        Types = [.. own.Select(p => ValueTypes.FindParameter(p.ParameterType)!), .. Enumerable.Repeat(variadic is null ? null! : ValueTypes.FindParameter(variadic)!, repeated)];
        TakesNull = [.. own.Select(ValueTypes.TakesNull), .. Enumerable.Repeat(variadic is not null && (!variadic.IsValueType || Nullable.GetUnderlyingType(variadic) is not null), repeated)];
    }

    /// <summary>The arguments' types.</summary>
    public ImmutableArray<SqlType> Types { get; }

    /// <summary>Whether an argument can be NULL.</summary>
    public bool[] TakesNull { get; }

    public Type ReturnType => _method.ReturnType;

    /// <summary>The public methods of a name that can be called with so many arguments, besides those that come first.</summary>
    /// <param name="before">Types of the parameters that are no arguments.</param>
    public static IEnumerable<FunctionMethod> Find(Type function, string name, int arguments, params Type[] before)
    {
        foreach (var method in function.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.FlattenHierarchy).Where(m => m.Name == name))
        {
            var all = method.GetParameters();
            if (all.Length < before.Length || !before.Zip(all).All(p => p.First == p.Second.ParameterType || p.First.MakeByRefType() == p.Second.ParameterType)) continue;
            var parameters = all[before.Length..];
            var variadic = parameters.Length > 0 && parameters[^1].IsDefined(typeof(ParamArrayAttribute)) ? parameters[^1].ParameterType.GetElementType() : null;
            if (variadic is null ? parameters.Length != arguments : parameters.Length - 1 > arguments) continue;
            if (parameters.Any(p => p.ParameterType != variadic?.MakeArrayType() && ValueTypes.FindParameter(p.ParameterType) is null) || (variadic is not null && ValueTypes.FindParameter(variadic) is null)) continue;
            yield return new FunctionMethod(method, parameters, variadic, arguments);
        }
    }

    /// <summary>The call as a delegate over the row that the reader stands on.</summary>
    /// <typeparam name="TDelegate">Its parameters: those that come before the arguments, then the <see cref="ValueReader"/>.</typeparam>
    public TDelegate Bind<TDelegate>(object function)
        where TDelegate : Delegate
    {
        var reader = Expression.Parameter(typeof(ValueReader));
        var before = typeof(TDelegate).GetMethod("Invoke")!.GetParameters()[..^1].Select(p => Expression.Parameter(p.ParameterType)).ToArray();
        Expression Argument(Type type, int index) => Expression.Call(reader, nameof(ValueReader.Read), [type], Expression.Constant(index));
        var own = _variadic is null ? _parameters.Length : _parameters.Length - 1;
        var arguments = Enumerable.Range(0, own).Select(i => Argument(_parameters[i].ParameterType, i)).ToList();
        if (_variadic is not null) arguments.Add(Expression.NewArrayInit(_variadic, Enumerable.Range(own, Types.Length - own).Select(i => Argument(_variadic, i))));
        var call = Expression.Call(_method.IsStatic ? null : Expression.Constant(function), _method, [.. before, .. arguments]);
        return Expression.Lambda<TDelegate>(call, [.. before, reader]).Compile();
    }
}
