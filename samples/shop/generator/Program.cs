using System.Globalization;
using System.IO.Compression;
using System.Text;
using ShopGenerator;

if (args.Length != 3 || !int.TryParse(args[0], CultureInfo.InvariantCulture, out var seed) || !int.TryParse(args[1], CultureInfo.InvariantCulture, out var events))
{
    Console.Error.WriteLine("usage: ShopGenerator <seed> <events> <file.jsonl.gz>");
    return 2;
}

using var file = File.Create(args[2]);
using var gzip = new GZipStream(file, CompressionLevel.SmallestSize);
using var writer = new StreamWriter(gzip, new UTF8Encoding(false)) { NewLine = "\n" };
foreach (var line in new Shop(seed).Lines(events)) writer.WriteLine(line);
Console.WriteLine($"{events:N0} lines in {args[2]}");
return 0;
