namespace Freshet.Sql.Tests.Binding;

public sealed class ExpressionTests
{
    [Theory]
    [InlineData("1 + 1", "INT NOT NULL")]
    [InlineData("1 + CAST(1 AS BIGINT)", "BIGINT NOT NULL")]
    [InlineData("1.5 + 1", "DECIMAL(12, 1) NOT NULL")]
    [InlineData("CAST(1 AS DECIMAL(10, 2)) * CAST(1 AS DECIMAL(12, 3))", "DECIMAL(23, 5) NOT NULL")]
    [InlineData("CAST(1 AS DECIMAL(10, 2)) / CAST(3 AS DECIMAL(12, 3))", "DECIMAL(26, 15) NOT NULL")]
    [InlineData("CAST(1 AS DECIMAL(38, 10)) * CAST(1 AS DECIMAL(38, 10))", "DECIMAL(38, 6) NOT NULL")]
    [InlineData("1.5 * CAST(2 AS DOUBLE)", "DOUBLE NOT NULL")]
    [InlineData("CASE WHEN TRUE THEN 1 ELSE 2.50 END", "DECIMAL(12, 2) NOT NULL")]
    [InlineData("COALESCE(CAST(NULL AS INT), 1)", "INT NOT NULL")]
    [InlineData("CAST(NULL AS INT) = 1", "BOOLEAN")]
    [InlineData("1 = 1", "BOOLEAN NOT NULL")]
    [InlineData("TIMESTAMP '2026-01-01 00:00:00' + INTERVAL '1' DAY", "TIMESTAMP(0) NOT NULL")]
    [InlineData("TRY_CAST('x' AS INT)", "INT")]
    public void A_result_has_the_type_that_Flink_gives_it(string expression, string type) => Assert.Equal(type, Planned.TypeOf(expression));

    [Theory]
    [InlineData("1 + 2 * 3", "7")]
    [InlineData("7 / 2", "3")]
    [InlineData("1.00 / 3", "0.3333333333333")]
    [InlineData("'a' || 'b'", "ab")]
    [InlineData("NOT (1 > 2) AND 'x' LIKE 'x%'", "TRUE")]
    [InlineData("NULL AND FALSE", "FALSE")]
    [InlineData("1 IN (3, 2, 1)", "TRUE")]
    [InlineData("1 NOT IN (2, NULL)", "NULL")]
    [InlineData("5 BETWEEN 1 AND 9", "TRUE")]
    [InlineData("'12' > 9", "TRUE")]
    [InlineData("DATE '2026-02-28' + INTERVAL '1' DAY", "2026-03-01")]
    [InlineData("EXTRACT(YEAR FROM DATE '2026-02-28')", "2026")]
    [InlineData("NULLIF(1, 1)", "NULL")]
    [InlineData("GREATEST(1, 5, 3)", "5")]
    [InlineData("LEAST(4, 2, 3, 2)", "2")]
    [InlineData("GREATEST(1, CAST(NULL AS INT))", "NULL")]
    [InlineData("CASE 2 WHEN 1 THEN 'one' WHEN 2 THEN 'two' END", "two")]
    [InlineData("CAST('12.345' AS DECIMAL(5, 2))", "12.35")]
    [InlineData("CAST(PARSE_JSON('{\"p\": 12.5}')['p'] AS DECIMAL(10, 2))", "12.50")]
    [InlineData("PARSE_JSON('{\"p\": 12.5}')['p'] > 12", "TRUE")]
    [InlineData("PARSE_JSON('{\"p\": 12.5}')['p'] = 12", "FALSE")]
    [InlineData("PARSE_JSON('{\"p\": 12.345}')['p'] = 12.35", "FALSE")]
    [InlineData("PARSE_JSON('{\"p\": 9007199254740993}')['p'] = 9007199254740992", "FALSE")]
    [InlineData("PARSE_JSON('{\"p\": \"12\"}')['p'] IN (11, 12)", "TRUE")]
    [InlineData("PARSE_JSON('{\"s\": \"x\"}')['s'] = 'x'", "TRUE")]
    [InlineData("CAST(PARSE_JSON('{\"p\": null}')['p'] AS INT)", "NULL")]
    [InlineData("TRY_CAST(PARSE_JSON('{\"p\": \"abc\"}')['p'] AS INT)", "NULL")]
    [InlineData("JSON_VALUE('{\"a\": {\"b\": 7}}', '$.a.b' RETURNING INT)", "7")]
    [InlineData("JSON_VALUE(PARSE_JSON('{\"a\": {\"b\": 7}}'), '$.a.b' RETURNING INT)", "7")]
    [InlineData("JSON_VALUE(PARSE_JSON('{\"a\": {\"b\": {}}}'), '$.a.b')", "NULL")]
    [InlineData("JSON_VALUE(PARSE_JSON('{\"a\": 1}'), '$.x.y')", "NULL")]
    [InlineData("JSON_VALUE(PARSE_JSON('{\"a\": 1}'), 'lax $.x' DEFAULT 'none' ON EMPTY)", "none")]
    public void A_constant_expression_has_its_value(string expression, string value) => Assert.Equal(value, Planned.ValueOf(expression));

    [Theory]
    [InlineData("SELECT amont FROM orders", "1:8: There is no column amont. Did you mean amount?")]
    [InlineData("SELECT UPER(customer) FROM orders", "1:8: There is no function UPER. Did you mean UPPER?")]
    [InlineData("SELECT amount + placed FROM orders", "1:8: + is not possible between")]
    [InlineData("SELECT amount AND TRUE FROM orders", "1:8: A side of AND must be BOOLEAN, this is DECIMAL(10, 2).")]
    [InlineData("SELECT note['a'] = note['b'] FROM orders", "1:8: Two VARIANTs cannot be compared")]
    [InlineData("SELECT CAST(placed AS INT) FROM orders", "1:13: A value of type TIMESTAMP(3) cannot be cast to INT.")]
    [InlineData("SELECT * FROM order", "1:15: ")]
    [InlineData("SELECT * FROM ordes", "1:15: There is no table or view ordes. Did you mean orders?")]
    [InlineData("SELECT * FROM other_database.orders", "1:15: There is no database other_database in the catalog default_catalog.")]
    [InlineData("SELECT o.* FROM orders p", "1:8: There is no table o in FROM.")]
    [InlineData("SELECT SUM(note) FROM orders", "1:8: SUM of a VARIANT needs a number type")]
    [InlineData("SELECT note, COUNT(*) FROM orders GROUP BY note", "1:44: GROUP BY of a VARIANT needs a type")]
    [InlineData("SELECT DISTINCT note FROM orders", "1:1: DISTINCT with the column note of a VARIANT needs a type")]
    [InlineData("SELECT customer, COUNT(*) FROM orders", "1:8: The column customer is neither in GROUP BY")]
    [InlineData("SELECT MIX(id) OVER (PARTITION BY customer) FROM orders", "1:8: There is no function MIX that can stand before OVER.")]
    public void A_wrong_expression_is_refused_with_its_place_and_the_nearest_name(string query, string refusal) =>
        Assert.StartsWith(refusal, Planned.Refusal(query, isBounded: true), StringComparison.Ordinal);

    [Fact]
    public void Names_may_carry_catalog_and_database() =>
        Assert.Equal("(id BIGINT)", Planned.Select("SELECT id FROM default_catalog.default_database.orders").Schema.ToString());

    [Fact]
    public void A_long_list_is_planned_without_deep_recursion()
    {
        var list = string.Join(", ", Enumerable.Range(0, 10_000));
        Assert.Equal("FALSE", Planned.ValueOf($"20000 IN ({list})"));
    }

    [Fact]
    public void Nested_forms_that_would_explode_are_refused()
    {
        var expression = "id";
        for (var i = 0; i < 30; i++) expression = $"NULLIF({expression}, 1)";
        Assert.Contains("has more than 50000 parts", Planned.Refusal($"SELECT {expression} FROM orders", isBounded: true), StringComparison.Ordinal);
    }

    [Fact]
    public void Tables_of_WITH_that_would_explode_are_refused()
    {
        var with = "WITH t0 AS (SELECT id FROM orders)";
        for (var i = 1; i < 30; i++) with += $", t{i} AS (SELECT a.id FROM t{i - 1} a JOIN t{i - 1} b ON a.id = b.id)";
        Assert.Contains("has more than 5000 operators", Planned.Refusal($"{with} SELECT * FROM t29", isBounded: true), StringComparison.Ordinal);
    }
}
