using System.CommandLine;
using System.Globalization;
using Freshet.Commands.Remote;
using Freshet.Server;

namespace Freshet.Commands.Send;

/// <summary>freshet send: replays a file of events into a running server.</summary>
internal static class SendCommand
{
    public static Command Build()
    {
        var file = new Argument<string>("file") { Description = "Events in Segment's form, one JSON object a line (.jsonl, .jsonl.gz, - for standard input)." };
        var rate = new Option<double?>("--rate") { Description = "Events a second; default as fast as the server takes them.", HelpName = "N" };
        var speed = new Option<string?>("--speed") { Description = "Keep the distances of the events' timestamps, this many times as fast, e.g. 60x.", HelpName = "Nx" };
        var url = ServerOptions.NewUrl();
        var key = new Option<string>("--key") { Description = "The write key.", DefaultValueFactory = _ => Environment.GetEnvironmentVariable("FRESHET_WRITE_KEY") ?? "", HelpName = "KEY" };
        var connections = new Option<int>("--connections") { Description = "Requests at once; the events of a user stay in order.", DefaultValueFactory = _ => 4, HelpName = "N" };
        var batch = new Option<int>("--batch") { Description = "Most events of a request.", DefaultValueFactory = _ => 100, HelpName = "N" };
        var json = new Option<bool>("--json") { Description = "Print the summary as one JSON object." };
        var command = new Command("send", "Replay a file of events into a running server.") { file, rate, speed, url, key, connections, batch, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            var plan = new SendPlan(parsed.GetValue(file)!, ServerOptions.Address(parsed.GetValue(url)!), parsed.GetValue(key)!)
            {
                EventsPerSecond = Positive(parsed.GetValue(rate), "--rate"),
                Speed = Speed(parsed.GetValue(speed)),
                Connections = Between(parsed.GetValue(connections), 1, 256, "--connections"),
                BatchEvents = Between(parsed.GetValue(batch), 1, 2500, "--batch"),
            };
            if (plan.EventsPerSecond is not null && plan.Speed is not null)
                throw new UserException("usage", "--rate and --speed say the pace in two ways; give one of them.");
            if (plan.Key.Length == 0)
                throw new UserException("usage", "The write key is missing; give --key or set FRESHET_WRITE_KEY.");
            return await SendProgress.RunAsync(plan, parsed.GetValue(json), cancellation);
        });
        ExamplesHelp.Attach(command, ["freshet send events.jsonl --key wk_shop", "freshet send events.jsonl.gz --speed 60x --key wk_shop", "freshet send events.jsonl --rate 5000 --url http://127.0.0.1:8080 --key wk_shop"]);
        return command;
    }

    private static double? Positive(double? value, string option) =>
        value is <= 0 ? throw new UserException("usage", $"{option} must be above 0.") : value;

    private static int Between(int value, int min, int max, string option) =>
        value >= min && value <= max ? value : throw new UserException("usage", $"{option} must be from {min} to {max}.");

    private static double? Speed(string? text) => text is null ? null
        : double.TryParse(text.TrimEnd('x'), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var speed) && speed > 0 ? speed
        : throw new UserException("usage", $"--speed is \"{text}\" but must be a factor such as 1x, 60x or 0.5x.");
}
