namespace Freshet.Commands.Terminal;

/// <summary>A statement while it is written: a text of one or more lines and a cursor in it. It knows no terminal.</summary>
internal sealed class LineBuffer
{
    public string Text { get; private set; } = "";

    /// <summary>The cursor stands before this character.</summary>
    public int Cursor { get; private set; }

    private int LineStart => Cursor == 0 ? 0 : Text.LastIndexOf('\n', Cursor - 1) + 1;

    private int LineEnd => Text.IndexOf('\n', Cursor) is >= 0 and var end ? end : Text.Length;

    /// <summary>Replaces the text; the cursor goes to its end.</summary>
    public void Set(string text)
    {
        Text = text;
        Cursor = text.Length;
    }

    public void Insert(string text)
    {
        Text = Text.Insert(Cursor, text);
        Cursor += text.Length;
    }

    /// <summary>Puts a text in the place of what lies before the cursor.</summary>
    public void ReplaceBefore(int characters, string text)
    {
        Erase(Cursor - characters, Cursor);
        Insert(text);
    }

    public void Left() => Cursor = Before(Cursor);

    public void Right() => Cursor = After(Cursor);

    public void WordLeft() => Cursor = WordStart();

    public void WordRight()
    {
        while (Cursor < Text.Length && !IsWord(Text[Cursor])) Cursor++;
        while (Cursor < Text.Length && IsWord(Text[Cursor])) Cursor++;
    }

    public void Home() => Cursor = LineStart;

    public void End() => Cursor = LineEnd;

    /// <summary>The line above, as far to the right as it goes; false where there is none.</summary>
    public bool Up()
    {
        if (LineStart == 0) return false;
        var column = Cursor - LineStart;
        Cursor = LineStart - 1;
        Cursor = Math.Min(LineStart + column, LineEnd);
        return true;
    }

    /// <summary>The line below; false where there is none.</summary>
    public bool Down()
    {
        if (LineEnd == Text.Length) return false;
        var column = Cursor - LineStart;
        Cursor = LineEnd + 1;
        Cursor = Math.Min(LineStart + column, LineEnd);
        return true;
    }

    public void Backspace() => Erase(Before(Cursor), Cursor);

    public void Delete() => Erase(Cursor, After(Cursor));

    public void EraseWord() => Erase(WordStart(), Cursor);

    public void EraseToEnd() => Erase(Cursor, LineEnd);

    public void EraseToStart() => Erase(LineStart, Cursor);

    private void Erase(int from, int to)
    {
        Text = Text.Remove(from, to - from);
        Cursor = from;
    }

    private int Before(int place) => place == 0 ? 0 : place > 1 && char.IsSurrogatePair(Text[place - 2], Text[place - 1]) ? place - 2 : place - 1;

    private int After(int place) => place == Text.Length ? place : place + 1 < Text.Length && char.IsSurrogatePair(Text[place], Text[place + 1]) ? place + 2 : place + 1;

    private int WordStart()
    {
        var place = Cursor;
        while (place > 0 && !IsWord(Text[place - 1])) place--;
        while (place > 0 && IsWord(Text[place - 1])) place--;
        return place;
    }

    private static bool IsWord(char c) => char.IsLetterOrDigit(c) || c is '_' or '$';
}
