using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using Freshet.Server.Http;

namespace Freshet.Server.Subscriptions;

/// <summary>A subscription over a WebSocket (RFC 6455): each message is one text frame. What the client sends is read and dropped; a close ends it.</summary>
internal static class WebSocketAnswer
{
    private const int FrameBytesMax = 4096;

    public static async ValueTask WriteAsync(Exchange exchange, Subscription subscription)
    {
        var key = exchange.Headers.SecWebSocketKey.ToString();
        if (exchange.Headers.SecWebSocketVersion != "13" || key.Length != 24)
        {
            exchange.Response.Headers.SecWebSocketVersion = "13";
            new Refusal(426, "websocket_version", "Only version 13 of the WebSocket protocol is spoken.").Write(exchange);
            return;
        }

        var headers = exchange.Response.Headers;
        headers.Connection = "Upgrade";
        headers.Upgrade = "websocket";
#pragma warning disable CA5350 // The protocol names SHA-1; nothing is protected by it.
        headers.SecWebSocketAccept = Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
#pragma warning restore CA5350
        await using var stream = await exchange.UpgradeAsync();
        using var socket = WebSocket.CreateFromStream(stream, new WebSocketCreationOptions { IsServer = true, KeepAliveInterval = TimeSpan.FromSeconds(15), KeepAliveTimeout = TimeSpan.FromSeconds(30) });
        using var closed = CancellationTokenSource.CreateLinkedTokenSource(exchange.Aborted);
        var reading = ReadAsync(socket, closed);
        try
        {
            await foreach (var message in subscription.ReadAsync(closed.Token))
            {
                using var patience = CancellationTokenSource.CreateLinkedTokenSource(closed.Token);
                patience.CancelAfter(SubscribeRoutes.WriteTimeMax);
                await socket.SendAsync(message.Json, WebSocketMessageType.Text, endOfMessage: true, patience.Token);
            }

            using var farewell = new CancellationTokenSource(TimeSpan.FromSeconds(1));
            if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
                await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, farewell.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or WebSocketException or IOException)
        {
            socket.Abort();
        }

        await closed.CancelAsync();
        await reading;
    }

    /// <summary>Ends with the client's close, or with the connection.</summary>
    private static async Task ReadAsync(WebSocket socket, CancellationTokenSource closed)
    {
        var frame = new byte[FrameBytesMax];
        try
        {
            while ((await socket.ReceiveAsync(frame.AsMemory(), closed.Token)).MessageType != WebSocketMessageType.Close)
            {
            }
        }
        catch (Exception e) when (e is OperationCanceledException or WebSocketException or IOException or ObjectDisposedException)
        {
            // The connection is gone.
        }

        await closed.CancelAsync();
    }
}
