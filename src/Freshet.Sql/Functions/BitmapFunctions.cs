using Freshet.Columns.Types;
using Freshet.Kernels.Bitmaps;
using Freshet.Kernels.Expressions;
using Freshet.Kernels.Rows;
using static Freshet.Sql.Functions.ResultTypes;

namespace Freshet.Sql.Functions;

/// <summary>Functions of BITMAP, sets of 32-bit numbers.</summary>
internal static class BitmapFunctions
{
    public static IEnumerable<ScalarFunction> All =>
    [
        Bitmap("BITMAP_BUILD", "ARRAY", SqlType.Bitmap, RowLoop.Of<BuildBitmap>(), "The set of an array's elements.", ("BITMAP_BUILD(ARRAY[5, 1, 3, 1])", "{1,3,5}")) with
        {
            Signatures = [new Signature("ARRAY", Always(SqlType.Bitmap), RowLoop.Of<BuildBitmap>(), static types => types[0].Fields[0].Type.Kind is TypeKind.Int or TypeKind.SmallInt or TypeKind.TinyInt or TypeKind.Null ? types : default)],
        },
        Bitmap("BITMAP_AND", "BITMAP, BITMAP", SqlType.Bitmap, RowLoop.Of(new CombineBitmaps(false, false, true)), "The members of both sets.", ("BITMAP_AND(BITMAP_BUILD(ARRAY[1, 2]), BITMAP_BUILD(ARRAY[2, 3]))", "{2}")),
        Bitmap("BITMAP_OR", "BITMAP, BITMAP", SqlType.Bitmap, RowLoop.Of(new CombineBitmaps(true, true, true)), "The members of one set or both.", ("BITMAP_OR(BITMAP_BUILD(ARRAY[1, 2]), BITMAP_BUILD(ARRAY[2, 3]))", "{1,2,3}")),
        Bitmap("BITMAP_XOR", "BITMAP, BITMAP", SqlType.Bitmap, RowLoop.Of(new CombineBitmaps(true, true, false)), "The members of exactly one set.", ("BITMAP_XOR(BITMAP_BUILD(ARRAY[1, 2]), BITMAP_BUILD(ARRAY[2, 3]))", "{1,3}")),
        Bitmap("BITMAP_ANDNOT", "BITMAP, BITMAP", SqlType.Bitmap, RowLoop.Of(new CombineBitmaps(true, false, false)), "The members of the first set that the second does not have.", ("BITMAP_ANDNOT(BITMAP_BUILD(ARRAY[1, 2]), BITMAP_BUILD(ARRAY[2, 3]))", "{1}")),
        Bitmap("BITMAP_CARDINALITY", "BITMAP", SqlType.BigInt, RowLoop.Of<BitmapCardinality>(), "The number of members.", ("BITMAP_CARDINALITY(BITMAP_BUILD(ARRAY[1, 2, 3]))", "3")),
        Bitmap("BITMAP_TO_ARRAY", "BITMAP", SqlType.Array(SqlType.Int), RowLoop.Of<BitmapToArray>(), "The members as an array.", ("BITMAP_TO_ARRAY(BITMAP_BUILD(ARRAY[3, 1]))[1]", "1")),
        Bitmap("BITMAP_TO_STRING", "BITMAP", SqlType.String, RowLoop.Of<BitmapToString>(), "The members as text.", ("BITMAP_TO_STRING(BITMAP_BUILD(ARRAY[1, 2, 3]))", "{1,2,3}")),
        Bitmap("BITMAP_TO_BYTES", "BITMAP", SqlType.Bytes, RowLoop.Of<BitmapToBytes>(), "The portable serialization of Roaring bitmaps.", ("BITMAP_TO_BYTES(BITMAP_BUILD(ARRAY[1, 2, 3])) = X'3a300000010000000000020010000000010002000300'", "TRUE")),
        Bitmap("BITMAP_FROM_BYTES", "BYTES", SqlType.Bitmap, RowLoop.Of<BitmapFromBytes>(), "The set that such bytes stand for.", ("BITMAP_FROM_BYTES(X'3a300000010000000000020010000000010002000300')", "{1,2,3}")) with { CanFail = true },
    ];

    private static ScalarFunction Bitmap(string name, string signature, SqlType type, ScalarKernel kernel, string sentence, params ReadOnlySpan<(string Sql, string Result)> examples) =>
        FunctionCatalogue.Function("Bitmaps", name, signature, Always(type), kernel, sentence, examples);
}
