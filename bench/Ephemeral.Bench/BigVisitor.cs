using System.Buffers.Binary;
using System.Diagnostics;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Ephemeral.Bench;

/// <summary>A page of one file, cut into blobs of 256 KiB as they go over the wire; all visitors share its bytes.</summary>
internal sealed class BigPage
{
    public const int BlobSize = 256 << 10;

    private BigPage(string name, byte[] root, string[] blobs, byte[][] frames)
    {
        (Name, Root, Blobs, Frames) = (name, root, blobs, frames);
        Index = blobs.Index().ToDictionary(blob => blob.Item, blob => blob.Index);
    }

    public string Name { get; }
    public byte[] Root { get; }
    public string[] Blobs { get; }
    /// <summary>As a holder's bytes go over the wire.</summary>
    public byte[][] Frames { get; }
    public Dictionary<string, int> Index { get; }
    public long Bytes => (long)Blobs.Length * BlobSize;

    public static BigPage Of(int mebibytes)
    {
        var blobs = Enumerable.Range(0, mebibytes * 4).Select(_ => BenchVisitor.Blob(BlobSize)).ToList();
        var header = JsonSerializer.SerializeToUtf8Bytes(new
        {
            version = 1,
            kind = "files",
            files = new[] { new { name = "big.bin", type = "", size = (long)blobs.Count * BlobSize, blobs = blobs.Select(blob => blob.Hash) } },
        });
        var length = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, header.Length);
        byte[] root = [0x89, 0x45, 0x50, 0x48, 0x0D, 0x0A, 0x1A, 0x0A, .. length, .. header];
        var hash = SHA256.HashData(root);
        return new BigPage(Convert.ToHexStringLower(hash), [1, .. hash, .. root], [.. blobs.Select(blob => blob.Hash)], [.. blobs.Select(blob => BenchVisitor.Masked(blob.Frame))]);
    }
}

/// <summary>A visitor of a large page: gets its blobs, several at once, checks each, gives what it has, and holds the page in the end.</summary>
/// <param name="page">The page.</param>
/// <param name="givesPerSecond">No more bytes than so many are given in a second; 0 for as fast as they go.</param>
/// <param name="checks">False for one that takes the server's word for each blob, as the clients of a relay that checks nothing must.</param>
internal sealed class BigVisitor(BigPage page, int givesPerSecond = 0, bool checks = true) : IDisposable
{
    private const int Head = 33;
    private const int MaxGets = 16;
    private const int HaveAt = 8;

    private readonly BenchVisitor _visitor = new();
    private readonly bool[] _has = new bool[page.Blobs.Length];
    private readonly List<string> _unsaid = [];
    private readonly TaskCompletionSource _whole = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _holder = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _next;
    private int _got;
    private long _givenAt;

    /// <summary>Blobs besides the root that it was asked for and gave.</summary>
    public int Uploads { get; private set; }

    /// <summary>Bytes of blobs that have come and were checked.</summary>
    public long GotBytes => (long)_got * BigPage.BlobSize;

    /// <summary>Comes with the whole page, and is counted as a holder when this ends.</summary>
    public async Task Hold(Uri server)
    {
        Array.Fill(_has, true);
        await _visitor.Connect(server);
        await _visitor.Say("hold", page.Name);
        _ = Run(bytesPerSecond: 0);
        await _holder.Task.WaitAsync(TimeSpan.FromSeconds(30));
    }

    /// <summary>Comes with nothing; ends when all of the page is here, or with the connection.</summary>
    /// <param name="bytesPerSecond">No more than so many are read; 0 for as fast as they come.</param>
    public async Task Fetch(Uri server, int bytesPerSecond = 0)
    {
        await _visitor.Connect(server);
        await _visitor.Say("want", page.Name);
        _ = Run(bytesPerSecond);
        await _whole.Task;
    }

    public void Dispose() => _visitor.Dispose();

    private async Task Run(int bytesPerSecond)
    {
        var start = Stopwatch.GetTimestamp();
        var received = 0L;
        try
        {
            while (true)
            {
                var (type, bytes) = await _visitor.Receive();
                if (type == WebSocketMessageType.Close)
                    return;
                if (type == WebSocketMessageType.Text)
                    await Heard(bytes);
                else
                    await Received(bytes);
                received += bytes.Length;
                if (bytesPerSecond > 0 && TimeSpan.FromSeconds((double)received / bytesPerSecond) - Stopwatch.GetElapsedTime(start) is { Ticks: > 0 } early)
                    await Task.Delay(early);
            }
        }
        catch (Exception e) when (e is WebSocketException or ObjectDisposedException or IOException or OperationCanceledException)
        {
            // The scenario is over.
        }
        finally
        {
            _whole.TrySetException(new InvalidOperationException("The connection ended before all of the page was here."));
            _ = _whole.Task.Exception;
        }
    }

    private async Task Received(ReadOnlyMemory<byte> frame)
    {
        var hash = Convert.ToHexStringLower(checks ? SHA256.HashData(frame.Span[Head..]) : frame.Span[1..Head]);
        if (hash == page.Name)
        {
            await Say("want", ",\"root\":false");
            for (var i = 0; i < MaxGets; i++)
                await GetNext();
            return;
        }
        // What has another name was changed on the way.
        var index = page.Index[hash];
        if (_has[index])
            return;
        _has[index] = true;
        _got++;
        _unsaid.Add(hash);
        await GetNext();
        if (_got == page.Blobs.Length)
        {
            await _visitor.Say("hold", page.Name);
            _whole.TrySetResult();
        }
        else if (_unsaid.Count >= HaveAt)
        {
            await Say("have", $",\"blobs\":[\"{string.Join("\",\"", _unsaid)}\"]");
            _unsaid.Clear();
        }
    }

    private async Task Heard(ReadOnlyMemory<byte> text)
    {
        using var message = JsonDocument.Parse(text);
        var root = message.RootElement;
        switch (root.GetProperty("type").GetString())
        {
            case "ask" when root.GetProperty("blob").GetString() is var blob:
                if (blob == page.Name)
                {
                    await _visitor.Send(page.Root, WebSocketMessageType.Binary);
                }
                else if (page.Index.TryGetValue(blob!, out var index) && _has[index])
                {
                    Uploads++;
                    // Not awaited: who gives goes on reading, as browsers do.
                    _ = Give(page.Frames[index]);
                }
                else
                {
                    await Say("miss", $",\"blob\":\"{blob}\"");
                }
                break;
            case "status" when root.GetProperty("you").GetString() == "holder":
                _holder.TrySetResult();
                break;
            case "error":
                throw new IOException($"The server says: {Encoding.UTF8.GetString(text.Span)}");
        }
    }

    private async Task Give(byte[] frame)
    {
        if (givesPerSecond > 0)
        {
            // One after the other, each as long as its bytes take.
            var now = Stopwatch.GetTimestamp();
            _givenAt = Math.Max(_givenAt, now) + frame.Length * Stopwatch.Frequency / givesPerSecond;
            await Task.Delay(Stopwatch.GetElapsedTime(now, _givenAt));
        }
        await _visitor.SendMasked(frame);
    }

    private async Task GetNext()
    {
        if (_next < page.Blobs.Length)
            await Say("get", $",\"blob\":\"{page.Blobs[_next++]}\"");
    }

    private Task Say(string type, string more) =>
        _visitor.Send(Encoding.UTF8.GetBytes($$"""{"type":"{{type}}","page":"{{page.Name}}"{{more}}}"""), WebSocketMessageType.Text);
}
