using System.Collections.Immutable;
using System.Globalization;
using Freshet.Columns.Types;

namespace Freshet.Syntax.Parsing;

/// <summary>Flink's data types as written.</summary>
internal static class TypeParser
{
    private static readonly string[] Names =
    [
        "BOOLEAN", "TINYINT", "SMALLINT", "INT", "INTEGER", "BIGINT", "FLOAT", "DOUBLE", "DECIMAL", "NUMERIC", "CHAR", "VARCHAR", "STRING", "BINARY",
        "VARBINARY", "BYTES", "DATE", "TIME", "TIMESTAMP", "TIMESTAMP_LTZ", "INTERVAL", "ARRAY", "MAP", "MULTISET", "ROW", "VARIANT", "BITMAP",
    ];

    public static SqlType Parse(TokenReader reader)
    {
        using var nesting = reader.Nest();
        var type = ParseBase(reader);
        while (true)
        {
            if (reader.TryWords("NOT", "NULL")) type = type.NotNull;
            else if (!reader.Peek().Is("ON") && reader.TryWord("NULL")) type = type.WithNullable(true);
            else if (reader.TryWord("ARRAY")) type = SqlType.Array(type);
            else if (reader.TryWord("MULTISET")) type = SqlType.Multiset(type);
            else return type;
        }
    }

    private static SqlType ParseBase(TokenReader reader)
    {
        var token = reader.Current;
        if (token.Kind != TokenKind.Word) throw reader.Expected("a data type");
        reader.Next();
        switch (token.Text.ToUpperInvariant())
        {
            case "BOOLEAN": return SqlType.Boolean;
            case "TINYINT": return SqlType.TinyInt;
            case "SMALLINT": return SqlType.SmallInt;
            case "INT" or "INTEGER": return SqlType.Int;
            case "BIGINT": return SqlType.BigInt;
            case "FLOAT" or "REAL": return SqlType.Float;
            case "DOUBLE":
                reader.TryWord("PRECISION");
                return SqlType.Double;
            case "DECIMAL" or "DEC" or "NUMERIC": return Decimal(reader);
            case "CHAR" or "CHARACTER": return SqlType.Char(Length(reader, 1));
            case "VARCHAR": return SqlType.VarChar(Length(reader, SqlType.MaxLength));
            case "STRING": return SqlType.String;
            case "BINARY": return SqlType.Binary(Length(reader, 1));
            case "VARBINARY": return SqlType.VarBinary(Length(reader, SqlType.MaxLength));
            case "BYTES": return SqlType.Bytes;
            case "DATE": return SqlType.Date;
            case "TIME":
                var timePrecision = Precision(reader, 0);
                reader.TryWords("WITHOUT", "TIME", "ZONE");
                return SqlType.Time(timePrecision);
            case "TIMESTAMP":
                var precision = Precision(reader, 6);
                if (reader.TryWords("WITH", "LOCAL", "TIME", "ZONE")) return Timestamp(reader, token, precision, isLocal: true);
                reader.TryWords("WITHOUT", "TIME", "ZONE");
                return Timestamp(reader, token, precision, isLocal: false);
            case "TIMESTAMP_LTZ": return Timestamp(reader, token, Precision(reader, 6), isLocal: true);
            case "INTERVAL": return Interval(reader);
            case "VARIANT": return SqlType.Variant;
            case "BITMAP": return SqlType.Bitmap;
            case "ARRAY": return SqlType.Array(Element(reader));
            case "MULTISET": return SqlType.Multiset(Element(reader));
            case "MAP":
                reader.ExpectSymbol("<");
                var key = Parse(reader);
                reader.ExpectSymbol(",");
                var value = Parse(reader);
                reader.ExpectSymbol(">");
                return SqlType.Map(key, value);
            case "ROW": return Row(reader);
            default:
                throw reader.Error(token.Span, $"There is no data type {token.Text}.{Text.NearestName.Hint(token.Text, Names)}");
        }
    }

    private static SqlType Timestamp(TokenReader reader, Token token, int precision, bool isLocal)
    {
        if (precision > 9) throw reader.Error(token.Span, $"A timestamp has at most 9 fractional digits, here are {precision}.");
        return isLocal ? SqlType.TimestampLtz(precision) : SqlType.Timestamp(precision);
    }

    private static SqlType Decimal(TokenReader reader)
    {
        var (precision, scale) = (10, 0);
        var span = reader.Current.Span;
        if (reader.TrySymbol("("))
        {
            precision = Integer(reader);
            if (reader.TrySymbol(",")) scale = Integer(reader);
            reader.ExpectSymbol(")");
        }

        if (precision is < 1 or > SqlType.MaxDecimalPrecision || scale > precision)
            throw reader.Error(span, $"DECIMAL({precision}, {scale}) is not possible: 1 to 38 digits, of which at most all stand after the point.");
        return SqlType.Decimal(precision, scale);
    }

    private static SqlType Interval(TokenReader reader)
    {
        var unit = reader.ExpectName("a unit such as DAY");
        Precision(reader, 0);
        if (reader.TryWord("TO"))
        {
            reader.ExpectName("a unit such as SECOND");
            Precision(reader, 0);
        }

        return unit.ToUpperInvariant() is "YEAR" or "MONTH" ? SqlType.IntervalYearMonth : SqlType.IntervalDayTime;
    }

    private static SqlType Row(TokenReader reader)
    {
        if (reader.TrySymbol("<>")) return SqlType.Row([]);
        var close = reader.TrySymbol("<") ? ">" : ")";
        if (close == ")") reader.ExpectSymbol("(");
        var fields = ImmutableArray.CreateBuilder<RowField>();
        do
        {
            var name = reader.Current.Kind is TokenKind.Word or TokenKind.QuotedName ? reader.Next().Text : throw reader.Expected("a field name");
            fields.Add(new RowField(name, Parse(reader)));
            if (reader.Current.Kind == TokenKind.String) reader.Next();
        }
        while (reader.TrySymbol(","));
        reader.ExpectSymbol(close);
        return SqlType.Row(fields.ToImmutable());
    }

    private static SqlType Element(TokenReader reader)
    {
        reader.ExpectSymbol("<");
        var type = Parse(reader);
        reader.ExpectSymbol(">");
        return type;
    }

    private static int Length(TokenReader reader, int otherwise) => Precision(reader, otherwise);

    private static int Precision(TokenReader reader, int otherwise)
    {
        if (!reader.TrySymbol("(")) return otherwise;
        var value = Integer(reader);
        reader.ExpectSymbol(")");
        return value;
    }

    private static int Integer(TokenReader reader)
    {
        if (reader.Current.Kind != TokenKind.Integer || !int.TryParse(reader.Current.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var value))
            throw reader.Expected("a whole number");
        reader.Next();
        return value;
    }
}
