using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;

namespace Freshet.Load;

/// <summary>
/// One keep-alive connection of a load generator: sends requests that are ready as bytes and reads answers with a
/// Content-Length. Costs a small part of what a general client does, so that one machine can hold both sides. HTTP/1.1 without TLS;
/// one request at a time.
/// </summary>
internal sealed class LoadConnection : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private byte[] _buffer = new byte[2048];
    private int _bodyStart;
    private int _bodyLength;

    /// <summary>The body of the last answer.</summary>
    public ReadOnlySpan<byte> Body => _buffer.AsSpan(_bodyStart, _bodyLength);

    /// <summary>This side's port, by which the server sees the connection.</summary>
    public int LocalPort => ((IPEndPoint)_socket.LocalEndPoint!).Port;

    public ValueTask ConnectAsync(IPEndPoint server, CancellationToken cancellation) => _socket.ConnectAsync(server, cancellation);

    /// <summary>Sends a request and reads its answer; the status.</summary>
    /// <exception cref="IOException">The server closed the connection before the answer was whole.</exception>
    public async ValueTask<int> SendAsync(ReadOnlyMemory<byte> request, CancellationToken cancellation)
    {
        while (request.Length > 0) request = request[await _socket.SendAsync(request, SocketFlags.None, cancellation)..];
        var filled = 0;
        while (true)
        {
            var read = await _socket.ReceiveAsync(_buffer.AsMemory(filled), SocketFlags.None, cancellation);
            if (read == 0) throw new IOException("The server closed the connection.");
            filled += read;
            if (TryFrame(filled, out var needed)) return Status();
            if (needed > _buffer.Length) Array.Resize(ref _buffer, needed);
            else if (filled == _buffer.Length) Array.Resize(ref _buffer, filled * 2);
        }
    }

    public void Dispose() => _socket.Dispose();

    /// <summary>The bytes of a POST with a body of JSON.</summary>
    public static byte[] Post(string path, string host, string key, ReadOnlySpan<byte> body)
    {
        var authorization = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(key + ":"));
        var head = System.Text.Encoding.ASCII.GetBytes($"POST {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Basic {authorization}\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n");
        return [.. head, .. body];
    }

    private bool TryFrame(int filled, out int needed)
    {
        needed = 0;
        var answer = _buffer.AsSpan(0, filled);
        var end = answer.IndexOf("\r\n\r\n"u8);
        if (end < 0) return false;
        var head = answer[..end];
        var at = head.IndexOf("Content-Length: "u8);
        _bodyLength = at >= 0 && Utf8Parser.TryParse(head[(at + 16)..], out int length, out _) ? length : 0;
        _bodyStart = end + 4;
        needed = _bodyStart + _bodyLength;
        return filled >= needed;
    }

    private int Status() => (_buffer[9] - '0') * 100 + (_buffer[10] - '0') * 10 + _buffer[11] - '0';
}
