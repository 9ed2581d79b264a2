namespace Freshet.Commands.Terminal;

/// <summary>
/// Reads statements from a terminal, with the keys that shells have: arrows, Home and End, Ctrl-A, E, K, U, W, L, word by word with
/// Ctrl or Alt, Tab completes, Up and Down go through the history. Enter ends the statement where <paramref name="isWhole"/> says that
/// it is one, and begins a further line elsewhere.
/// </summary>
/// <param name="isWhole">Whether a text can be taken as it is.</param>
/// <param name="complete">What could follow at a place of a text.</param>
internal sealed class LineEditor(Screen screen, TextWriter output, LineHistory history, Func<string, bool> isWhole, Func<string, int, CancellationToken, Task<Completion>> complete)
{
    private const int ShownMax = 60;

    private readonly LineBuffer _buffer = new();
    private bool _wasTab;

    /// <summary>The next statement; null at the end of input (Ctrl-D on an empty line), "" after Ctrl-C.</summary>
    /// <param name="nextKey">Waits for a key.</param>
    public async Task<string?> ReadAsync(string prompt, string continued, Func<CancellationToken, Task<ConsoleKeyInfo>> nextKey, CancellationToken cancellation)
    {
        _buffer.Set("");
        screen.Begin();
        while (true)
        {
            screen.Draw(prompt, continued, _buffer);
            var key = await nextKey(cancellation);
            var isTab = key.Key == ConsoleKey.Tab;
            if (isTab) await CompleteAsync(prompt, continued, cancellation);
            _wasTab = isTab;
            if (isTab) continue;
            if (IsControl(key, ConsoleKey.D) && _buffer.Text.Length == 0)
            {
                screen.Finish(prompt, continued, "");
                return null;
            }

            if (IsControl(key, ConsoleKey.C))
            {
                screen.Finish(prompt, continued, _buffer.Text + "^C");
                return "";
            }

            if (key.Key == ConsoleKey.Enter && !key.Modifiers.HasFlag(ConsoleModifiers.Alt) && isWhole(_buffer.Text))
            {
                screen.Finish(prompt, continued, _buffer.Text);
                history.Add(_buffer.Text);
                return _buffer.Text;
            }

            Apply(key);
        }
    }

    private static bool IsControl(ConsoleKeyInfo key, ConsoleKey letter) => key.Modifiers.HasFlag(ConsoleModifiers.Control) && key.Key == letter;

    private void Apply(ConsoleKeyInfo key)
    {
        var isByWord = (key.Modifiers & (ConsoleModifiers.Control | ConsoleModifiers.Alt)) != 0;
        switch (key.Key)
        {
            case ConsoleKey.Enter: _buffer.Insert("\n"); break;
            case ConsoleKey.LeftArrow when isByWord: _buffer.WordLeft(); break;
            case ConsoleKey.RightArrow when isByWord: _buffer.WordRight(); break;
            case ConsoleKey.LeftArrow: _buffer.Left(); break;
            case ConsoleKey.RightArrow: _buffer.Right(); break;
            case ConsoleKey.Home: _buffer.Home(); break;
            case ConsoleKey.End: _buffer.End(); break;
            case ConsoleKey.UpArrow: Recall(_buffer.Up() ? null : history.Previous(_buffer.Text)); break;
            case ConsoleKey.DownArrow: Recall(_buffer.Down() ? null : history.Next()); break;
            case ConsoleKey.Backspace when isByWord: _buffer.EraseWord(); break;
            case ConsoleKey.Backspace: _buffer.Backspace(); break;
            case ConsoleKey.Delete: _buffer.Delete(); break;
            case ConsoleKey.Escape: break;
            case var letter when key.Modifiers.HasFlag(ConsoleModifiers.Control): Control(letter); break;
            case ConsoleKey.B when isByWord: _buffer.WordLeft(); break;
            case ConsoleKey.F when isByWord: _buffer.WordRight(); break;
            default:
                if (!char.IsControl(key.KeyChar)) _buffer.Insert(key.KeyChar.ToString());
                break;
        }
    }

    private void Control(ConsoleKey letter)
    {
        switch (letter)
        {
            case ConsoleKey.A: _buffer.Home(); break;
            case ConsoleKey.E: _buffer.End(); break;
            case ConsoleKey.B: _buffer.Left(); break;
            case ConsoleKey.F: _buffer.Right(); break;
            case ConsoleKey.D: _buffer.Delete(); break;
            case ConsoleKey.H: _buffer.Backspace(); break;
            case ConsoleKey.K: _buffer.EraseToEnd(); break;
            case ConsoleKey.U: _buffer.EraseToStart(); break;
            case ConsoleKey.W: _buffer.EraseWord(); break;
            case ConsoleKey.P: Recall(history.Previous(_buffer.Text)); break;
            case ConsoleKey.N: Recall(history.Next()); break;
            case ConsoleKey.J: _buffer.Insert("\n"); break;
            case ConsoleKey.L: screen.Clear(); break;
        }
    }

    private void Recall(string? entry)
    {
        if (entry is not null) _buffer.Set(entry);
    }

    /// <summary>Writes what all candidates share; a second Tab shows them.</summary>
    private async Task CompleteAsync(string prompt, string continued, CancellationToken cancellation)
    {
        var completion = await complete(_buffer.Text, _buffer.Cursor, cancellation);
        if (completion.Candidates.Count == 1)
        {
            _buffer.ReplaceBefore(completion.Length, completion.Candidates[0] + " ");
        }
        else if (completion.Common.Length > completion.Length)
        {
            _buffer.ReplaceBefore(completion.Length, completion.Common);
        }
        else if (_wasTab && completion.Candidates.Count > 0)
        {
            screen.Finish(prompt, continued, _buffer.Text);
            var more = completion.Candidates.Count - ShownMax;
            output.Write(string.Join("  ", completion.Candidates.Take(ShownMax)) + (more > 0 ? $"  and {more} more" : "") + "\r\n");
        }
    }
}
