using System.Diagnostics;
using System.Text.Json;
using Freshet.Api;
using Freshet.Engine;

namespace Freshet.Hosting;

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
            if (source.Problem is { } problem) json.WriteString("problem", problem);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("views");
        for (var i = 0; i < pipeline.Views.Count; i++)
        {
            json.WriteStartObject();
            json.WriteString("name", pipeline.Views[i].Name);
            json.WriteNumber("rows", pipeline.Views[i].Table.Rows);
            json.WriteNumber("bytes", pipeline.Views[i].Table.Bytes);
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
        metrics.Gauge("freshet_state_bytes", "Bytes of state of all operators.", pipeline.Operators.Sum(o => o.Figures.StateBytes));
    }
}
