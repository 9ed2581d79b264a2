using System.Text;
using Freshet.Columns;
using Freshet.Columns.Memory;

namespace Freshet.State.Tests;

internal static unsafe class TextView
{
    public static StringView Of(string text, BatchMemory memory) => StringView.Copy(Encoding.UTF8.GetBytes(text), memory);

    /// <summary>A text that says its number, of a length between 0 and <paramref name="maxLength"/> that depends on it.</summary>
    public static string Sample(int number, int maxLength) => new StringBuilder().Insert(0, $"<{number}>", 1 + maxLength / 3).ToString(0, number * 7919 % (maxLength + 1));
}
