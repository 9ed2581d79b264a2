using Freshet.Plan;
using Freshet.Sql.Binding;
using Freshet.Syntax;
using Freshet.Syntax.Text;

namespace Freshet.Sql.Tests.Binding;

public sealed class ReadBinderTests
{
    private static readonly ScriptBinder Project = Planned.Script(
        """
        CREATE VIEW big AS SELECT customer, amount FROM orders WHERE amount > 100;
        CREATE MATERIALIZED VIEW totals AS SELECT customer, SUM(amount) AS total FROM big GROUP BY customer;
        CREATE VIEW best AS SELECT * FROM totals WHERE total > 1000;
        """);

    private static ReadStatement Read(string sql) => new ReadBinder(Project).Bind(new SourceText("query", sql));

    private static string Lines(string sql) => string.Join('\n', Read(sql).Lines.Select(l => string.Join('|', l)));

    [Fact]
    public void A_kept_view_is_read_as_it_is_served()
    {
        var scan = Assert.Single(QueryTests.Nodes<Scan>(Read("SELECT * FROM best ORDER BY total DESC LIMIT 3").Plan!));
        Assert.Equal(ReadBinder.ViewConnector, scan.Table.Connector);
        Assert.Equal("totals", scan.Table.Name);
    }

    [Fact]
    public void A_table_and_a_view_of_text_are_read_from_the_table() =>
        Assert.Equal("orders", Assert.Single(QueryTests.Nodes<Scan>(Read("SELECT COUNT(*) FROM big").Plan!)).Table.Name);

    [Theory]
    [InlineData("SHOW TABLES", "best\nbig\ncustomers\nevents\norders\nout1\ntotals")]
    [InlineData("SHOW MATERIALIZED VIEWS", "totals")]
    [InlineData("SHOW VIEWS", "best\nbig\ntotals")]
    [InlineData("SHOW CATALOGS", "default_catalog")]
    [InlineData("DESCRIBE totals", "customer|STRING|TRUE|PRI(customer)||\ntotal|DECIMAL(38, 2)|TRUE|||")]
    [InlineData("DESCRIBE customers", "name|STRING|FALSE|PRI(name)||\ncountry|STRING|TRUE|||\nsince|DATE|TRUE|||")]
    [InlineData("SHOW CREATE VIEW big", "CREATE VIEW big AS SELECT customer, amount FROM orders WHERE amount > 100")]
    public void The_catalogue_can_be_asked(string sql, string lines) => Assert.Equal(lines, Lines(sql));

    [Fact]
    public void A_description_shows_computed_columns_and_the_watermark()
    {
        var lines = Lines("DESCRIBE orders");
        Assert.Contains("placed|TIMESTAMP(3) *ROWTIME*|TRUE|||placed - 5 s", lines, StringComparison.Ordinal);
        Assert.Contains("AS amount * CAST(quantity AS DECIMAL(10, 0))", lines, StringComparison.Ordinal);
    }

    [Fact]
    public void A_kept_view_is_explained_by_name_and_where_it_is_read()
    {
        Assert.Contains("Aggregate by customer: SUM(amount)", Lines("EXPLAIN totals"), StringComparison.Ordinal);
        var read = Lines("EXPLAIN SELECT * FROM best");
        Assert.Contains("Scan totals", read, StringComparison.Ordinal);
        Assert.Contains("View totals:\n", read, StringComparison.Ordinal);
    }

    [Fact]
    public void Functions_are_listed() => Assert.Contains("\nUPPER\n", Lines("SHOW FUNCTIONS"), StringComparison.Ordinal);

    [Theory]
    [InlineData("CREATE TABLE x (a INT) WITH ('connector' = 'filesystem', 'path' = '/etc/passwd', 'format' = 'csv')", "Only SELECT, EXPLAIN, SHOW and DESCRIBE are taken here")]
    [InlineData("INSERT INTO out1 SELECT 'a', 1", "Only SELECT, EXPLAIN, SHOW and DESCRIBE are taken here")]
    [InlineData("DROP TABLE orders", "Only SELECT, EXPLAIN, SHOW and DESCRIBE are taken here")]
    [InlineData("SET 'a' = 'b'", "Only SELECT, EXPLAIN, SHOW and DESCRIBE are taken here")]
    [InlineData("SELECT * FROM orders /*+ OPTIONS('path' = '/etc/passwd') */", "OPTIONS of tables are set in the project alone.")]
    [InlineData("SELECT 1; SELECT 2", "Expected one statement")]
    [InlineData("EXPLAIN totls", "There is no materialized view totls. Did you mean totals?")]
    [InlineData("SELECT * FROM totls", "There is no table or view totls. Did you mean totals?")]
    [InlineData("DESCRIBE totls", "There is no table or view totls. Did you mean totals?")]
    public void Everything_else_is_refused(string sql, string sentence) =>
        Assert.Contains(sentence, Assert.Throws<SqlException>(() => Read(sql)).Message, StringComparison.Ordinal);
}
