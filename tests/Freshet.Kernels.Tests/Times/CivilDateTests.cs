using System.Globalization;
using Freshet.Columns.Formats;

namespace Freshet.Kernels.Tests.Times;

public sealed class CivilDateTests
{
    [Fact]
    public void Days_weeks_and_months_are_those_of_the_calendar()
    {
        var seed = Seeds.Next();
        var random = new Random(seed);
        for (var turn = 0; turn < 5000; turn++)
        {
            var date = new DateTime(random.Next(1, 9990), 1, 1).AddDays(random.Next(366));
            var days = (date - DateTime.UnixEpoch).Days;
            var civil = CivilDate.Of(days);
            var where = $"random seed {seed}, turn {turn}: {date:yyyy-MM-dd}";
            Assert.True(civil == new CivilDate(date.Year, date.Month, date.Day) && civil.Days == days, where);
            Assert.True(civil.DayOfYear == date.DayOfYear && CivilDate.DayOfWeek(days) == (int)date.DayOfWeek + 1, where);
            Assert.True(CivilDate.IsoWeek(days) == ISOWeek.GetWeekOfYear(date) && CivilDate.IsoYear(days) == ISOWeek.GetYear(date), where);
            var months = random.Next(-30, 30);
            if (date.Year is > 3 and < 9980) Assert.True(CivilDate.AddMonths(days, months) == (date.AddMonths(months) - DateTime.UnixEpoch).Days, where + $" and {months} months");
        }
    }

    [Theory]
    [InlineData("2024-01-31", "2024-02-29", 1)]
    [InlineData("2024-02-29", "2024-01-31", -1)]
    [InlineData("2020-02-29", "2021-02-28", 12)]
    [InlineData("2024-03-31", "2024-04-29", 0)]
    public void Months_between_are_the_most_that_can_be_added(string from, string to, int months) =>
        Assert.Equal(months, CivilDate.MonthsBetween(Days(from), Days(to)));

    private static int Days(string date) => (DateTime.Parse(date, CultureInfo.InvariantCulture) - DateTime.UnixEpoch).Days;
}
