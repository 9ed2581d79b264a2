using System.Text;
using Freshet.Columns;
using Freshet.Kernels.Texts;

namespace Freshet.Kernels.Tests;

/// <summary>Views, cases and parts of short texts against the obvious way.</summary>
public sealed unsafe class ShortTextTests
{
    [Fact]
    public void A_view_of_any_length_has_its_bytes_and_zeros_behind_them()
    {
        var bytes = stackalloc byte[20];
        for (var i = 0; i < 20; i++) bytes[i] = (byte)(i + 1);
        for (var length = 0; length <= 20; length++)
        {
            StringView view;
            StringView.Write(&view, bytes, length);
            Assert.Equal(new ReadOnlySpan<byte>(bytes, length).ToArray(), StringView.Span(&view).ToArray());
            Assert.Equal(new StringView(bytes, length), view);
            for (var i = length; i < StringView.InlineMaxBytes; i++) Assert.Equal(0, ((byte*)&view)[4 + i]);
        }
    }

    [Fact]
    public void Every_ASCII_character_changes_its_case_at_every_place()
    {
        StringView changed;
        var bytes = stackalloc byte[12];
        for (var length = 1; length <= 12; length++)
        {
            for (var c = 0; c < 128; c++)
            {
                for (var i = 0; i < length; i++) bytes[i] = (byte)((c + i) % 128);
                var view = new StringView(bytes, length);
                Assert.True(StringView.TryChangeCase(&view, false, &changed));
                Assert.Equal(view.Text.ToLowerInvariant(), changed.Text);
                Assert.True(StringView.TryChangeCase(&view, true, &changed));
                Assert.Equal(view.Text.ToUpperInvariant(), changed.Text);
            }
        }

        var other = Encoding.UTF8.GetBytes("é");
        fixed (byte* at = other)
        {
            var view = new StringView(at, other.Length);
            Assert.False(StringView.TryChangeCase(&view, true, &changed));
        }
    }

    [Fact]
    public void Parts_between_separators_are_those_of_Split()
    {
        var random = new Random(Seeds.Next());
        for (var round = 0; round < 300; round++)
        {
            var letters = new char[random.Next(100)];
            for (var i = 0; i < letters.Length; i++) letters[i] = random.Next(1 + round % 9) == 0 ? '/' : 'a';
            var text = new string(letters);
            var parts = text.Split('/');
            var bytes = Encoding.ASCII.GetBytes(text + '\0');
            fixed (byte* at = bytes)
            {
                for (var (first, from) = (0, 0); first < parts.Length; from += parts[first++].Length + 1)
                {
                    for (var index = first; index <= parts.Length; index++)
                    {
                        var found = SplitBytes.TryPart(at, text.Length, from, (byte)'/', index - first, out var start, out var end);
                        Assert.Equal(index < parts.Length, found);
                        if (found) Assert.Equal(parts[index], text[start..end]);
                    }
                }
            }
        }
    }
}
