using Freshet.Engine;
using Freshet.Syntax.Text;

namespace Freshet.Customers.Tests;

public sealed class CustomerLayerTests
{
    [Fact]
    public void A_project_that_uses_nothing_of_the_layer_is_planned_as_without_it()
    {
        SourceText[] scripts = [new("test.sql", "CREATE MATERIALIZED VIEW v AS SELECT user_id, COUNT(*) AS n FROM events GROUP BY user_id;")];
        var plain = Pipeline.Bind(scripts, new PipelineOptions());
        var layered = Pipeline.Bind(scripts, new PipelineOptions { Layer = () => new CustomerLayer(10_000) });
        Assert.Equal(plain.MaterializedViews[0].Plan.Text, layered.MaterializedViews[0].Plan.Text);
        Assert.Single(layered.MaterializedViews);
    }
}
