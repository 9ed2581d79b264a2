using System.Buffers;
using System.Text;
using System.Text.Json;
using Freshet.Columns;
using Freshet.Columns.Types;
using Freshet.Customers;
using Freshet.Customers.Segments;
using Freshet.Engine;
using Freshet.Server.Api;
using Freshet.Server.Http;
using Freshet.Server.Profiles;
using Freshet.Sql.Binding;
using Freshet.Syntax;
using Freshet.Syntax.Parsing;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Server.Segments;

/// <summary>
/// Why a profile is in a segment or is not, for the two ways in which it is asked: EXPLAIN MEMBERSHIP to POST /api/sql, and
/// GET /api/profiles/{type}:{value}/segments/{segment}/why. Both speak of one step.
/// </summary>
/// <param name="timeMax">How long it may take.</param>
internal sealed class MembershipAnswers(IViewReader views, ProfileReader profiles, CustomerLayer customers, ScriptBinder project, TimeSpan timeMax, long bytesMax)
{
    private readonly Lazy<MembershipExplainer> _explainer = new(() => new MembershipExplainer(project, customers, Text, bytesMax));

    /// <summary>The explanation, or why there is none.</summary>
    public async Task<(Membership? Membership, Refusal? Refusal)> ExplainAsync(string type, string value, string segment, CancellationToken cancellation)
    {
        var explainer = _explainer.Value;
        if (explainer.Segment(segment) is not { } found) return (null, Unknown(segment));
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timeout.CancelAfter(timeMax);
        try
        {
            using var snapshot = await views.ReadAsync(timeout.Token);
            using var reading = new ProfileReading(profiles, snapshot);
            if (reading.Find(type, value) is not { } profile) return (null, ProfileRoutes.NoSuchProfile(profiles, type, value, snapshot.Step));
            var numbers = reading.Numbers(profile);
            return (await Task.Run(() => explainer.Explain(snapshot.Session, found, profile, numbers, timeout.Token), timeout.Token), null);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return (null, new Refusal(503, "query_time", $"The explanation took longer than {timeMax.TotalSeconds:0.#} s (limits.queryTime).") { RetryAfterSeconds = 1 });
        }
        catch (EngineException e)
        {
            return (null, new Refusal(400, e.Code, e.Message));
        }
    }

    /// <summary>The statement, where a text is one; its mistakes are told by who reads all others.</summary>
    public static ExplainMembership? Asked(string sql)
    {
        if (!sql.Contains("MEMBERSHIP", StringComparison.OrdinalIgnoreCase)) return null;
        try
        {
            return SqlParser.ParseOne(new SourceText("query", sql)) as ExplainMembership;
        }
        catch (SqlException)
        {
            return null;
        }
    }

    public async Task<(Membership? Membership, Refusal? Refusal)> ExplainAsync(ExplainMembership asked, CancellationToken cancellation)
    {
        var colon = asked.Profile.IndexOf(':', StringComparison.Ordinal);
        return colon <= 0 || colon == asked.Profile.Length - 1
            ? (null, ProfileRoutes.InvalidIdentifier())
            : await ExplainAsync(asked.Profile[..colon], asked.Profile[(colon + 1)..], asked.Segment.Last, cancellation);
    }

    private Refusal Unknown(string segment)
    {
        var names = _explainer.Value.Segments.ToList();
        return new Refusal(404, "unknown_segment", $"There is no segment \"{(segment.Length <= 100 ? segment : segment[..100])}\"; {(names.Count == 0 ? "the project has none." : Configuration.NearestName.Hint(segment, names))}");
    }

    /// <summary>A value as JSON.</summary>
    public static string Text(SqlType type, in Column column, int row)
    {
        var buffer = new ArrayBufferWriter<byte>(64);
        using (var json = new Utf8JsonWriter(buffer)) RowJson.WriteValue(json, type, column, row);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
