using System.Collections.Immutable;
using Freshet.Customers.Identity;
using Freshet.Customers.Privacy;
using Freshet.Sql.Binding;
using Freshet.Syntax.Parsing;
using Freshet.Syntax.Text;
using Freshet.Syntax.Tree;

namespace Freshet.Customers.Segments;

/// <summary>What a project says a name is, by its text.</summary>
/// <param name="Kind">trait, segment or view.</param>
/// <param name="Columns">New names of the query's columns; empty where it names them itself.</param>
internal sealed record NamedQuery(string Kind, string Name, ImmutableArray<string> Columns, Query Query, string Sql)
{
    /// <summary>A trait with the consent that it requires among its conditions.</summary>
    public static NamedQuery Of(CreateTrait trait, SourceText source)
    {
        var sql = Consent.Spelled($"CREATE TRAIT `{trait.Name.Last}`", source.Slice(trait.Span), trait.Options, trait.Query, "profile_id, `value`", source);
        return new NamedQuery("trait", trait.Name.Last, ["profile_id", "value"], ((CreateTrait)SqlParser.ParseOne(new SourceText(trait.Name.Last, sql))).Query, sql);
    }

    /// <summary>A segment, likewise.</summary>
    public static NamedQuery Of(CreateSegment segment, SourceText source)
    {
        var sql = Consent.Spelled($"CREATE SEGMENT `{segment.Name.Last}`", source.Slice(segment.Span), segment.Options, segment.Query, "profile_id", source);
        return new NamedQuery("segment", segment.Name.Last, ["profile_id"], ((CreateSegment)SqlParser.ParseOne(new SourceText(segment.Name.Last, sql))).Query, sql);
    }

    /// <summary>The same as a view with the clock at a moment.</summary>
    public (CreateView View, SourceText Source) At(long micros)
    {
        var source = new SourceText(Name, ClockText.At(Sql, micros));
        var query = SqlParser.ParseOne(source) switch { CreateTrait t => t.Query, CreateSegment s => s.Query, CreateView v => v.Query, _ => Query };
        return (new CreateView(new Name([Name], default), false, false, false, Columns, query, new TextSpan(0, source.Text.Length)), source);
    }
}

/// <summary>The traits, segments and views that a project has written, by name.</summary>
internal sealed class NamedQueries
{
    private readonly Dictionary<string, NamedQuery> _named = [];

    public NamedQueries(ScriptBinder project)
    {
        foreach (var declared in project.Layer?.Declared ?? [])
        {
            if (declared.Kind is not ("TRAIT" or "SEGMENT")) continue;
            var source = new SourceText(declared.Name, declared.Sql);
            switch (SqlParser.ParseOne(source))
            {
                case CreateTrait trait: _named[declared.Name] = NamedQuery.Of(trait, source); break;
                case CreateSegment segment: _named[declared.Name] = NamedQuery.Of(segment, source); break;
            }
        }

        foreach (var name in project.Views.Concat(project.MaterializedViews.Select(v => v.Name)))
        {
            // What the layer keeps for itself is read as tables are.
            if (_named.ContainsKey(name) || project.View(name) is not var (view, text) || text.Name is "identity" or "traits" or "profiles" or "segments" or "consent") continue;
            _named[name] = new NamedQuery("view", name, view.Columns, view.Query, text.Slice(view.Span));
        }
    }

    public IEnumerable<NamedQuery> All => _named.Values;

    public NamedQuery? Find(string name) => _named.GetValueOrDefault(name);

    /// <summary>Those whose rows depend on the clock, by themselves or through others.</summary>
    public IReadOnlySet<string> Timed
    {
        get
        {
            if (field is not null) return field;
            var timed = _named.Values.Where(n => ClockText.IsIn(n.Sql)).Select(n => n.Name).ToHashSet();
            for (var before = -1; before != timed.Count;)
            {
                before = timed.Count;
                foreach (var query in _named.Values)
                    if (!timed.Contains(query.Name) && ClockText.Names(query.Sql).Any(timed.Contains)) timed.Add(query.Name);
            }

            return field = timed;
        }
    }

    /// <summary>Whether a name stands for events, or is worked out from events when it is read at another moment.</summary>
    public bool IsOfEvents(string name, IReadOnlySet<string> eventTables) => name is "events" or "trait_history" || eventTables.Contains(name) || Timed.Contains(name) || (Find(name) is { Kind: "view" } view && ClockText.Names(view.Sql).Any(n => n == "events" || eventTables.Contains(n)));

    /// <summary>The name of the column that says whose a row is.</summary>
    public const string ProfileId = IdentityTables.ProfileId;
}
