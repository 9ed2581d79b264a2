using System.Globalization;
using System.Numerics;
using Freshet.Columns;
using Freshet.Columns.Types;
using Freshet.Kernels.Expressions;
using Freshet.Kernels.Tests.Json;

namespace Freshet.Kernels.Tests;

public sealed class DecimalKernelTests
{
    [Fact]
    public void Products_and_quotients_are_those_of_exact_numbers_rounded_half_up()
    {
        var seed = Seeds.Next();
        var random = new Random(seed);
        for (var turn = 0; turn < 3000; turn++)
        {
            var (left, right) = (Type(random), Type(random));
            var (l, r) = (Value(random, left), Value(random, right));
            var result = Type(random);
            var product = Round(l * r, left.Scale + right.Scale - result.Scale, BigInteger.One);
            Check(ArithmeticKernel.Multiply, product, seed, turn, left, l, right, r, result);
            if (r.IsZero) continue;
            var shift = result.Scale + right.Scale - left.Scale;
            var quotient = shift >= 0 ? Divide(l * BigInteger.Pow(10, shift), r) : Round(Divide(l, r), -shift, BigInteger.One);
            Check(ArithmeticKernel.Divide, quotient, seed, turn, left, l, right, r, result);
        }
    }

    [Theory]
    [InlineData(18, 20, 38)]
    [InlineData(5, 9, 14)]
    [InlineData(9, 12, 21)]
    [InlineData(19, 19, 38)]
    public unsafe void Products_for_which_the_types_have_room_are_exact_with_and_without_a_constant(int left, int right, int result)
    {
        const int Rows = 100;
        var random = new Random(Seeds.Next());
        SqlType[] types = [SqlType.Decimal(left, 0), SqlType.Decimal(right, 0)];
        for (var turn = 0; turn < 50; turn++)
        {
            var memory = Freshet.Columns.Memory.BatchMemory.Create();
            Column[] columns = [Filled(types[0], turn % 3 == 1), Filled(types[1], turn % 3 == 2)];
            var context = new EvaluationContext();
            var batch = new Batch(memory, columns, Rows);
            context.Begin(batch, memory);
            var product = ArithmeticKernel.Multiply(context, columns, new CallTypes(types, SqlType.Decimal(result, 0)));
            for (var row = 0; row < Rows; row++) Assert.Equal(DecimalKernel.Read(columns[0], row) * DecimalKernel.Read(columns[1], row), DecimalKernel.Read(product, row));
            batch.Release();

            Column Filled(SqlType type, bool isConstant)
            {
                var column = Column.Allocate(type.Physical, Rows, memory);
                for (var row = 0; row < Rows; row++) Assert.True(DecimalKernel.TryWrite(column, row, (Int128)Value(random, type), type.Precision));
                column.IsConstant = isConstant;
                return column;
            }
        }
    }

    [Fact]
    public void A_value_that_does_not_fit_is_NULL_or_an_error_where_there_is_no_NULL()
    {
        SqlType[] types = [SqlType.Decimal(3, 0), SqlType.Decimal(3, 0)];
        Assert.Null(KernelCall.Run(ArithmeticKernel.Multiply, SqlType.Decimal(3, 0), types, [100L, 10L])[0]);
        Assert.Equal("error: The value has more digits than DECIMAL(3, 0).", KernelCall.Run(ArithmeticKernel.Multiply, SqlType.Decimal(3, 0).NotNull, types, [100L, 10L])[0]);
    }

    private static void Check(ScalarKernel kernel, BigInteger expected, int seed, int turn, SqlType left, BigInteger l, SqlType right, BigInteger r, SqlType result)
    {
        var fits = BigInteger.Abs(expected) < BigInteger.Pow(10, result.Precision);
        var got = KernelRun.Call(kernel, result, (left, Text(left, l)), (right, Text(right, r)));
        Assert.True((fits ? Text(result, expected) : "NULL") == got, $"random seed {seed}, turn {turn}: {l}e-{left.Scale}, {r}e-{right.Scale} as {result} is {got}, not {expected}");
    }

    private static SqlType Type(Random random)
    {
        var precision = random.Next(1, 39);
        return SqlType.Decimal(precision, random.Next(precision + 1));
    }

    private static BigInteger Value(Random random, SqlType type)
    {
        BigInteger value = 0;
        for (var digits = random.Next(type.Precision + 1); digits > 0; digits--) value = value * 10 + random.Next(10);
        return random.Next(2) == 0 ? value : -value;
    }

    private static string Text(SqlType type, BigInteger value)
    {
        var digits = BigInteger.Abs(value).ToString(CultureInfo.InvariantCulture).PadLeft(type.Scale + 1, '0');
        return (value.Sign < 0 ? "-" : "") + (type.Scale == 0 ? digits : digits[..^type.Scale] + "." + digits[^type.Scale..]);
    }

    private static BigInteger Round(BigInteger value, int digits, BigInteger divisor) =>
        digits >= 0 ? Divide(value, divisor * BigInteger.Pow(10, digits)) : value * BigInteger.Pow(10, -digits);

    private static BigInteger Divide(BigInteger value, BigInteger divisor)
    {
        var quotient = BigInteger.DivRem(value, divisor, out var rest);
        return BigInteger.Abs(rest) * 2 >= BigInteger.Abs(divisor) ? quotient + value.Sign * divisor.Sign : quotient;
    }
}
