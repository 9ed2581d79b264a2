using System.Globalization;
using Freshet.Engine;
using Freshet.Engine.Embedding;
using Freshet.Engine.Functions;

namespace Freshet.Samples.Library;

/// <summary>Orders in, totals for each customer out, with a function of its own and a subscription.</summary>
public static class OrdersSample
{
    private sealed record Order(int Id, string Customer, decimal Amount);

    private sealed record Total(string Customer, long Orders, decimal Amount);

    /// <summary>A scalar function: it is called as masked(name).</summary>
    public sealed class Masked : ScalarFunction
    {
        public static string Eval(string name) => name[..1] + "***";
    }

    public static void Run(TextWriter output)
    {
        var options = new PipelineOptions { Workers = 1, Functions = new FunctionSet().Add<Masked>("masked") };
        using var pipeline = new LocalPipeline(
            """
            CREATE TABLE orders (id INT, customer STRING, amount DECIMAL(10, 2));
            CREATE MATERIALIZED VIEW totals AS
            SELECT masked(customer) AS customer, COUNT(*) AS orders, SUM(amount) AS amount FROM orders GROUP BY customer;
            """,
            options,
            changing: "orders");

        pipeline.Subscribe<Total>("totals", (total, weight) => output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{(weight > 0 ? '+' : '-')} {total.Customer} {total.Orders} {total.Amount}")));

        pipeline.Insert("orders", new Order(1, "ada", 12.50m), new Order(2, "bob", 3m), new Order(3, "ada", 7.25m));
        pipeline.Step();

        pipeline.Delete("orders", new Order(2, "bob", 3m));
        pipeline.Insert("orders", new Order(4, "ada", 0.25m));
        pipeline.Step();

        foreach (var total in pipeline.Read<Total>("totals")) output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{total.Customer} has {total.Orders} orders of {total.Amount}"));
    }
}
