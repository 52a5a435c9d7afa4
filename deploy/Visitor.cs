// A visitor for deploy/try: holds one page and moves on when its node dies or says goodbye.
//   dotnet run deploy/Visitor.cs -- TEXT NODE...      such as http://10.89.0.5:8080
using System.Globalization;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

var root = Encoding.UTF8.GetBytes(args[0]);
var nodes = args[1..];
byte[] frame = [0x01, .. SHA256.HashData(root), .. root];
var page = Convert.ToHexStringLower(SHA256.HashData(root));

Connection? last = null;
for (var turn = 0; ; turn++)
{
    var node = nodes[turn % nodes.Length];
    try
    {
        var connection = await Connection.Open(node, page, frame);
        await connection.Counted.Task.WaitAsync(TimeSpan.FromSeconds(10));
        Say($"is a holder on {node}");
        // After a goodbye the old connection ends when the new one counts: in between both would answer.
        last?.Dispose();
        last = connection;
        if (await connection.Over.Task is { } delay)
        {
            Say($"was told goodbye by {node}: goes in {delay.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture)} s");
            await Task.Delay(delay);
        }
        else
            Say($"lost {node}");
    }
    catch (Exception e) when (e is WebSocketException or HttpRequestException or TimeoutException or OperationCanceledException)
    {
        await Task.Delay(250);
    }
}

static void Say(string what) => Console.WriteLine($"{DateTime.Now:HH:mm:ss.f} the visitor {what}");

internal sealed class Connection : IDisposable
{
    private readonly ClientWebSocket _socket = new();

    /// <summary>Ends when the node counts it as a holder.</summary>
    public TaskCompletionSource Counted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends with the time after which to go, when the node said goodbye, or without, when the connection is lost.</summary>
    public TaskCompletionSource<TimeSpan?> Over { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public static async Task<Connection> Open(string node, string page, byte[] frame)
    {
        var connection = new Connection();
        connection._socket.Options.AddSubProtocol("ephemeral.v1");
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(3));
        await connection._socket.ConnectAsync(new Uri(node.Replace("http", "ws", StringComparison.Ordinal) + "/ws"), patience.Token);
        await connection._socket.SendAsync(Encoding.UTF8.GetBytes($$"""{"type":"hold","page":"{{page}}"}"""), WebSocketMessageType.Text, true, patience.Token);
        _ = connection.Answer(frame);
        return connection;
    }

    public void Dispose() => _socket.Dispose();

    private async Task Answer(byte[] frame)
    {
        var buffer = new byte[64 << 10];
        try
        {
            while (await _socket.ReceiveAsync(buffer, default) is { MessageType: not WebSocketMessageType.Close } received)
            {
                if (received.MessageType != WebSocketMessageType.Text)
                    continue;
                using var message = JsonDocument.Parse(buffer.AsMemory(0, received.Count));
                switch (message.RootElement.GetProperty("type").GetString())
                {
                    case "ask":
                        await _socket.SendAsync(frame, WebSocketMessageType.Binary, true, default);
                        break;
                    case "status" when message.RootElement.GetProperty("you").GetString() == "holder":
                        Counted.TrySetResult();
                        break;
                    case "goodbye":
                        Over.TrySetResult(TimeSpan.FromMilliseconds(message.RootElement.GetProperty("retryAfterMs").GetInt32()));
                        break;
                }
            }
        }
        catch (Exception e) when (e is WebSocketException or ObjectDisposedException or OperationCanceledException)
        {
            // Over says it.
        }
        Over.TrySetResult(null);
    }
}
