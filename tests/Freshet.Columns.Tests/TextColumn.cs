using System.Text;
using Freshet.Columns;
using Freshet.Columns.Formats;
using Freshet.Columns.Memory;
using Freshet.Columns.Types;

namespace Freshet.Tests;

/// <summary>A column of a type from its values as text, and back; null is NULL.</summary>
internal static unsafe class TextColumn
{
    internal static Column Of(SqlType type, BatchMemory memory, params string?[] values)
    {
        var column = Column.Allocate(type.Physical, values.Length, memory);
        column.EnsureValidity(values.Length, memory);
        for (var row = 0; row < values.Length; row++)
        {
            if (values[row] is not { } value)
            {
                column.SetNull(row);
                continue;
            }

            var bytes = Encoding.UTF8.GetBytes(value);
            var text = memory.Allocate(bytes.Length);
            bytes.CopyTo(new Span<byte>(text, bytes.Length));
            if (type.Physical == PhysicalKind.View) column.As<StringView>()[row] = new StringView(text, bytes.Length);
            else Assert.Equal(TextResult.Ok, TextValue.TryWrite(text, bytes.Length, type, column.Values, row, TimeZoneInfo.Utc, memory));
        }

        return column;
    }

    internal static string TextOf(SqlType type, Column column, int row)
    {
        if (column.IsNull(row)) return "NULL";
        var buffer = new Utf8Buffer();
        TextValueWriter.Write(type, column.Values, column.IndexOf(row), (byte)' ', buffer);
        return Encoding.UTF8.GetString(buffer.Written);
    }
}
