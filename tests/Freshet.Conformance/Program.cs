using System.Diagnostics;
using System.Globalization;
using Freshet.Conformance.Cases;
using Freshet.Conformance.Fuzzing;
using Freshet.Conformance.Reporting;
using Freshet.Conformance.Running;

var (folder, family, filter, json, verbose, update, fuzz, seed, runs) = ("", "", "", "", false, false, 0, 1, false);
for (var i = 0; i < args.Length; i++)
{
    switch (args[i])
    {
        case "--family": family = args[++i]; break;
        case "--filter": filter = args[++i]; break;
        case "--json": json = args[++i]; break;
        case "--verbose": verbose = true; break;
        case "--update-known": update = true; break;
        case "--fuzz": fuzz = int.Parse(args[++i], CultureInfo.InvariantCulture); break;
        case "--run": runs = true; break;
        case "--seed": seed = int.Parse(args[++i], CultureInfo.InvariantCulture); break;
        default: folder = args[i]; break;
    }
}

if (!Directory.Exists(folder))
{
    Console.Error.WriteLine("Freshet.Conformance <folder> [--family F] [--filter text] [--json out] [--verbose] [--update-known] [--fuzz rounds [--run] [--seed n]]");
    return 2;
}

var started = Stopwatch.GetTimestamp();
var cases = CaseFolder.Read(folder).Where(c => (family.Length == 0 || c.Family == family) && c.Name.Contains(filter, StringComparison.OrdinalIgnoreCase)).ToList();
if (fuzz > 0) return FuzzRun.Run(cases, fuzz, seed, runs, verbose, Console.Out);
var results = cases.Zip(CaseRunner.Run(cases)).ToList();
Report.Write(results, verbose, Console.Out);
if (json.Length > 0) Report.WriteJson(results, json);
if (update && filter.Length == 0) KnownFailures.Write(KnownFailures.SourceFolder(), results);
Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{cases.Count} cases in {Stopwatch.GetElapsedTime(started).TotalSeconds:0.0} s"));
return 0;
