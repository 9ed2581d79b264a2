namespace Freshet.State.Pages;

/// <summary>
/// The memory of all state of the process: pages and the blocks of large texts. What a step needs while it runs is not part of it.
/// </summary>
public static class StateMemory
{
    private static long s_blockBytes;

    /// <summary>Bytes in use now.</summary>
    public static long UsedBytes => PagePool.UsedBytes + Interlocked.Read(ref s_blockBytes);

    /// <summary>Blocks outside the pages are taken, or given back where the number is negative.</summary>
    internal static void AddBlocks(long bytes) => Interlocked.Add(ref s_blockBytes, bytes);
}
