using System.Text.Json;
using Freshet.Columns.Types;
using Freshet.Customers;
using Freshet.Customers.Identity;
using Freshet.Customers.Profiles;
using Freshet.Server.Api;
using Freshet.Server.Ingest;
using Freshet.State.Views;

namespace Freshet.Server.Profiles;

/// <summary>A computed trait or a segment, where readers find it.</summary>
/// <param name="Type">Of the value; of the profile_id where it is a segment.</param>
internal sealed record ProfileValue(ViewInfo View, JsonEncodedText Json, SqlType Type)
{
    public string Name => View.Name;

    public ViewTable Table { get; } = View.Table!;
}

/// <summary>
/// Where profiles are read: kept views by key (<see cref="ProfileReads"/>), and the log for their latest events. Exists where the
/// project uses profiles at all. A reading is of one step: see <see cref="ProfileReading"/>.
/// </summary>
internal sealed class ProfileReader
{
    private readonly IViewReader _views;

    private ProfileReader(IViewReader views, CustomerLayer customers, IEventLog log)
    {
        _views = views;
        Rules = customers.Rules;
        Log = log;
        Traits = [.. ValuesOf(customers, "TRAIT", 1)];
        Segments = [.. ValuesOf(customers, "SEGMENT", 0)];
        Identifiers = Table(ProfileReads.Identifiers);
        Told = Table(ProfileReads.Traits);
        Links = Table(ProfileReads.Links);
        Recent = Table(ProfileReads.Recent);
        Merges = Table(ProfileReads.Merges);
        ByProfile = [.. Traits.Concat(Segments).Select(v => v.Table)];
        ListsByProfile = [Identifiers, Told];
    }

    /// <summary>The views that have one row at the most for each profile, by its id.</summary>
    public ViewTable[] ByProfile { get; }

    /// <summary>The views with any number of rows for each profile, by their lookup.</summary>
    public ViewTable[] ListsByProfile { get; }

    public IReadOnlyList<ProfileValue> Traits { get; }

    public IReadOnlyList<ProfileValue> Segments { get; }

    public IdentityRules Rules { get; }

    public IEventLog Log { get; }

    public ViewTable Identifiers { get; }

    public ViewTable Told { get; }

    public ViewTable Links { get; }

    public ViewTable Recent { get; }

    public ViewTable Merges { get; }

    /// <summary>A row for each profile.</summary>
    public ViewInfo Profiles => _views.Views.First(v => v.Name == ProfileReads.Profiles);

    /// <summary>What profiles can be asked for by.</summary>
    public IReadOnlyList<string> IdentifierTypes => [.. Rules.Types.Select(t => t.Name), "profile_id"];

    /// <summary>Null where the project has no profiles.</summary>
    public static ProfileReader? Of(IViewReader? views, CustomerLayer? customers, IEventLog log) =>
        views is null || customers is null || views.Views.All(v => v.Name != ProfileReads.Recent) ? null : new ProfileReader(views, customers, log);

    public ValueTask<IViewSnapshot> OpenAsync(CancellationToken cancellation) => _views.OpenAsync(cancellation);

    /// <summary>The views as of the last published step.</summary>
    public IViewSnapshot Pin() => _views.Pin();

    public ValueTask WhenVisibleAsync(long sequence, CancellationToken cancellation) => _views.WhenVisibleAsync(sequence, cancellation);

    private IEnumerable<ProfileValue> ValuesOf(CustomerLayer customers, string kind, int column) =>
        customers.Declared.Where(o => o.Kind == kind)
            .Select(o => _views.Views.FirstOrDefault(v => v.Name == o.Table)).OfType<ViewInfo>().OrderBy(v => v.Name, StringComparer.Ordinal)
            .Select(v => new ProfileValue(v, JsonEncodedText.Encode(v.Name), v.Schema[column]));

    /// <summary>A value as the identity compares it.</summary>
    public string Normalized(string type, string value) => ProfileReads.Normalized(Rules, type, value);

    private ViewTable Table(string view) => _views.Views.First(v => v.Name == view).Table!;
}
