using System.Reflection;
using System.Runtime.CompilerServices;
using Freshet.Columns.Types;
using Freshet.Plan.Catalog;

namespace Freshet.Engine.Functions;

/// <summary>A class of functions as the planner sees it: its methods, bound for the number of arguments that a call has.</summary>
internal sealed class LoadedFunction : ProgramFunction
{
    private readonly Type _type;
    private readonly Func<UserFunction> _create;
    private readonly Type _form;
    private readonly Dictionary<int, IReadOnlyList<ProgramSignature>> _signatures = [];

    private LoadedFunction(string name, Type type, Type form, ProgramFunctionKind kind, Func<UserFunction> create)
        : base(name, kind)
    {
        _type = type;
        _form = form;
        _create = create;
    }

    public override string Origin => _type.FullName!;

    /// <summary>A function of a class.</summary>
    /// <exception cref="EngineException">The class is no function, or has no method that can be called.</exception>
    public static LoadedFunction Of(string name, Type type, Func<UserFunction> create)
    {
        for (var form = type; form is not null; form = form.BaseType)
        {
            if (form == typeof(ScalarFunction)) return new LoadedFunction(name, type, form, ProgramFunctionKind.Scalar, create).Checked("Eval");
            if (!form.IsGenericType) continue;
            if (form.GetGenericTypeDefinition() == typeof(TableFunction<>)) return new LoadedFunction(name, type, form, ProgramFunctionKind.Table, create).Checked("Eval");
            if (form.GetGenericTypeDefinition() == typeof(AggregateFunction<,>)) return new LoadedFunction(name, type, form, ProgramFunctionKind.Aggregate, create).Checked("Accumulate");
        }

        throw new EngineException("function_unknown", $"{type.FullName} is no function: it must derive from ScalarFunction, TableFunction or AggregateFunction of Freshet.Engine.Functions.");
    }

    public override ProgramFunction Named(string name) => new LoadedFunction(name, _type, _form, Kind, _create);

    public override IReadOnlyList<ProgramSignature> Signatures(int arguments)
    {
        if (!_signatures.TryGetValue(arguments, out var known)) _signatures.Add(arguments, known = [.. Find(arguments)]);
        return known;
    }

    private LoadedFunction Checked(string method)
    {
        // The longest parameter list that is looked for here only says whether there is a method at all.
        return Enumerable.Range(0, 16).Any(n => Signatures(n).Count > 0)
            ? this
            : throw new EngineException("function_unusable", $"{_type.FullName} has no public method {method} whose parameters and result are types of UserFunction.");
    }

    private IEnumerable<ProgramSignature> Find(int arguments) => Kind switch
    {
        ProgramFunctionKind.Scalar => FunctionMethod.Find(_type, "Eval", arguments).Where(m => ValueTypes.Find(m.ReturnType) is not null)
            .Select(m => Call<ProgramSignature>(nameof(Scalar), [m.ReturnType], m)),
        ProgramFunctionKind.Table => FunctionMethod.Find(_type, "Eval", arguments).Where(m => m.ReturnType.IsAssignableTo(typeof(IEnumerable<>).MakeGenericType(_form.GenericTypeArguments)))
            .Select(m => Call<ProgramSignature>(nameof(Table), _form.GenericTypeArguments, m)),
        _ => FunctionMethod.Find(_type, "Accumulate", arguments, _form.GenericTypeArguments[1]).Select(OfAggregate),
    };

    private ProgramSignature OfAggregate(FunctionMethod accumulate)
    {
        var (result, accumulator) = (_form.GenericTypeArguments[0], _form.GenericTypeArguments[1]);
        if (ValueTypes.Find(result) is null) throw new EngineException("function_unusable", $"{_type.FullName} gives {result.Name}, which has no SQL type.");
        var holdsReferences = (bool)typeof(RuntimeHelpers).GetMethod(nameof(RuntimeHelpers.IsReferenceOrContainsReferences))!.MakeGenericMethod(accumulator).Invoke(null, null)!;
        return Call<ProgramSignature>(holdsReferences ? nameof(KeptRows) : nameof(State), [result, accumulator], accumulate);
    }

    private T Call<T>(string method, Type[] types, FunctionMethod argument) =>
        (T)GetType().GetMethod(method, BindingFlags.NonPublic | BindingFlags.Instance)!.MakeGenericMethod(types).Invoke(this, [argument])!;

    private ProgramSignature Scalar<TResult>(FunctionMethod method) =>
        new(method.Types, ValueTypes.Find(typeof(TResult))!) { Kernel = new ScalarBody<TResult>(Name, method, Create).Evaluate };

    private ProgramSignature Table<TRow>(FunctionMethod method)
    {
        var shape = RowShape.Of(typeof(TRow));
        var element = shape.IsValue ? shape.Fields[0].Type : SqlType.Row(shape.Fields);
        return new ProgramSignature(method.Types, SqlType.Array(element)) { Kernel = new TableBody<TRow>(Name, method, shape, Create).Evaluate };
    }

    private ProgramSignature KeptRows<TResult, TAccumulator>(FunctionMethod accumulate) =>
        new(accumulate.Types, ValueTypes.Find(typeof(TResult))!) { Aggregate = new KeptRowsAggregate<TResult, TAccumulator>(Name, accumulate, Create), TakesBack = true, IsOrdered = true };

    private ProgramSignature State<TResult, TAccumulator>(FunctionMethod accumulate)
        where TAccumulator : unmanaged
    {
        var retract = FunctionMethod.Find(_type, "Retract", accumulate.Types.Length, typeof(TAccumulator)).FirstOrDefault(m => m.Types.SequenceEqual(accumulate.Types));
        var merge = _type.GetMethod("Merge", [typeof(TAccumulator).MakeByRefType(), typeof(TAccumulator)]);
        return new ProgramSignature(accumulate.Types, ValueTypes.Find(typeof(TResult))!)
        {
            Aggregate = new StateAggregate<TResult, TAccumulator>(Name, accumulate, retract, merge, Create),
            TakesBack = retract is not null,
        };
    }

    private object Create()
    {
        var function = _create();
        function.Open();
        return function;
    }
}
