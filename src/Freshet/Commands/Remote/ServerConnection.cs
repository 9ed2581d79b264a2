using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Freshet.Server;

namespace Freshet.Commands.Remote;

/// <summary>
/// A running server, asked over its public API. What goes wrong on the way is a <see cref="UserException"/> of one sentence: no
/// server, no right, an answer cut off, a server that is not Freshet's, or the server's own sentence with its place.
/// </summary>
internal sealed class ServerConnection : IDisposable
{
    private readonly HttpClient _client;

    public ServerConnection(Uri address, string? token)
    {
        Address = address;
        _client = new HttpClient { BaseAddress = address, Timeout = Timeout.InfiniteTimeSpan };
        if (token is not null) _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    public Uri Address { get; }

    public void Dispose() => _client.Dispose();

    /// <summary>The answer to a GET.</summary>
    public Task<JsonDocument> GetAsync(string path, CancellationToken cancellation) => JsonAsync(() => new HttpRequestMessage(HttpMethod.Get, path), cancellation);

    /// <summary>The answer to a POST without a body.</summary>
    public Task<JsonDocument> PostAsync(string path, CancellationToken cancellation) => JsonAsync(() => new HttpRequestMessage(HttpMethod.Post, path), cancellation);

    /// <summary>The answer to a POST of SQL; a mistake in it is told with its place in <paramref name="file"/>.</summary>
    public Task<JsonDocument> PostAsync(string path, string sql, string file, CancellationToken cancellation) =>
        AskAsync(() => new HttpRequestMessage(HttpMethod.Post, path) { Content = Sql(sql) }, (_, body) => JsonDocument.ParseAsync(body, default, cancellation), cancellation, file + ":");

    /// <summary>The answer to a statement that is not a subscription: columns and rows.</summary>
    public Task<JsonDocument> SqlAsync(string statement, CancellationToken cancellation) => JsonAsync(() => Statement(statement, null), cancellation);

    /// <summary>A statement's answer as the server sends it, given to <paramref name="read"/> while it comes.</summary>
    /// <param name="accept">The form asked for; JSON unless told.</param>
    public Task<T> SqlAsync<T>(string statement, string? accept, Func<HttpContent, Stream, Task<T>> read, CancellationToken cancellation) =>
        AskAsync(() => Statement(statement, accept), read, cancellation);

    /// <summary>A GET whose answer is read while it comes.</summary>
    public Task<T> StreamAsync<T>(string path, Func<HttpContent, Stream, Task<T>> read, CancellationToken cancellation) => AskAsync(() => new HttpRequestMessage(HttpMethod.Get, path), read, cancellation);

    private static HttpRequestMessage Statement(string sql, string? accept)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/api/sql") { Content = Sql(sql) };
        if (accept is not null) request.Headers.Accept.ParseAdd(accept);
        return request;
    }

    private static StringContent Sql(string text) => new(text, Encoding.UTF8, "text/plain");

    private Task<JsonDocument> JsonAsync(Func<HttpRequestMessage> request, CancellationToken cancellation) =>
        AskAsync(request, (_, body) => JsonDocument.ParseAsync(body, default, cancellation), cancellation);

    private async Task<T> AskAsync<T>(Func<HttpRequestMessage> make, Func<HttpContent, Stream, Task<T>> read, CancellationToken cancellation, string file = "")
    {
        using var request = make();
        try
        {
            using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
            await using var body = await response.Content.ReadAsStreamAsync(cancellation);
            if (!response.IsSuccessStatusCode) throw await RefusedAsync((int)response.StatusCode, body, file, cancellation);
            return await read(response.Content, body);
        }
        catch (HttpRequestException e)
        {
            throw new UserException("server_unavailable", $"{Address} does not answer ({HttpFailure.Reason(e)}); start it with `freshet run`, or give --url.", UserException.Failed);
        }
        catch (IOException e) when (e is HttpIOException or { InnerException: not null })
        {
            // What is cut off is no answer: a shorter one would be taken for the whole.
            throw new UserException("answer_cut", "The answer ended in the middle: the query met a limit of the server (limits.queryTime, limits.queryBytes), or the server went away.", UserException.Failed);
        }
        catch (JsonException)
        {
            throw new UserException("not_freshet", $"{Address} gives an answer that is not Freshet's; check --url.", UserException.Failed);
        }
    }

    private static async Task<UserException> RefusedAsync(int status, Stream body, string file, CancellationToken cancellation)
    {
        using var answer = await JsonDocument.ParseAsync(body, default, cancellation);
        var refusal = answer.RootElement;
        var place = refusal.TryGetProperty("line", out var line) ? $"{file}{line}:{refusal.GetProperty("column")}: " : "";
        var code = refusal.TryGetProperty("code", out var name) && name.ValueKind == JsonValueKind.String ? name.GetString()! : "refused";
        return new UserException(code, place + (refusal.TryGetProperty("message", out var text) ? text.GetString() : $"The server answers {status}."), UserException.Failed);
    }
}
