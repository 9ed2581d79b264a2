using System.Collections.Immutable;
using Freshet.Columns;
using Freshet.Columns.Types;
using Freshet.Dataflow;
using Freshet.Engine.Planning;
using Freshet.Plan.Catalog;
using Freshet.Syntax.Text;

namespace Freshet.Customers.Identity;

/// <summary>
/// The identity of a project as an operator behind the source of <c>events</c>, and the tables that it gives. Events get the
/// number of their attributing identifier; whose it is stands in the relation, so that a merge changes the relation alone.
/// </summary>
internal sealed class IdentityFeed(TableDefinition events, IdentityRules rules) : TableFeed("identity", events, EventReads.Of(rules).Columns, rules.Text), IFeedOperator
{
    /// <summary>Outputs, in their order.</summary>
    public const int Relation = 1;
    public const int Identifiers = 2;
    public const int Merges = 3;
    public const int Drops = 4;
    public const int Causes = 5;
    public const int Erasures = 6;
    public const int Recent = 7;
    public const int Profiles = 8;

    public static Schema RelationSchema { get; } = Schema.Of(("identifier", SqlType.BigInt.NotNull), ("profile_id", SqlType.BigInt.NotNull));

    public static Schema IdentifiersSchema { get; } = Schema.Of(
        ("type", SqlType.String.NotNull), ("value", SqlType.String.NotNull), ("profile_id", SqlType.BigInt.NotNull),
        ("first_seen", SqlType.TimestampLtz(3)), ("last_seen", SqlType.TimestampLtz(3)), ("message_id", SqlType.String), ("source", SqlType.String));

    public static Schema ProfilesSchema { get; } = Schema.Of(
        ("profile_id", SqlType.BigInt.NotNull), ("identifiers", SqlType.BigInt.NotNull), ("first_seen", SqlType.TimestampLtz(3)), ("last_seen", SqlType.TimestampLtz(3)));

    public static Schema MergesSchema { get; } = Schema.Of(
        ("profile_id", SqlType.BigInt.NotNull), ("merged_profile_id", SqlType.BigInt.NotNull), ("message_id", SqlType.String),
        ("event_time", SqlType.TimestampLtz(3)), ("received_at", SqlType.TimestampLtz(3)), ("sequence", SqlType.BigInt.NotNull));

    public static Schema DropsSchema { get; } = Schema.Of(
        ("type", SqlType.String.NotNull), ("value", SqlType.String.NotNull), ("rule", SqlType.String.NotNull), ("message_id", SqlType.String),
        ("received_at", SqlType.TimestampLtz(3)), ("sequence", SqlType.BigInt.NotNull));

    public static Schema ErasuresSchema { get; } = Schema.Of(
        ("sequence", SqlType.BigInt.NotNull), ("message_id", SqlType.String), ("type", SqlType.String.NotNull), ("value", SqlType.String.NotNull), ("identifier", SqlType.BigInt.NotNull));

    public static Schema CausesSchema { get; } = Schema.Of(("profile_id", SqlType.BigInt.NotNull), ("cause", SqlType.String));

    /// <summary>The places of the latest events of an identifier, the latest first: 8 bytes each, the lowest first.</summary>
    public static Schema RecentSchema { get; } = Schema.Of(("type", SqlType.String.NotNull), ("value", SqlType.String.NotNull), ("identifier", SqlType.BigInt.NotNull), ("places", SqlType.Bytes.NotNull));

    public IdentityRules Rules { get; } = rules;

    public ImmutableArray<SqlType> OwnColumns => [SqlType.BigInt];

    public Operator Create(FeedInput input) => new IdentityOperator(new IdentitySpec(Rules, input.Types, input.Reads, input.Offset, input.Outputs.Contains(Recent)), input.Seed);

    /// <summary>Events with the number of their identifier as the last column.</summary>
    public TableDefinition Events => Source with
    {
        Name = "identity$events",
        Schema = new Schema([.. Source.Schema.Fields, new Field("identifier", SqlType.BigInt)]),
        Feed = new FeedOutput(this, 0),
    };

    /// <summary>A table of a further output.</summary>
    /// <param name="changes">How its rows change; without a word they are added alone.</param>
    public TableDefinition Table(string name, int output, Schema schema, ImmutableArray<int> key, string? changes)
    {
        var options = ImmutableDictionary<string, string>.Empty.Add(TableDefinition.ConnectorOption, "identity");
        if (changes is not null) options = options.Add(TableDefinition.ChangesOption, changes);
        return new TableDefinition(name, schema, [], -1, null, key, options, new SourceText(name, ""), default) { Feed = new FeedOutput(this, output) };
    }
}
