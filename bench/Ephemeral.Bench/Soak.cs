using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;

namespace Ephemeral.Bench;

/// <summary>Churn, crowds, liars and reconnects for an hour, on one process and then on a silo with two web nodes: nothing may be left over and nothing may grow.</summary>
internal static class Soak
{
    private const int Tabs = 60;
    private static readonly int[] Sizes = [0, 300, 20_000, 200_000];

    private sealed class Tally
    {
        public long Visits, Blobs, WrongBytes, Failed, Lies;
        public ConcurrentDictionary<string, long> Got { get; } = [];
    }

    public static async Task Run(Report report, bool isShort)
    {
        var time = TimeSpan.FromMinutes(isShort ? 0.5 : 30);
        report.Begin("soak", $"{Tabs} tabs come, hold, fetch and go for {time.TotalMinutes:0.#} minutes on each, with a liar, a reader that stops and a crowd now and then; then all are gone",
            "on", "visits", "blobs", "wrong bytes", "failed", "lies", "MiB early", "MiB late", "sockets", "pages", "grains", "unobserved");
        var ports = FreePorts(5);
        {
            await using var server = await Server.Start($"--Ephemeral:ManagementUrl=http://127.0.0.1:{ports[0]}");
            await Measure(report, "one process", [server], [server], [Management(ports[0])], Management(ports[0]), time);
        }
        await using var silo = await Server.StartSilo($"--Orleans:Endpoints:SiloPort={ports[1]}", $"--Orleans:Endpoints:GatewayPort={ports[2]}");
        string[] client = ["--Ephemeral:Silo=external", $"--Orleans:Endpoints:GatewayPort={ports[2]}", "--Ephemeral:DrainTime=00:00:00"];
        await using var a = await Server.Start([.. client, $"--Ephemeral:ManagementUrl=http://127.0.0.1:{ports[3]}"]);
        await using var b = await Server.Start([.. client, $"--Ephemeral:ManagementUrl=http://127.0.0.1:{ports[4]}"]);
        await Measure(report, "a cluster", [silo, a, b], [a, b], [Management(ports[3]), Management(ports[4])], silo.Address, time);
    }

    private static async Task Measure(Report report, string on, Server[] all, Server[] nodes, Uri[] managements, Uri silo, TimeSpan time)
    {
        var tally = new Tally();
        using var over = new CancellationTokenSource(time);
        var shared = new ConcurrentDictionary<int, (string Hash, byte[] Frame)>();
        var tabs = Enumerable.Range(0, Tabs).Select(i => Live(new Random(i), nodes, shared, tally, over.Token)).Append(Misbehave(nodes, shared, tally, over.Token)).ToList();
        // Caches and the heap have their size after a third of the time; from then on it stays.
        await Task.Delay(time / 3);
        var early = await Settled(all);
        await Task.WhenAll(tabs);
        var late = await Settled(all);

        async Task<double> Sum(string name) => (await Task.WhenAll(managements.Select(management => Numbers.Of(management, name)))).Sum();
        var gone = await Numbers.Until(async () => await Sum("ephemeral_visitors") + await Sum("ephemeral_node_pages") + await Sum("ephemeral_queued_bytes") + await Sum("ephemeral_blob_memory_bytes")
            + await Numbers.Of(silo, "ephemeral_grains") == 0, TimeSpan.FromSeconds(60));
        var unobserved = await Sum("ephemeral_unobserved_exceptions_total");
        report.Row(("on", on), ("visits", tally.Visits), ("blobs", tally.Blobs), ("wrong_bytes", tally.WrongBytes), ("failed", tally.Failed), ("lies", tally.Lies),
            ("mib_early", Math.Round(early)), ("mib_late", Math.Round(late)), ("sockets", await Sum("ephemeral_visitors")), ("pages", await Sum("ephemeral_node_pages")),
            ("grains", await Numbers.Of(silo, "ephemeral_grains")), ("unobserved", unobserved));
        report.Promise(tally.WrongBytes == 0, $"{on}: no wrong bytes");
        report.Promise(tally.Failed == 0 && tally.Blobs > 0, $"{on}: every page with a holder comes");
        report.Promise(gone, $"{on}: no socket, page, grain or queued byte is left over");
        report.Promise(late < (early * 1.25) + 48, $"{on}: the memory stays what it was");
        report.Promise(unobserved == 0, $"{on}: no exception that nobody looked at");
        report.Promise(all.All(server => !server.HasExited), $"{on}: all processes go on");
    }

    // One tab after the other: makes a page and holds it, or opens one that somebody holds, holds it for a while, and goes, politely or not.
    private static async Task Live(Random random, Server[] nodes, ConcurrentDictionary<int, (string Hash, byte[] Frame)> shared, Tally tally, CancellationToken over)
    {
        while (!over.IsCancellationRequested)
        {
            var slot = random.Next(12);
            using var tab = new BenchVisitor();
            try
            {
                await tab.Connect(nodes[random.Next(nodes.Length)].Address).WaitAsync(TimeSpan.FromSeconds(30), CancellationToken.None);
                Interlocked.Increment(ref tally.Visits);
                var page = shared.TryGetValue(slot, out var known) && random.Next(8) > 0 ? known : BenchVisitor.Blob(Sizes[random.Next(Sizes.Length)]);
                if (page == known)
                {
                    await tab.Say("want", page.Hash);
                    await tab.ReceiveBlob(page.Hash).WaitAsync(TimeSpan.FromSeconds(30), CancellationToken.None);
                    Interlocked.Increment(ref tally.Blobs);
                }
                var holding = tab.Hold(page.Hash, page.Frame);
                if (page != known)
                {
                    // One of those whose page is open to the others stays until the end of it.
                    shared[slot] = page;
                    await Task.WhenAny(holding, Task.Delay(random.Next(2000, 6000), over));
                    shared.TryRemove(new KeyValuePair<int, (string, byte[])>(slot, page));
                    // Who has just begun to fetch it does not find it gone.
                    await Task.WhenAny(holding, Task.Delay(1000, CancellationToken.None));
                }
                else
                {
                    await Task.WhenAny(holding, Task.Delay(random.Next(500), over));
                }
            }
            catch (InvalidOperationException e) when (e.Message.Contains("wrong bytes", StringComparison.Ordinal))
            {
                Interlocked.Increment(ref tally.WrongBytes);
            }
            catch (Exception e) when (e is TimeoutException or IOException or SocketException or WebSocketException or InvalidOperationException)
            {
                Interlocked.Increment(ref tally.Failed);
            }
        }
    }

    private static async Task Misbehave(Server[] nodes, ConcurrentDictionary<int, (string Hash, byte[] Frame)> shared, Tally tally, CancellationToken over)
    {
        for (var i = 0; !over.IsCancellationRequested; i++)
        {
            using var liar = new Attacker(tally.Got);
            using var deaf = new Attacker(tally.Got);
            var node = nodes[i % nodes.Length].Address;
            liar.Asked = blob =>
            {
                Interlocked.Increment(ref tally.Lies);
                return liar.Frame(0x82, [1, .. Convert.FromHexString(blob), 1, 2, 3]);
            };
            if (await liar.Connect(node) && await deaf.Connect(node, reads: false))
                foreach (var (_, page) in shared)
                {
                    await liar.Say("hold", page.Hash);
                    await deaf.Say("want", page.Hash);
                }
            await Task.WhenAny(Task.Delay(500, over));
        }
    }

    // The least of several looks: what is taken for a moment is no leak.
    private static async Task<double> Settled(Server[] servers)
    {
        var least = double.MaxValue;
        for (var i = 0; i < 10; i++, await Task.Delay(300))
            least = Math.Min(least, servers.Sum(server => server.MiB));
        return least;
    }

    private static Uri Management(int port) => new($"http://127.0.0.1:{port}");

    private static int[] FreePorts(int count)
    {
        var listeners = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        listeners.ForEach(listener => listener.Start());
        var ports = listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port).ToArray();
        listeners.ForEach(listener => listener.Stop());
        return ports;
    }
}
