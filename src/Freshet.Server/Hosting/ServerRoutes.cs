using System.Security.Cryptography;
using Freshet.Customers;
using Freshet.Server.Api;
using Freshet.Server.Configuration;
using Freshet.Server.Http;
using Freshet.Server.Ingest;
using Freshet.Server.LiveEvents;
using Freshet.Server.Pipelines;
using Freshet.Server.Plans;
using Freshet.Server.Privacy;
using Freshet.Server.Profiles;
using Freshet.Server.ProjectTests;
using Freshet.Server.Segments;
using Freshet.Server.Sessions;
using Freshet.Server.Subscriptions;
using Freshet.Server.Visitors;
using Freshet.Server.WebConsole;
using Freshet.Sql.Binding;

namespace Freshet.Server.Hosting;

/// <summary>All routes of a server, from the parts that serve them.</summary>
internal static class ServerRoutes
{
    /// <param name="views">The reading side; null while there is none, then only ingest, status and health are served.</param>
    /// <param name="notReady">Why the server is not ready, or null when it is.</param>
    public static Router Build(ProjectSettings settings, IngestService ingest, IViewReader? views, IEnumerable<IStatusSection> sections, Func<string?> notReady, SubscriptionHub? hub = null, CustomerLayer? customers = null, HistorySampler? history = null, ScriptBinder? project = null, RecentLines? lines = null, byte[]? visitorKey = null, TimeProvider? clock = null, TestRun? tests = null)
    {
        var logins = settings.NeedsLogin ? new SessionStore(clock ?? TimeProvider.System) : null;
        var access = new AccessRules(settings, logins);
        var profiles = ProfileReader.Of(views, customers, ingest.Log);
        var tokens = new VisitorTokens(visitorKey ?? RandomNumberGenerator.GetBytes(KeyFile.Bytes), TimeProvider.System);
        if (profiles is not null) ingest.Newcomers = new Newcomers(profiles, settings.StateBytesMax);
        var endpoint = new IngestEndpoint(ingest, access, views is null ? null : new ReturnViews(views, profiles), tokens);
        var profileAccess = new ProfileAccess(access, endpoint);
        var routes = new List<Route>();
        routes.AddRange(endpoint.Routes());
        routes.AddRange(new PixelEndpoint(ingest, endpoint).Routes());
        routes.AddRange(new SettingsEndpoint(ingest, endpoint).Routes());
        routes.AddRange(new RejectedReplay(ingest, ingest.Gate, access).Routes());
        IEnumerable<IStatusSection> plan = ingest.Gate is { } gate ? [new PlanStatus(gate)] : [];
        routes.AddRange(new StatusRoutes([new IngestStatus(ingest), .. plan, .. sections], access, notReady).Routes());
        routes.AddRange(new ConsoleRoutes(access, history).Routes());
        if (tests is not null) routes.AddRange(new TestRoutes(tests, access).Routes());
        routes.AddRange(new SessionRoutes(access, logins, settings.BehindProxy).Routes());
        routes.AddRange(new SystemRoutes(settings, lines, access).Routes());
        routes.AddRange(new VolumeRoute(ingest, access).Routes());
        routes.AddRange(new EventRoutes(ingest, access, hub?.Stopping).Routes());
        if (hub is not null) routes.AddRange(new PipelineRoutes(hub.Pipeline, KindsOf(customers), access).Routes());
        if (views is not null)
        {
            var subscriptions = hub is null ? null : new SubscribeRoutes(hub);
            routes.AddRange(new ViewRoutes(views, access, subscriptions).Routes());
            var memberships = profiles is null || project is null ? null : new MembershipAnswers(views, profiles, customers!, project, settings.QueryTimeMax, settings.QueryBytesMax);
            routes.AddRange(new SqlRoute(views, access, settings.QueryTimeMax, subscriptions, memberships).Routes());
            routes.AddRange(new ProfileRoutes(profiles, memberships, ingest, profileAccess, access).Routes());
            routes.AddRange(new PreviewRoute(views, profiles, customers, project, access, settings.QueryTimeMax, settings.QueryBytesMax, settings.StateBytesMax).Routes());
            routes.AddRange(new VisitorRoutes(profiles, tokens, profileAccess, access, settings.ProfilesExposed, hub is null || profiles is null ? null : new StepPulse(hub.Pipeline), hub?.Stopping ?? Task.CompletedTask).Routes());
            routes.AddRange(new ErasureRoutes(ingest.Erasures, profileAccess, access).Routes());
            var eventHistory = new EventHistory(views, ingest.Log, settings.QueryTimeMax);
            routes.AddRange(new SegmentProfileRoutes(profiles, profiles is null ? null : new SegmentAccounts(views, eventHistory), eventHistory, ingest.Erasures, profileAccess).Routes());
        }

        return new Router(routes);
    }

    /// <summary>What the customer layer's views are, by name: trait, segment.</summary>
    private static Dictionary<string, string> KindsOf(CustomerLayer? customers) =>
        (customers?.Declared ?? []).Where(o => o is { Table: not null, Kind: "TRAIT" or "SEGMENT" }).ToDictionary(o => o.Table!, o => o.Kind.ToLowerInvariant());
}
