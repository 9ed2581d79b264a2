using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Freshet.Columns;
using Freshet.State.Pages;

namespace Freshet.State.Rows;

/// <summary>
/// The long texts of one field that were stored lately, so that one that comes again need not be stored again: pages, channels,
/// products and browsers come by the thousand, and a row names the bytes that lie there. For tables whose rows stay, as
/// a text has then no owner who could take it away.
/// A direct-mapped table, without any promise: a text that has been driven out is stored once more. A field with few repeats is left
/// alone for a while, then tried again.
/// Cost: a hash of up to 32 bytes and one comparison a text, 256 KiB once 1,024 long texts have come.
/// </summary>
internal sealed unsafe class TextRepeats : IDisposable
{
    private const int Entries = 1 << 14;
    private const int Before = 1024;
    private const int TrialTexts = 4096;
    private const int PauseTexts = 15 * TrialTexts;

    /// <summary>Of the texts of a trial so many must have been found for it to go on: one in so many.</summary>
    private const int OneIn = 8;

    private StoredText* _entries;
    private int _left = Before;
    private int _found;
    private bool _isTrying;

    public long Bytes => _entries is null ? 0 : (long)Entries * sizeof(StoredText);

    /// <summary>The place of a text among those of its hash; null where texts are not kept now.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public StoredText* PlaceOf(StringView* view)
    {
        if (--_left < 0) Turn();
        return _isTrying ? _entries + HashOf(view->Pointer, view->Length) : null;
    }

    /// <summary>A text was at its place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Found() => _found++;

    public void Dispose()
    {
        if (_entries is null) return;
        StateMemory.AddBlocks(-Bytes);
        NativeMemory.Free(_entries);
        _entries = null;
        _isTrying = false;
        _left = int.MaxValue;
    }

    private void Turn()
    {
        if (_entries is null)
        {
            _entries = (StoredText*)NativeMemory.AllocZeroed(Entries, (nuint)sizeof(StoredText));
            StateMemory.AddBlocks(Bytes);
            _isTrying = true;
        }
        else _isTrying = !_isTrying || _found >= TrialTexts / OneIn;

        _left = _isTrying ? TrialTexts : PauseTexts;
        _found = 0;
    }

    /// <summary>Texts of a kind begin alike; their ends and middles tell them apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint HashOf(byte* text, int length)
    {
        const ulong factor = 0x9E37_79B9_7F4A_7C15;
        var hash = (ulong)length * factor;
        if (length >= 16)
        {
            hash = (hash ^ Unsafe.ReadUnaligned<ulong>(text + length - 16)) * factor;
            hash ^= Unsafe.ReadUnaligned<ulong>(text + (length >> 1) - 8) * 0xD6E8_FEB8_6659_FD93;
            hash ^= hash >> 29;
        }

        hash = (hash ^ Unsafe.ReadUnaligned<ulong>(text + length - 8)) * factor;
        hash = (hash ^ (hash >> 32) ^ Unsafe.ReadUnaligned<ulong>(text)) * factor;
        return (uint)(hash >> 50);
    }
}
