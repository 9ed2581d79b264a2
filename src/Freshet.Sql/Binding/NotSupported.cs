using Freshet.Syntax.Tree;

namespace Freshet.Sql.Binding;

/// <summary>The sentence with which a form that is read but cannot be planned is refused.</summary>
internal static class NotSupported
{
    public static string Sentence(object form) => form switch
    {
        OverCall => "A call with OVER stands in SELECT, ORDER BY and QUALIFY only: compute it in a query of its own.",
        OrderedCall { Nulls: not null } => "IGNORE NULLS and RESPECT NULLS are not supported yet.",
        OrderedCall => "An order of the rows of an aggregate function is not supported yet.",
        Quantified quantified => $"{quantified.Quantifier} with a query or list is not supported yet: write IN, or a join.",
        CollectionQuery query => $"{query.Kind}(SELECT ...) is not supported yet.",
        IntervalOf => "An interval takes a text: write INTERVAL '5' DAY.",
        NamedValue => "Arguments by name are only supported in table functions.",
        FieldsOf => "row.* stands in SELECT alone.",
        SystemTimeTable => "FOR SYSTEM_TIME AS OF joins are not supported yet.",
        MatchTable => "MATCH_RECOGNIZE is not supported yet.",
        PartitionedTable => "PARTITION BY and ORDER BY in a table function are not supported yet.",
        Update => "UPDATE is not supported: a table is changed by what its source writes.",
        Delete => "DELETE is not supported: a table is changed by what its source writes.",
        Subscribe => "SUBSCRIBE is not supported yet.",
        OtherStatement other => $"{other.What} is not supported.",
        _ => "This form is not supported.",
    };
}
