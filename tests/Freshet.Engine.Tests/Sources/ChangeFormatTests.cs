using Freshet.Engine.Queries;
using Freshet.Syntax.Text;

namespace Freshet.Engine.Tests.Sources;

/// <summary>Files of changes, read and written.</summary>
public sealed class ChangeFormatTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("freshet-changes").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("debezium-json", """
        {"before":null,"after":{"id":1,"name":"ann"},"op":"c"}
        {"payload":{"before":null,"after":{"id":2,"name":"bob"},"op":"r"}}
        {"before":{"id":1,"name":"ann"},"after":{"id":1,"name":"eve"},"op":"u"}
        {"before":{"id":2,"name":"bob"},"after":null,"op":"d"}
        """)]
    [InlineData("canal-json", """
        {"data":[{"id":"1","name":"ann"},{"id":"2","name":"bob"}],"old":null,"type":"INSERT","isDdl":false}
        {"data":[{"id":"1","name":"eve"}],"old":[{"name":"ann"}],"type":"UPDATE","isDdl":false}
        {"data":null,"type":"CREATE","isDdl":true}
        {"data":[{"id":"2","name":"bob"}],"old":null,"type":"DELETE","isDdl":false}
        """)]
    [InlineData("maxwell-json", """
        {"data":{"id":1,"name":"ann"},"type":"insert"}
        {"data":{"id":2,"name":"bob"},"type":"insert"}
        {"data":{"id":1,"name":"eve"},"old":{"name":"ann"},"type":"update"}
        {"data":{"id":2,"name":"bob"},"type":"delete"}
        """)]
    [InlineData("json' , 'json.op-field' = 'op", """
        {"id":1,"name":"ann","op":"+I"}
        {"id":2,"name":"bob","op":"+I"}
        {"id":1,"name":"ann","op":"-U"}
        {"id":1,"name":"eve","op":"+U"}
        {"id":2,"name":"bob","op":"-D"}
        """)]
    public void The_rows_of_a_file_of_changes_are_those_that_stand_with_and_without_a_key(string format, string lines)
    {
        File.WriteAllText(Path.Combine(_folder, "in.json"), lines);
        foreach (var key in new[] { "", ", PRIMARY KEY (id) NOT ENFORCED" })
            Assert.Equal(["+I[1, eve]"], Run($"CREATE TABLE t (id INT, name STRING{key}) WITH ('connector' = 'filesystem', 'path' = 'in.json', 'format' = '{format}'); CREATE TABLE p (id INT, name STRING) WITH ('connector' = 'print'); INSERT INTO p SELECT id, name FROM t;"));
    }

    [Theory]
    [InlineData("debezium-json", """{"before":null,"after":{"id":1,"n":2},"op":"c"}""")]
    [InlineData("canal-json", """{"data":[{"id":1,"n":2}],"type":"INSERT"}""")]
    [InlineData("json' , 'json.op-field' = 'op", """{"id":1,"n":2,"op":"+I"}""")]
    public void What_is_written_is_read_again(string format, string line)
    {
        File.WriteAllText(Path.Combine(_folder, "in.csv"), "1,a\n1,b\n");
        var table = $"CREATE TABLE o (id INT, n BIGINT) WITH ('connector' = 'filesystem', 'path' = 'out.json', 'format' = '{format}');";
        Run($"CREATE TABLE t (id INT, name STRING) WITH ('connector' = 'filesystem', 'path' = 'in.csv', 'format' = 'csv'); {table} INSERT INTO o SELECT id, COUNT(*) FROM t GROUP BY id;");
        Assert.Equal(line, File.ReadAllText(Path.Combine(_folder, "out.json")).Trim());
        Assert.Equal(["+I[1, 2]"], Run($"{table} CREATE TABLE p (id INT, n BIGINT) WITH ('connector' = 'print'); INSERT INTO p SELECT * FROM o;"));
    }

    [Fact]
    public void A_document_of_another_form_is_an_error_with_its_line()
    {
        File.WriteAllText(Path.Combine(_folder, "in.json"), "{\"before\":null,\"after\":{\"id\":1},\"op\":\"c\"}\n{\"id\":1}\n");
        var error = Assert.Throws<EngineException>(() => Run("CREATE TABLE t (id INT) WITH ('connector' = 'filesystem', 'path' = 'in.json', 'format' = 'debezium-json'); CREATE TABLE p (id INT) WITH ('connector' = 'print'); INSERT INTO p SELECT id FROM t;"));
        Assert.Contains("Line 2", error.Message, StringComparison.Ordinal);
    }

    private string[] Run(string sql)
    {
        var output = new StringWriter();
        var (run, _) = Script.Start([new SourceText("script", sql)], new PipelineOptions { Folder = _folder, Output = output, Workers = 1 });
        using (run) run.Complete();
        return output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }
}
