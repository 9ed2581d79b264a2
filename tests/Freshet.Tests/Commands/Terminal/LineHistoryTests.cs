using Freshet.Commands.Terminal;

namespace Freshet.Tests.Commands.Terminal;

public sealed class LineHistoryTests
{
    [Fact]
    public void Entries_of_several_lines_come_back_in_the_next_session_and_what_was_being_written_is_kept()
    {
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName(), "history");
        try
        {
            var first = new LineHistory(path);
            first.Add("SELECT 1;");
            first.Add("SELECT *\nFROM events;");
            first.Add("SELECT *\nFROM events;");
            var next = new LineHistory(path);
            Assert.Equal("SELECT *\nFROM events;", next.Previous("SEL"));
            Assert.Equal("SELECT 1;", next.Previous(""));
            Assert.Null(next.Previous(""));
            Assert.Equal("SELECT *\nFROM events;", next.Next());
            Assert.Equal("SEL", next.Next());
            Assert.Null(next.Next());
            if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        }
        finally
        {
            Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
        }
    }

    [Fact]
    public void A_file_that_is_no_history_is_left_as_it_is()
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, "not JSON\n");
            var history = new LineHistory(path);
            history.Add("SELECT 1;");
            Assert.Equal("SELECT 1;", history.Previous(""));
            Assert.Equal("not JSON\n", File.ReadAllText(path));
        }
        finally
        {
            File.Delete(path);
        }
    }
}
