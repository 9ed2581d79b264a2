using System.Globalization;
using System.Text;
using Freshet.Server.Ingest;

namespace Freshet.Server.Api;

/// <summary>Builds Prometheus' text format, version 0.0.4: one HELP and TYPE for each name, counters end with _total.</summary>
internal sealed class MetricsText
{
    private readonly StringBuilder _text = new(4096);

    public void Counter(string name, string help, double value, string labels = "") => One(name, "counter", help, value, labels);

    public void Gauge(string name, string help, double value, string labels = "") => One(name, "gauge", help, value, labels);

    /// <summary>More samples of the name written last, with other labels.</summary>
    public void Sample(string name, double value, string labels) =>
        _text.Append(name).Append('{').Append(labels).Append("} ").Append(value.ToString("R", CultureInfo.InvariantCulture)).Append('\n');

    public void Summary(string name, string help, LatencyHistogram histogram)
    {
        Head(name, "summary", help);
        foreach (var share in (ReadOnlySpan<double>)[0.5, 0.99, 0.999])
            Sample(name, histogram.PercentileMs(share) / 1000, string.Create(CultureInfo.InvariantCulture, $"quantile=\"{share}\""));
        _text.Append(CultureInfo.InvariantCulture, $"{name}_sum {histogram.SumSeconds}\n{name}_count {histogram.Count}\n");
    }

    public static string Label(string name, string value) =>
        $"{name}=\"{value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)}\"";

    public override string ToString() => _text.ToString();

    private void One(string name, string type, string help, double value, string labels)
    {
        Head(name, type, help);
        _text.Append(name);
        if (labels.Length > 0) _text.Append('{').Append(labels).Append('}');
        _text.Append(' ').Append(value.ToString("R", CultureInfo.InvariantCulture)).Append('\n');
    }

    private void Head(string name, string type, string help) =>
        _text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} {type}\n");
}
