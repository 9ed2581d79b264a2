namespace Freshet.Kernels.Times;

/// <summary>The units of EXTRACT, FLOOR, TIMESTAMPADD and their like; the names are SQL's.</summary>
public enum TimeUnit : byte
{
    Year,
    Quarter,
    Month,
    Week,
    Day,
    Hour,
    Minute,
    Second,
    Millisecond,
    Microsecond,
    Nanosecond,
    Doy,
    Dow,
    IsoDow,
    IsoYear,
    Epoch,
    Decade,
    Century,
    Millennium,
}
