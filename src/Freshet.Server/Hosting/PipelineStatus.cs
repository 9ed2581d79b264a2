using System.Diagnostics;
using System.Text.Json;
using Freshet.Engine;
using Freshet.Engine.Views;
using Freshet.Server.Api;

namespace Freshet.Server.Hosting;

/// <summary>The engine in /api/status and /metrics: the step, the tables it reads, the views it keeps, its operators.</summary>
internal sealed class PipelineStatus(Pipeline pipeline) : IStatusSection
{
    public string Name => "engine";

    public void WriteStatus(Utf8JsonWriter json)
    {
        json.WriteNumber("step", pipeline.Step);
        json.WriteStartArray("sources");
        foreach (var source in pipeline.Sources)
        {
            json.WriteStartObject();
            json.WriteString("name", source.Name);
            json.WriteNumber("position", source.Position);
            json.WriteNumber("rows", source.Rows);
            json.WriteNumber("errors", source.Errors);
            if (source.WatermarkMicros is { } micros) json.WriteString("watermark", DateTimeOffset.UnixEpoch.AddMicroseconds(Math.Min(micros, 253_402_300_799_000_000)));
            if (source.LastError is { } lastError) json.WriteString("lastError", lastError);
            if (source.Problem is { } problem) json.WriteString("problem", problem);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("views");
        var views = pipeline.Views;
        foreach (var view in views)
        {
            json.WriteStartObject();
            json.WriteString("name", view.Name);
            json.WriteNumber("rows", view.Table.Rows);
            json.WriteNumber("bytes", view.Table.Bytes);
            if (view.Rows == ServedRows.Result)
            {
                if (RowsOf(views, view.Name, ServedRows.Late) is { } late) json.WriteNumber("lateRows", late);
                if (RowsOf(views, view.Name, ServedRows.Errors) is { } errors) json.WriteNumber("rowErrors", errors);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("operators");
        foreach (var (name, figures) in pipeline.Operators)
        {
            if (figures.RowsIn == 0 && figures.StateRows == 0) continue;
            json.WriteStartObject();
            json.WriteString("name", name);
            json.WriteNumber("rowsIn", figures.RowsIn);
            json.WriteNumber("rowsOut", figures.RowsOut);
            json.WriteNumber("busyMs", Math.Round(figures.BusyTicks * 1000.0 / Stopwatch.Frequency, 3));
            json.WriteNumber("stateRows", figures.StateRows);
            json.WriteNumber("stateBytes", figures.StateBytes);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    public void WriteMetrics(MetricsText metrics)
    {
        metrics.Counter("freshet_steps_total", "Steps published.", pipeline.Step);
        metrics.Counter("freshet_source_rows_total", "Rows taken from all tables.", pipeline.Sources.Sum(s => s.Rows));
        metrics.Counter("freshet_source_errors_total", "Rows that could not be decoded.", pipeline.Sources.Sum(s => s.Errors));
        metrics.Gauge("freshet_view_rows", "Rows of all served views.", pipeline.Views.Sum(v => v.Table.Rows));
        metrics.Gauge("freshet_view_bytes", "Bytes of all served views.", pipeline.ViewBytes);
        PerView(metrics, ServedRows.Late, (name, help, value, label) => metrics.Counter(name, help, value, label), "freshet_late_rows_total", "Rows that came after the watermark had closed what they belong to.");
        PerView(metrics, ServedRows.Errors, (name, help, value, label) => metrics.Gauge(name, help, value, label), "freshet_row_errors", "Rows on which an expression fails; a row that is taken back takes its error back.");
        metrics.Gauge("freshet_state_bytes", "Bytes of state of all operators.", pipeline.Operators.Sum(o => o.Figures.StateBytes));
    }

    /// <summary>One sample for each view that can have such rows.</summary>
    private void PerView(MetricsText metrics, ServedRows kind, Action<string, string, double, string> first, string name, string help)
    {
        var views = pipeline.Views;
        var isFirst = true;
        foreach (var of in views.Where(v => v.Rows == kind).Select(v => v.Of).Distinct())
        {
            var label = MetricsText.Label("view", of);
            double value = RowsOf(views, of, kind)!.Value;
            if (isFirst) first(name, help, value, label);
            else metrics.Sample(name, value, label);
            isFirst = false;
        }
    }

    /// <summary>Late rows or errors of a view, over all its tables of them; null where it can have none.</summary>
    private static long? RowsOf(IReadOnlyList<ServedView> views, string of, ServedRows kind)
    {
        var tables = views.Where(v => v.Rows == kind && v.Of == of).ToList();
        return tables.Count == 0 ? null : tables.Sum(v => v.Table.Rows);
    }
}
