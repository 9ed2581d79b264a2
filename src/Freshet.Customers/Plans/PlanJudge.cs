using System.Text.Json;
using Freshet.Columns;
using Freshet.Columns.Json;
using Freshet.Columns.Memory;
using Freshet.Kernels.Expressions;

namespace Freshet.Customers.Plans;

/// <summary>
/// Holds events against one plan: which properties are missing, have another type, or break a rule. Rules are the engine's own
/// expressions over the decoded properties of all events at once. Any thread, one at a time; cost: a parse and a decode for each event.
/// </summary>
internal sealed unsafe class PlanJudge : IDisposable
{
    private readonly EventPlan _plan;
    private readonly VectorExpression[] _rules;
    private readonly JsonPathDecoder _decoder;
    private readonly EvaluationContext _context = new();

    public PlanJudge(EventPlan plan)
    {
        _plan = plan;
        _rules = [.. plan.Rules.Select(r => r.Condition.Lower())];
        _decoder = new JsonPathDecoder([.. plan.Properties.Select(p => new JsonPathColumn(JsonPath.Of("properties", p.Name), p.Type.WithNullable(true)))], new JsonDecodeOptions(IsTrusted: true));
    }

    /// <summary>Adds to each event's reasons what breaks the plan; those of an event that keeps it stay empty.</summary>
    /// <param name="values">Records of the topic events.</param>
    public void Judge(IReadOnlyList<ReadOnlyMemory<byte>> values, IReadOnlyList<List<string>> reasons)
    {
        var memory = BatchMemory.Create();
        try
        {
            _decoder.Begin(values.Count, memory);
            for (var i = 0; i < values.Count; i++)
            {
                Shape(values[i], reasons[i]);
                var copy = memory.Allocate(values[i].Length);
                values[i].Span.CopyTo(new Span<byte>(copy, values[i].Length));
                _decoder.Add(copy, values[i].Length);
            }

            var columns = new Column[_plan.Properties.Length];
            _decoder.End(columns);
            // What has the wrong kind has been said already.
            foreach (var error in _decoder.Errors)
                if (reasons[error.Row].Count == 0 && error.Column >= 0) reasons[error.Row].Add($"{_plan.Properties[error.Column].Name} is not {_plan.Properties[error.Column].Type.WithNullable(true)}: {error.Value}");
            if (_rules.Length > 0) Rules(columns, values.Count, memory, reasons);
        }
        finally
        {
            memory.Release();
        }
    }

    private void Shape(ReadOnlyMemory<byte> value, List<string> reasons)
    {
        using var parsed = JsonDocument.Parse(value, new JsonDocumentOptions { MaxDepth = 1024 });
        var has = parsed.RootElement.TryGetProperty("properties", out var properties) && properties.ValueKind == JsonValueKind.Object;
        foreach (var property in _plan.Properties)
        {
            var there = default(JsonElement);
            var isThere = has && properties.TryGetProperty(property.Name, out there);
            if (!isThere && !property.Type.IsNullable) reasons.Add($"{property.Name} is missing");
            else if (isThere && PropertyShape.Problem(there, property.Type, property.Name) is { } problem) reasons.Add(problem);
        }
    }

    private void Rules(Column[] columns, int rows, BatchMemory memory, IReadOnlyList<List<string>> reasons)
    {
        var batch = new Batch(memory, columns, rows);
        for (var r = 0; r < _rules.Length; r++)
        {
            _context.Begin(batch, memory);
            var holds = _rules[r].Evaluate(_context);
            var failed = _context.Errors.GroupBy(e => e.Row).ToDictionary(g => g.Key, g => g.First().Reason);
            for (var row = 0; row < rows; row++)
            {
                if (failed.TryGetValue(row, out var why)) reasons[row].Add($"{_plan.Rules[r].Text} cannot be computed: {why}");
                else if (holds.IsValid(row) && holds.As<byte>()[holds.IndexOf(row)] == 0) reasons[row].Add($"{_plan.Rules[r].Text} does not hold");
            }
        }
    }

    public void Dispose() => _decoder.Dispose();
}
