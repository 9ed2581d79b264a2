namespace Freshet.Storage.Tests;

public sealed class Crc32CTests
{
    [Fact]
    public void The_check_value_is_right() => Assert.Equal(0xE3069283, Crc32C.Compute("123456789"u8));

    [Fact]
    public void The_instruction_and_the_table_agree_at_every_length()
    {
        var seed = Seeds.Next();
        var bytes = new byte[300];
        new Random(seed).NextBytes(bytes);
        for (var length = 0; length < bytes.Length; length++)
            Assert.True(Crc32C.Compute(bytes.AsSpan(0, length)) == Crc32C.ComputeByTable(bytes.AsSpan(0, length)), $"seed {seed}, length {length}");
    }
}
