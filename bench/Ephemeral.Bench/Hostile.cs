using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace Ephemeral.Bench;

/// <summary>One attack after the other on one process, with normal visitors beside: what was tried, what it got, and what they noticed.</summary>
internal static class Hostile
{
    private const int PageBytes = 64 << 10;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Whole = TimeSpan.FromMinutes(1);
    // What a node asks for in a second to prove claims, twice for the first one, and those that are open besides.
    private const int MostProofs = (2 * (16 << 20) / PageBytes) + 128;

    private sealed record Stage(Uri Server, string Page, byte[] Frame, ConcurrentDictionary<string, long> Got, bool IsShort, Action<bool, string> Promise, CancellationToken Over)
    {
        public Attacker New() => new(Got);

        /// <summary>As many attackers at once, each doing the same until the attack is over. What they count together.</summary>
        public async Task<long> All(int count, Func<Attacker, Task<long>> attack, bool reads = true) => (await Task.WhenAll(Enumerable.Range(0, count).Select(async _ =>
        {
            using var attacker = New();
            return await attacker.Connect(Server, reads) ? await attack(attacker) : 0;
        }))).Sum();

        /// <summary>The same thing again and again on one connection, and on a new one when that has ended.</summary>
        public async Task<long> Again(int most, Func<Attacker, Task> once)
        {
            var count = 0L;
            while (count < most && !Over.IsCancellationRequested)
            {
                using var attacker = New();
                if (!await attacker.Connect(Server))
                    return count;
                for (; count < most && !attacker.IsOver && !Over.IsCancellationRequested; count++)
                    await once(attacker);
            }
            return count;
        }

        public async Task Rest()
        {
            try
            {
                await Task.Delay(Timeout.Infinite, Over);
            }
            catch (OperationCanceledException)
            {
                // The attack is over.
            }
        }
    }

    private static readonly (string Name, Func<Stage, Task<long>> Run)[] Attacks =
    [
        ("frames and messages by a grammar of mistakes", Fuzz),
        ("handshakes that trickle", SlowHandshakes),
        ("messages that trickle", SlowMessages),
        ("parts without end", EndlessParts),
        ("pings without end", Pings),
        ("a million pages wanted", ManyPages),
        ("pages wanted and let go of", Passers),
        ("names that begin alike", AlikeNames),
        ("holders that lie", Liars),
        ("200 mute claims, and the holder made to miss", Mutes),
        ("200 false claims and a true one", FalseClaims),
        ("holders that trickle", Tricklers),
        ("gets of what there is not", Nonsense),
        ("answers twice and unasked", Unasked),
        ("readers that never read", NeverReaders),
        ("joins and leaves of one page", JoinsAndLeaves),
        ("connections from one address", OneAddress),
        ("holders that come back at once", Reconnects),
    ];

    public static async Task Run(Report report, bool isShort)
    {
        report.Begin("hostile", $"each attack lasts {(isShort ? "2.5 s" : "a minute, the first one six")}; beside it a visitor after the other opens a 64 KiB page that one holder has; after it the same, and the memory once more",
            "attack", "tried", "normal", "failed", "p50 ms", "p99 ms", "max ms", "after p50", "before MiB", "after MiB", "got");
        var management = new Uri($"http://127.0.0.1:{FreePort()}");
        await using var server = await Server.Start($"--Ephemeral:ManagementUrl={management.ToString().TrimEnd('/')}", "--Ephemeral:AnswerTime=00:00:05", "--Ephemeral:NewVisitorsPerSecond=100000");
        await Visit(server.Address, TimeSpan.FromSeconds(isShort ? 3 : 10));
        foreach (var (name, run) in Attacks)
            await Measure(report, server, management, name, run, isShort);
    }

    private static async Task Measure(Report report, Server server, Uri management, string name, Func<Stage, Task<long>> attack, bool isShort)
    {
        var calm = await Visit(server.Address, TimeSpan.FromSeconds(0.5));
        var before = server.MiB;
        var got = new ConcurrentDictionary<string, long>();
        var (page, frame) = BenchVisitor.Blob(PageBytes);
        using var holder = await Holder(server.Address, page, frame);
        using var over = new CancellationTokenSource(isShort ? TimeSpan.FromSeconds(2.5) : TimeSpan.FromMinutes(attack == Fuzz ? 6 : 1));
        var visiting = Visit(server.Address, page, frame, over.Token);
        var attacking = attack(new Stage(server.Address, page, frame, got, isShort, (kept, what) => report.Promise(kept, $"{name}: {what}"), over.Token));
        var (waits, failed) = await visiting;
        var tried = await attacking;

        var after = await Visit(server.Address, TimeSpan.FromSeconds(1));
        var gone = await Numbers.Until(async () => await Numbers.Of(management, "ephemeral_visitors") <= 1, TimeSpan.FromSeconds(20));
        var back = await Numbers.Until(() => Task.FromResult(server.MiB < before + 96), TimeSpan.FromSeconds(20));
        report.Row(("attack", name), ("tried", tried), ("normal", waits.Count), ("failed", failed), ("p50_ms", Report.At(waits, 0.5)), ("p99_ms", Report.At(waits, 0.99)),
            ("max_ms", Report.At(waits, 1)), ("after_p50_ms", Report.At(after.Waits, 0.5)), ("before_mib", Math.Round(before)), ("after_mib", Math.Round(server.MiB)),
            ("got", string.Join(" ", got.OrderByDescending(pair => pair.Value).Select(pair => $"{pair.Key}×{pair.Value}"))));
        report.Promise(!server.HasExited, $"{name}: the server goes on");
        report.Promise(failed + after.Failed == 0 && waits.Count > 0, $"{name}: every normal visitor has the page");
        report.Promise(waits.Count == 0 || waits[^1] < Longest.TotalMilliseconds, $"{name}: and has it within {Longest.TotalSeconds} s");
        report.Promise(Report.At(after.Waits, 0.5) < (Report.At(calm.Waits, 0.5) * 3) + 10, $"{name}: afterwards it is served as fast as before");
        report.Promise(gone, $"{name}: no socket is left over");
        report.Promise(back, $"{name}: the memory comes back");
    }

    // ---- the normal ones ----

    private static async Task<BenchVisitor> Holder(Uri server, string page, byte[] frame)
    {
        var holder = new BenchVisitor();
        await holder.Connect(server);
        var proven = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _ = holder.Hold(page, frame, proven);
        await proven.Task.WaitAsync(TimeSpan.FromSeconds(30));
        return holder;
    }

    private static async Task<(List<double> Waits, int Failed)> Visit(Uri server, TimeSpan time)
    {
        var (page, frame) = BenchVisitor.Blob(PageBytes);
        using var holder = await Holder(server, page, frame);
        using var over = new CancellationTokenSource(time);
        return await Visit(server, page, frame, over.Token);
    }

    // One visitor after the other: opens a socket, wants the page, has it, checks it, goes.
    private static async Task<(List<double> Waits, int Failed)> Visit(Uri server, string page, byte[] frame, CancellationToken over)
    {
        var (waits, failed) = (new List<double>(), 0);
        while (!over.IsCancellationRequested)
        {
            var start = Stopwatch.GetTimestamp();
            try
            {
                using var visitor = new BenchVisitor();
                await visitor.Connect(server).WaitAsync(TimeSpan.FromSeconds(20), CancellationToken.None);
                await visitor.Say("want", page);
                await visitor.ReceiveBlob(page).WaitAsync(TimeSpan.FromSeconds(20), CancellationToken.None);
                waits.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }
            catch (Exception e) when (e is TimeoutException or IOException or InvalidOperationException or SocketException or System.Net.WebSockets.WebSocketException)
            {
                failed++;
            }
            await Task.Delay(20, CancellationToken.None);
        }
        waits.Sort();
        return (waits, failed);
    }

    // ---- the hostile ones ----

    // Each is looked at before the next one is sent: what came behind the end of a connection would be no trial.
    private static async Task<long> Fuzz(Stage stage) => (await Task.WhenAll(Enumerable.Range(0, 32).Select(async seed =>
    {
        var random = new Random(seed);
        return await stage.Again(int.MaxValue, async attacker =>
        {
            await attacker.Raw(Grammar.Next(random, stage.Page));
            await attacker.Looked();
        });
    }))).Sum();

    private static async Task<long> SlowHandshakes(Stage stage)
    {
        var attackers = Enumerable.Range(0, 200).Select(_ => stage.New()).ToList();
        await Task.WhenAll(attackers.Select(attacker => attacker.ConnectBare(stage.Server)));
        var bytes = Encoding.ASCII.GetBytes("GET /ws HTTP/1.1\r\nX-Slow: " + new string('x', 10_000));
        for (var i = 0; i < bytes.Length && !stage.Over.IsCancellationRequested; i++)
        {
            foreach (var attacker in attackers)
                await attacker.Raw(bytes.AsMemory(i, 1));
            await Task.Delay(50, CancellationToken.None);
        }
        attackers.ForEach(attacker => attacker.Dispose());
        return attackers.Count;
    }

    private static Task<long> SlowMessages(Stage stage) => stage.All(200, async attacker =>
    {
        await attacker.Frame(0x01, "{"u8);
        var count = 0L;
        for (; !stage.Over.IsCancellationRequested && !attacker.IsOver; count++)
        {
            await attacker.Frame(0x00, " "u8);
            await Task.Delay(200, CancellationToken.None);
        }
        return count;
    });

    private static Task<long> EndlessParts(Stage stage) => stage.Again(int.MaxValue, async attacker =>
    {
        await attacker.Frame(0x01, "{"u8);
        for (var i = 0; i < 1000 && !attacker.IsOver; i++)
            await attacker.Frame(0x00, []);
    });

    private static Task<long> Pings(Stage stage)
    {
        var ping = Attacker.FrameOf(0x89, "12345678"u8);
        var many = Enumerable.Repeat(ping, 50).SelectMany(bytes => bytes).ToArray();
        return stage.Again(int.MaxValue, async attacker =>
        {
            await attacker.Raw(many);
            await Task.Yield();
        });
    }

    private static Task<long> ManyPages(Stage stage)
    {
        var name = new byte[32];
        return stage.Again(stage.IsShort ? 50_000 : 1_000_000, attacker =>
        {
            RandomNumberGenerator.Fill(name);
            return attacker.Say("want", Convert.ToHexStringLower(name));
        });
    }

    // Each is a page of its own for a moment: made known to its grain, and gone.
    private static Task<long> Passers(Stage stage) => stage.All(100, async attacker =>
    {
        var count = 0L;
        for (; !stage.Over.IsCancellationRequested && !attacker.IsOver; count++, await Task.Delay(2, CancellationToken.None))
        {
            var page = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
            await attacker.Say("want", page);
            await attacker.Say("release", page);
        }
        return count;
    });

    // What a table by the first bytes of a name would put into one place.
    private static async Task<long> AlikeNames(Stage stage) => await stage.All(50, async attacker =>
    {
        var count = 0L;
        for (var i = 0; !stage.Over.IsCancellationRequested && !attacker.IsOver; i = (i + 1) % 64, count += 2)
        {
            var page = $"{0:x56}{i:x8}";
            await attacker.Say("want", page);
            await attacker.Say("release", page);
            await Task.Delay(5, CancellationToken.None);
        }
        return count;
    });

    private static Task<long> Liars(Stage stage) => stage.Again(int.MaxValue, async attacker =>
    {
        attacker.Asked = async blob =>
        {
            var lie = RandomNumberGenerator.GetBytes(1000);
            lie[0] = 1;
            Convert.FromHexString(blob).CopyTo(lie, 1);
            await attacker.Frame(0x82, lie);
        };
        await attacker.Say("hold", stage.Page);
        for (var i = 0; i < 100 && !attacker.IsOver; i++)
            await Task.Delay(10, CancellationToken.None);
    });

    private static Task<long> Nonsense(Stage stage) => stage.All(200, async attacker =>
    {
        var count = 0L;
        await attacker.Say("want", stage.Page);
        for (; !stage.Over.IsCancellationRequested && !attacker.IsOver; count += 16, await Task.Delay(200, CancellationToken.None))
            for (var i = 0; i < 16; i++)
                await attacker.Get(stage.Page, RandomNumberGenerator.GetBytes(32));
        return count;
    });

    // Who asks a holder for what there is not makes it miss, and so go last; and who only claims is new again and again.
    private static async Task<long> Mutes(Stage stage)
    {
        var missing = stage.All(1, async attacker =>
        {
            await attacker.Say("want", stage.Page);
            for (; !stage.Over.IsCancellationRequested && !attacker.IsOver; await Task.Delay(100, CancellationToken.None))
                await attacker.Get(stage.Page, RandomNumberGenerator.GetBytes(32));
            return 0;
        });
        var claims = await Task.WhenAll(Enumerable.Range(0, 200).Select(async _ =>
        {
            var count = 0L;
            for (; !stage.Over.IsCancellationRequested; count++)
            {
                using var attacker = stage.New();
                if (await attacker.Connect(stage.Server))
                    await attacker.Say("hold", stage.Page);
                await Task.WhenAny(Task.Delay(1000, stage.Over));
            }
            return count;
        }));
        await missing;
        return claims.Sum();
    }

    private static Task<long> Tricklers(Stage stage) => stage.All(100, async attacker =>
    {
        var (page, frame) = BenchVisitor.Blob(1 << 20);
        attacker.Asked = async _ =>
        {
            await attacker.Frame(0x02, frame.AsSpan(0, 64));
            for (var i = 64; !stage.Over.IsCancellationRequested && !attacker.IsOver; i++)
            {
                await attacker.Frame(0x00, frame.AsSpan(i, 1));
                await Task.Delay(100, CancellationToken.None);
            }
        };
        await attacker.Say("hold", page);
        await stage.Rest();
        return 1;
    });

    private static Task<long> Unasked(Stage stage) => stage.Again(int.MaxValue, async attacker =>
    {
        attacker.Asked = async _ =>
        {
            await attacker.Frame(0x82, stage.Frame);
            await attacker.Frame(0x82, stage.Frame);
        };
        await attacker.Say("hold", stage.Page);
        for (var i = 0; i < 20 && !attacker.IsOver; i++)
        {
            await attacker.Frame(0x82, BenchVisitor.Blob(1000).Frame);
            await Task.Delay(10, CancellationToken.None);
        }
    });

    private static async Task<long> NeverReaders(Stage stage)
    {
        var pages = Enumerable.Range(0, 16).Select(_ => BenchVisitor.Blob(1 << 20)).ToList();
        var holders = await Task.WhenAll(pages.Select(page => Holder(stage.Server, page.Hash, page.Frame)));
        var count = await stage.All(60, async attacker =>
        {
            foreach (var page in pages)
                await attacker.Say("want", page.Hash);
            await stage.Rest();
            return pages.Count;
        }, reads: false);
        foreach (var holder in holders)
            holder.Dispose();
        return count;
    }

    private static Task<long> JoinsAndLeaves(Stage stage) => stage.All(50, async attacker =>
    {
        var count = 0L;
        for (; !stage.Over.IsCancellationRequested && !attacker.IsOver; count += 2)
        {
            await attacker.Say("hold", stage.Page);
            await attacker.Say("release", stage.Page);
            await Task.Delay(5, CancellationToken.None);
        }
        return count;
    });

    private static async Task<long> OneAddress(Stage stage)
    {
        var attackers = new List<Attacker>();
        for (; !stage.Over.IsCancellationRequested && attackers.Count < 5000; await Task.Delay(1, CancellationToken.None))
        {
            attackers.Add(stage.New());
            await attackers[^1].Connect(stage.Server, from: "203.0.113.5");
        }
        attackers.ForEach(attacker => attacker.Dispose());
        return attackers.Count;
    }

    // A node's whole crowd comes back in one moment, each with the page and none believed yet: they are proven one after the other, and
    // somebody who waits for the page is not made to wait for that.
    private static async Task<long> Reconnects(Stage stage)
    {
        var (page, frame) = BenchVisitor.Blob(PageBytes);
        var holders = Enumerable.Range(0, stage.IsShort ? 1000 : 10_000).Select(_ => new BenchVisitor()).ToList();
        var (asked, lately, most, claimed, early) = (0, new Queue<long>(), 0, 0, 0);
        var gate = new Lock();
        foreach (var holder in holders)
        {
            holder.Asked = () =>
            {
                lock (gate)
                {
                    var now = Stopwatch.GetTimestamp();
                    while (lately.TryPeek(out var oldest) && now - oldest >= Stopwatch.Frequency)
                        lately.Dequeue();
                    lately.Enqueue(now);
                    (asked, most) = (asked + 1, Math.Max(most, lately.Count));
                }
            };
            holder.Told = said =>
            {
                lock (gate)
                {
                    claimed += said.IsClaimed ? 1 : 0;
                    early += said.Holders > asked ? 1 : 0;
                }
            };
        }
        var start = Stopwatch.GetTimestamp();
        var waiting = Wait(stage.Server, page);
        var proofs = holders.ConvertAll(_ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        await Parallel.ForAsync(0, holders.Count, new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (i, stop) =>
        {
            await holders[i].Connect(stage.Server);
            _ = holders[i].Hold(page, frame, proofs[i]);
        });
        await Numbers.Until(() => Task.FromResult(proofs.TrueForAll(proof => proof.Task.IsCompleted) && holders.TrueForAll(holder => holder.Statuses.Holders >= holders.Count)),
            TimeSpan.FromSeconds(90));
        var whole = Stopwatch.GetElapsedTime(start);
        var waited = await waiting;
        var counted = proofs.Count(proof => proof.Task.IsCompleted);
        stage.Got["whole-after-ms"] = (long)whole.TotalMilliseconds;
        stage.Got["uploads"] = asked;
        stage.Got["most-in-a-second"] = most;
        stage.Got["told-claimed"] = claimed;
        stage.Got["waiter-ms"] = (long)waited;
        stage.Promise(whole < Whole && counted == holders.Count, $"the number is whole within {Whole.TotalSeconds} s: {counted} of {holders.Count} are counted");
        stage.Promise(asked <= holders.Count + 8, $"each is asked once: {asked} uploads");
        stage.Promise(most <= MostProofs, $"and no more than {MostProofs} in any second: {most}");
        stage.Promise(early == 0 && claimed > holders.Count / 2, $"claims are shown as claimed ({claimed}), and not counted ({early})");
        stage.Promise(waited < Longest.TotalMilliseconds, $"who waits has it within {Longest.TotalSeconds} s");
        holders.ForEach(holder => holder.Dispose());
        return holders.Count;
    }

    // Nobody is believed yet, and one of them is honest: who waits for the page has it from that one.
    private static async Task<long> FalseClaims(Stage stage)
    {
        const int Count = 200;
        var (rounds, slowest) = (0, 0.0);
        do
        {
            var (page, frame) = BenchVisitor.Blob(PageBytes);
            using var honest = new BenchVisitor();
            await honest.Connect(stage.Server);
            // By turns the one who waits is there before the claims, and comes after them.
            var waiting = rounds % 2 == 0 ? Wait(stage.Server, page) : null;
            var attackers = Enumerable.Range(0, Count).Select(_ => stage.New()).ToList();
            foreach (var (i, attacker) in attackers.Index())
            {
                if (i % 2 == 0)
                    attacker.Asked = blob => attacker.Frame(0x82, [1, .. Convert.FromHexString(blob), 1, 2, 3]);
                if (await attacker.Connect(stage.Server))
                    await attacker.Say("hold", page);
            }
            var start = Stopwatch.GetTimestamp();
            _ = honest.Hold(page, frame);
            await (waiting ?? Wait(stage.Server, page));
            slowest = Math.Max(slowest, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            attackers.ForEach(attacker => attacker.Dispose());
            rounds++;
        }
        while (!stage.Over.IsCancellationRequested);
        stage.Got["slowest-waiter-ms"] = (long)slowest;
        stage.Promise(slowest < Longest.TotalMilliseconds, $"who waits has it within {Longest.TotalSeconds} s of the honest claim");
        return rounds * Count;
    }

    // How long somebody waits for a page, in milliseconds.
    private static async Task<double> Wait(Uri server, string page)
    {
        using var waiter = new BenchVisitor();
        await waiter.Connect(server);
        var start = Stopwatch.GetTimestamp();
        await waiter.Say("want", page);
        await waiter.ReceiveBlob(page).WaitAsync(TimeSpan.FromSeconds(60));
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
