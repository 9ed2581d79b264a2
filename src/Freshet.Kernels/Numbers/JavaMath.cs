namespace Freshet.Kernels.Numbers;

/// <summary>java.lang.Math where it differs from System.Math.</summary>
public static class JavaMath
{
    private const double Ln2 = 0.6931471805599453;

    /// <summary>A NaN as exponent is NaN, and so is 1 or -1 to the power of an infinity.</summary>
    public static double Pow(double x, double y) => double.IsNaN(y) || (Math.Abs(x) == 1 && double.IsInfinity(y)) ? double.NaN : Math.Pow(x, y);

    public static double Signum(double x) => x > 0 ? 1 : x < 0 ? -1 : x;

    public static double Log(double b, double x) => Math.Log(x) / Math.Log(b);

    public static double Log2(double x) => Math.Log(x) / Math.Log(2);

    public static double Cot(double x) => 1.0 / Math.Tan(x);

    /// <summary>From 0.35 to 22 by e to the x as fdlibm computes it, which is what Java's cosh is made of; its last bit differs from the C library's.</summary>
    public static double Cosh(double x)
    {
        var magnitude = Math.Abs(x);
        if (!(magnitude >= 0.5 * Ln2) || magnitude >= 22) return Math.Cosh(x);
        var t = Exp(magnitude);
        return 0.5 * t + 0.5 / t;
    }

    public static double ToDegrees(double x) => x * 57.29577951308232;

    public static double ToRadians(double x) => x * 0.017453292519943295;

    /// <summary>fdlibm's e_exp.c (Sun Microsystems, 1993) for arguments that are neither tiny nor near overflow.</summary>
    private static double Exp(double x)
    {
        var k = (int)(1.44269504088896338700 * x + (x < 0 ? -0.5 : 0.5));
        if (Math.Abs(x) < 1.5 * Ln2) k = Math.Sign(x);
        var high = x - k * 6.93147180369123816490e-01;
        var low = k * 1.90821492927058770002e-10;
        x = high - low;
        var t = x * x;
        var c = x - t * (1.66666666666666019037e-01 + t * (-2.77777777770155933842e-03 + t * (6.61375632143793436117e-05 + t * (-1.65339022054652515390e-06 + t * 4.13813679705723846039e-08))));
        return Math.ScaleB(1.0 - (low - x * c / (2.0 - c) - high), k);
    }
}
