using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Freshet.Commands.Query;

/// <summary>
/// A subscription on the terminal, until it ends: each row on a line with its step and weight, or the messages as they come.
/// <code>
/// step  weight  user_id  orders
/// 41    +1      u1       2
/// 42    -1      u1       2
/// 42    +1      u1       3
/// </code>
/// </summary>
internal static class SubscriptionPrinter
{
    /// <summary>Prints to the end of the stream; false where the server ended it with an error.</summary>
    public static async Task<bool> PrintAsync(Stream messages, bool asJson, TextWriter output, CancellationToken cancellation)
    {
        using var reader = new StreamReader(messages);
        while (await reader.ReadLineAsync(cancellation) is { } line)
        {
            if (asJson)
            {
                await output.WriteLineAsync(line);
                continue;
            }

            var message = JsonNode.Parse(line)!;
            switch (message["type"]!.GetValue<string>())
            {
                case "start":
                    await output.WriteLineAsync("step\tweight\t" + string.Join('\t', message["columns"]!.AsArray().Select(c => c!["name"]!.GetValue<string>())));
                    break;
                case "end":
                    await Console.Error.WriteLineAsync($"freshet: {message["message"]}");
                    return false;
                case "snapshot" or "changes":
                    for (var i = 0; i < message["rows"]!.AsArray().Count; i++)
                    {
                        var weight = message["weights"]![i]!.GetValue<long>().ToString("+0;-0", CultureInfo.InvariantCulture);
                        await output.WriteLineAsync($"{message["step"]}\t{weight}\t{string.Join('\t', message["rows"]![i]!.AsArray().Select(Cell))}");
                    }

                    break;
            }

            await output.FlushAsync(cancellation);
        }

        return true;
    }

    /// <summary>A value without anything that a terminal obeys.</summary>
    private static string Cell(JsonNode? value) => value switch
    {
        null => "NULL",
        JsonValue text when text.GetValueKind() == JsonValueKind.String => new string([.. text.GetValue<string>().Select(c => char.IsControl(c) ? ' ' : c)]),
        _ => value.ToJsonString(),
    };
}
