using Freshet.Commands.Query;

namespace Freshet.Tests.Commands.Query;

public sealed class SqlCompletionTests
{
    private static readonly SqlCompletion Names = new(
        ["events", "orders", "orders_per_user"],
        ["UPPER", "SUM"],
        (table, _) => Task.FromResult<IReadOnlyList<string>>(table == "orders" ? ["user_id", "total"] : ["event"]));

    [Theory]
    [InlineData("SELECT * FROM |", "events,orders,orders_per_user")]
    [InlineData("select * from ord|", "orders,orders_per_user")]
    [InlineData("DESCRIBE e|", "events")]
    [InlineData(@"\d ev|", "events")]
    [InlineData(@"\wa|", @"\watch")]
    [InlineData("SELECT u| FROM orders", "user_id,union all,upper(,using")]
    [InlineData("SELECT o.to| FROM orders AS o", "total")]
    [InlineData("SELECT U| FROM events", "UNION ALL,UPPER(,USING")]
    [InlineData("SELECT * FROM orders |", "")]
    public async Task What_could_follow(string text, string candidates)
    {
        var cursor = text.IndexOf('|', StringComparison.Ordinal);
        var found = await Names.AtAsync(text.Remove(cursor, 1), cursor, TestContext.Current.CancellationToken);
        Assert.Equal(candidates, string.Join(',', found.Candidates));
    }
}
