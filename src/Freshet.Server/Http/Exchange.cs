using System.Buffers;
using System.IO.Compression;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Freshet.Server.Http;

/// <summary>How reading a request's body ended.</summary>
internal enum BodyResult
{
    Complete,
    TooLarge,
    NotDecompressible,
    UnknownEncoding,
}

/// <summary>
/// One request and its answer, over the server's features without a layer between. Lives as long as its connection and is
/// used for one request after another; nothing of it may be kept beyond the request.
/// The body is read whole into an array of the pool, which goes back when the request ends.
/// </summary>
internal sealed class Exchange
{
    private IFeatureCollection _features = null!;
    private IHttpResponseBodyFeature _responseBody = null!;
    private byte[] _body = [];

    public IHttpRequestFeature Request { get; private set; } = null!;

    public IHttpResponseFeature Response { get; private set; } = null!;

    public string Path => Request.Path;

    public string Method => Request.Method;

    public IHeaderDictionary Headers => Request.Headers;

    /// <summary>The body as decompressed; valid until the request ends.</summary>
    public ReadOnlyMemory<byte> Body => _body.AsMemory(0, BodyLength);

    public int BodyLength { get; private set; }

    /// <summary>The Authorization header last seen on this connection and what it meant, so that it is decoded once.</summary>
    public (string? Header, object? Meaning) SeenAuthorization { get; set; }

    /// <summary>When the server began to work on the request (clock of <see cref="System.Diagnostics.Stopwatch"/>).</summary>
    public long StartedAt { get; private set; }

    /// <summary>The client's port; tells connections of one machine apart.</summary>
    public int RemotePort => _features.Get<IHttpConnectionFeature>()!.RemotePort;

    public System.Net.IPAddress? RemoteAddress => _features.Get<IHttpConnectionFeature>()!.RemoteIpAddress;

    public CancellationToken Aborted => _features.Get<IHttpRequestLifetimeFeature>()!.RequestAborted;

    public PipeWriter Writer => _responseBody.Writer;

    public bool HasStarted => Response.HasStarted;

    public void Begin(IFeatureCollection features)
    {
        _features = features;
        Request = features.Get<IHttpRequestFeature>()!;
        Response = features.Get<IHttpResponseFeature>()!;
        _responseBody = features.Get<IHttpResponseBodyFeature>()!;
        BodyLength = 0;
        StartedAt = System.Diagnostics.Stopwatch.GetTimestamp();
    }

    public void End()
    {
        if (_body.Length > 0) ArrayPool<byte>.Shared.Return(_body);
        _body = [];
        BodyLength = 0;
    }

    /// <summary>The value of a query parameter, decoded, or null; the first where it is given more often.</summary>
    public string? Query(string name)
    {
        if (Request.QueryString.Length < 2) return null;
        foreach (var pair in new Microsoft.AspNetCore.WebUtilities.QueryStringEnumerable(Request.QueryString))
            if (pair.DecodeName().Span.SequenceEqual(name)) return pair.DecodeValue().ToString();
        return null;
    }

    /// <summary>Reads the body, decompressed where it is gzip (by header or by its first bytes), up to <paramref name="maxBytes"/>.</summary>
    public async ValueTask<BodyResult> ReadBodyAsync(int maxBytes)
    {
        var encoding = Headers.ContentEncoding;
        var isGzip = encoding.Count > 0 && encoding[0]!.Contains("gzip", StringComparison.OrdinalIgnoreCase);
        if (!isGzip && encoding.Count > 0 && encoding[0] is not ("" or "identity")) return BodyResult.UnknownEncoding;
        if (Headers.ContentLength > maxBytes) return BodyResult.TooLarge;
        var reader = _features.Get<IRequestBodyPipeFeature>()!.Reader;
        while (true)
        {
            var result = await reader.ReadAsync();
            var buffer = result.Buffer;
            var fits = BodyLength + buffer.Length <= maxBytes;
            if (fits) Take(buffer, maxBytes);
            reader.AdvanceTo(buffer.End);
            if (!fits) return BodyResult.TooLarge;
            if (result.IsCompleted) break;
        }

        if (isGzip || (BodyLength > 2 && _body[0] == 0x1F && _body[1] == 0x8B))
        {
            var unpacked = Decompress(maxBytes);
            if (unpacked != BodyResult.Complete) return unpacked;
        }

        DropByteOrderMark();
        return BodyResult.Complete;
    }

    private void DropByteOrderMark()
    {
        var body = _body.AsSpan(0, BodyLength);
        if (!body.StartsWith("\uFEFF"u8)) return;
        body[3..].CopyTo(body);
        BodyLength -= 3;
    }

    /// <summary>Sets the status, the type and the length, and writes the bytes. The one way to give a short answer.</summary>
    public void Answer(int status, string contentType, ReadOnlySpan<byte> content)
    {
        Response.StatusCode = status;
        var headers = Response.Headers;
        headers.ContentType = contentType;
        headers.ContentLength = content.Length;
        var writer = Writer;
        while (content.Length > 0)
        {
            // The server's writer gives no memory unless it is told how much.
            var part = content[..Math.Min(content.Length, 4096)];
            part.CopyTo(writer.GetSpan(part.Length));
            writer.Advance(part.Length);
            content = content[part.Length..];
        }
    }

    public void AnswerJson(int status, ReadOnlySpan<byte> json) => Answer(status, "application/json", json);

    /// <summary>Whether the client asks to go on in another protocol, and the server can.</summary>
    public bool CanUpgrade => _features.Get<IHttpUpgradeFeature>()?.IsUpgradableRequest == true;

    /// <summary>Answers 101 and gives the connection; the headers are set before.</summary>
    public Task<Stream> UpgradeAsync() => _features.Get<IHttpUpgradeFeature>()!.UpgradeAsync();

    /// <summary>Cuts the connection without an answer, or in the middle of one.</summary>
    public void Abort() => _features.Get<IHttpRequestLifetimeFeature>()!.Abort();

    /// <summary>Begins an answer whose length is not known; the caller writes to <see cref="Writer"/> and flushes.</summary>
    public Task BeginAnswerAsync(int status, string contentType)
    {
        Response.StatusCode = status;
        Response.Headers.ContentType = contentType;
        return _responseBody.StartAsync();
    }

    private void Take(in ReadOnlySequence<byte> buffer, int maxBytes)
    {
        var needed = BodyLength + (int)buffer.Length;
        if (needed > _body.Length) Grow(Math.Max(needed, (int)Math.Min(Headers.ContentLength ?? 0, maxBytes)));
        buffer.CopyTo(_body.AsSpan(BodyLength));
        BodyLength = needed;
    }

    private void Grow(int bytes)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(bytes, _body.Length * 2));
        _body.AsSpan(0, BodyLength).CopyTo(larger);
        if (_body.Length > 0) ArrayPool<byte>.Shared.Return(_body);
        _body = larger;
    }

    private BodyResult Decompress(int maxBytes)
    {
        var packed = _body;
        using var source = new MemoryStream(packed, 0, BodyLength, writable: false);
        _body = ArrayPool<byte>.Shared.Rent(Math.Min(maxBytes + 1, Math.Max(4096, BodyLength * 4)));
        BodyLength = 0;
        try
        {
            using var gzip = new GZipStream(source, CompressionMode.Decompress);
            while (true)
            {
                if (BodyLength == _body.Length) Grow(_body.Length + 1);
                var read = gzip.Read(_body, BodyLength, _body.Length - BodyLength);
                if (read == 0) return BodyResult.Complete;
                BodyLength += read;
                if (BodyLength > maxBytes) return BodyResult.TooLarge;
            }
        }
        catch (InvalidDataException)
        {
            return BodyResult.NotDecompressible;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(packed);
        }
    }
}
