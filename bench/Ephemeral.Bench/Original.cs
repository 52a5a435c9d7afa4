using System.Diagnostics;
using System.Net.WebSockets;

namespace Ephemeral.Bench;

/// <summary>What the program that this one is modelled on would send for the same visitors, beside what this one sends.</summary>
/// <remarks>
/// A model: it plays the rules of both, with a millisecond for each way of a message and servers and networks that are never busy. That is the best case of the
/// original, which in truth ends at some 500 visitors who come within a second. Our rules are also checked against a real server with real visitors.
/// Heartbeats are left out on both sides.
/// <para>The original: who wants a page waits two seconds for somebody else's answer, then asks, and asks again every two seconds. Each holder is passed the
/// request with a probability of one in their number. Each answer goes to all who wait. At each join and each leave the count goes to all holders.</para>
/// <para>Ours, on one web node: all who want a page while it is on its way share one upload. Each who comes or changes is told the numbers at once; all are told
/// together at most four times a second, on crowded pages less often.</para>
/// </remarks>
internal static class Original
{
    private const int Content = 64 << 10;
    private const double Way = 0.001, Timer = 2;

    // The size of the original's frames, as seen on the wire: a count; a join, a leave, or the answer to one; a request.
    private const int Count = 161, Join = 150, Request = 130, Envelope = 120;
    // And of ours.
    private const int Welcome = 148, Want = 92, Hold = 92, Status = 140, Ask = 165, Head = 33;

    public static async Task Run(Report report, bool isShort)
    {
        report.Begin("original",
            "A MODEL of the original's rules and ours, not a measurement but where it says so: visitors come to a 64 KiB page with one holder, within a second or one each 5 s, stay, and leave one by one",
            "visitors", "come", "rules", "sent to them", "MiB", "sent by them", "MiB", "of both, counts", "median ms", "p99 ms", "max ms");
        foreach (var visitors in isShort ? [1, 10, 100] : new[] { 1, 10, 100, 1_000, 10_000 })
            foreach (var calm in new[] { false, true })
            {
                var random = new Random(1);
                var arrivals = Enumerable.Range(0, visitors).Select(i => calm ? i * 5.0 : random.NextDouble()).Order().ToArray();
                var ours = Ours(arrivals);
                Row("original", PlayOriginal(arrivals, random));
                Row("ours", ours);
                if (calm || visitors > 1_000)
                    continue;
                var measured = await Measure(arrivals);
                Row("ours, measured", measured);
                // A busy machine spreads a large crowd over a longer time than the model does.
                report.Promise(measured.Waits.Count == visitors && (visitors > 100 || (measured.To < ours.To * 1.5 && measured.From < ours.From * 1.5)), "the rules that the model plays are ours");

                void Row(string rules, Tally tally) => report.Row(("visitors", visitors), ("come", calm ? "each 5 s" : "in 1 s"), ("rules", rules),
                    ("to", tally.To), ("to_mib", MiB(tally.ToBytes)), ("from", tally.From), ("from_mib", MiB(tally.FromBytes)), ("counts", tally.Counts),
                    ("median_ms", Report.At(tally.Waits, 0.5)), ("p99_ms", Report.At(tally.Waits, 0.99)), ("max_ms", Report.At(tally.Waits, 1)));
            }

        static double MiB(long bytes) => Math.Round(bytes / 1048576.0, 2);
    }

    private static Tally PlayOriginal(double[] arrivals, Random random)
    {
        var (tally, agenda) = (new Tally(), new PriorityQueue<Action, double>());
        var (holders, waiting, got) = (1, new HashSet<int>(), new bool[arrivals.Length]);
        for (var i = 0; i < arrivals.Length; i++)
        {
            var (who, at) = (i, arrivals[i]);
            agenda.Enqueue(() => Come(who, at), at);
        }
        while (agenda.TryDequeue(out var next, out _))
            next();
        // They leave one by one.
        for (; holders > 1; holders--)
            tally.Tell(holders - 1, Count);
        return tally.Sorted();

        void Come(int who, double now)
        {
            tally.Send(Join);
            tally.Receive(Join);
            waiting.Add(who);
            agenda.Enqueue(() => AskFor(who, now + Timer), now + Timer);
        }

        void AskFor(int who, double now)
        {
            if (got[who])
                return;
            tally.Send(Request);
            agenda.Enqueue(() => PassOn(now + Way), now + Way);
            agenda.Enqueue(() => AskFor(who, now + Timer), now + Timer);
        }

        void PassOn(double now)
        {
            for (var answers = HowMany(holders, random); answers > 0; answers--)
            {
                tally.Receive(Request);
                agenda.Enqueue(() => Answer(now + 2 * Way), now + 2 * Way);
            }
        }

        void Answer(double now)
        {
            tally.Send(Envelope + Content);
            foreach (var who in waiting)
            {
                tally.Receive(Envelope + Content);
                if (!got[who])
                    agenda.Enqueue(() => BecomeHolder(who, now + 2 * Way), now + 2 * Way);
                if (!got[who])
                    tally.Waits.Add((now + Way - arrivals[who]) * 1000);
                got[who] = true;
            }
        }

        void BecomeHolder(int who, double now)
        {
            // It leaves one topic and joins the other; both are answered.
            tally.Send(Join, 2);
            tally.Receive(Join, 2);
            waiting.Remove(who);
            tally.Tell(++holders, Count);
        }
    }

    // How many of so many holders are passed a request that each is passed with a probability of one in their number.
    private static int HowMany(int holders, Random random)
    {
        if (holders == 1)
            return 1;
        var (p, left, k) = (1.0 / holders, random.NextDouble(), 0);
        for (var share = Math.Pow(1 - p, holders); left > share && k < holders; k++)
        {
            left -= share;
            share *= (holders - k) * p / ((k + 1) * (1 - p));
        }
        return k;
    }

    private static Tally Ours(double[] arrivals)
    {
        var (tally, agenda) = (new Tally(), new PriorityQueue<Action, double>());
        var (members, told, isDue, wanting) = (1, double.MinValue, false, new List<int>());
        for (var i = 0; i < arrivals.Length; i++)
        {
            var (who, at) = (i, arrivals[i]);
            agenda.Enqueue(() => Come(who, at), at + Way);
        }
        var end = Play();
        for (var i = 0; i < arrivals.Length; i++)
        {
            var at = end + 3 + (double)i / arrivals.Length;
            agenda.Enqueue(() => { members--; Changed(at, alone: false); }, at);
        }
        Play();
        return tally.Sorted();

        double Play()
        {
            var last = 0.0;
            while (agenda.TryDequeue(out var next, out last))
                next();
            return last;
        }

        void Come(int who, double at)
        {
            tally.Receive(Welcome);
            tally.Send(Want);
            members++;
            wanting.Add(who);
            if (wanting.Count == 1)
            {
                tally.Receive(Ask);
                agenda.Enqueue(() => Deliver(at + 3 * Way), at + 3 * Way);
            }
            Changed(at + Way, alone: true);
        }

        void Deliver(double now)
        {
            tally.Send(Head + Content);
            foreach (var who in wanting)
            {
                tally.Receive(Head + Content);
                tally.Waits.Add((now + Way - arrivals[who]) * 1000);
                tally.Send(Hold);
                agenda.Enqueue(() => Changed(now + 2 * Way, alone: true), now + 2 * Way);
            }
            wanting.Clear();
        }

        // As the web node paces it: see NodePage.Health.cs.
        void Changed(double now, bool alone)
        {
            var due = told + Math.Min(2, 0.25 * Math.Max(1, members * 8 / 5000.0));
            if (due <= now)
            {
                tally.Tell(members, Status);
                told = now;
                return;
            }
            if (alone)
                tally.Tell(1, Status);
            if (isDue)
                return;
            isDue = true;
            agenda.Enqueue(() => { isDue = false; Changed(due, alone: false); }, due);
        }
    }

    // The same visitors and a real server. All frames are counted, from each visitor's first to its leaving.
    private static async Task<Tally> Measure(double[] arrivals)
    {
        await using var server = await Server.Start();
        var (page, frame) = BenchVisitor.Blob(Content);
        using var holder = new BenchVisitor();
        await holder.Connect(server.Address);
        var proven = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var (tally, gate) = (new Tally(), new Lock());
        _ = Serve(holder, proven, wants: false);
        await proven.Task.WaitAsync(TimeSpan.FromSeconds(30));
        lock (gate)
            tally = new Tally();

        var visitors = arrivals.Select(_ => new BenchVisitor()).ToList();
        await Task.WhenAll(visitors.Select(async (visitor, i) =>
        {
            await Task.Delay(TimeSpan.FromSeconds(arrivals[i]));
            var start = Stopwatch.GetTimestamp();
            await visitor.Connect(server.Address);
            var got = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _ = Serve(visitor, got, wants: true);
            await got.Task.WaitAsync(TimeSpan.FromSeconds(60));
            lock (gate)
                tally.Waits.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }));
        await Task.Delay(TimeSpan.FromSeconds(3));
        foreach (var visitor in visitors)
        {
            visitor.Dispose();
            await Task.Delay(TimeSpan.FromSeconds(1.0 / arrivals.Length));
        }
        await Task.Delay(TimeSpan.FromSeconds(2));
        lock (gate)
            return tally.Sorted();

        // Until its connection ends.
        async Task Serve(BenchVisitor visitor, TaskCompletionSource done, bool wants)
        {
            try
            {
                await Say(wants ? "want" : "hold");
                while (true)
                {
                    var (type, bytes) = await visitor.Receive();
                    if (type == WebSocketMessageType.Close)
                        return;
                    var isStatus = bytes.Span.IndexOf("\"type\":\"status\""u8) >= 0;
                    lock (gate)
                        tally.Receive(bytes.Length, isCount: type == WebSocketMessageType.Text && isStatus);
                    if (type == WebSocketMessageType.Binary)
                    {
                        done.TrySetResult();
                        await Say("hold");
                    }
                    else if (bytes.Span.IndexOf("\"type\":\"ask\""u8) >= 0)
                    {
                        lock (gate)
                            tally.Send(frame.Length);
                        await visitor.Send(frame, WebSocketMessageType.Binary);
                    }
                    else if (bytes.Span.IndexOf("\"you\":\"holder\""u8) >= 0)
                    {
                        done.TrySetResult();
                    }
                }
            }
            catch (Exception e) when (e is WebSocketException or ObjectDisposedException or IOException or OperationCanceledException)
            {
                // It has left.
            }

            Task Say(string type)
            {
                lock (gate)
                    tally.Send(Want);
                return visitor.Say(type, page);
            }
        }
    }

    /// <summary>Frames and bytes between a server and all its visitors.</summary>
    private sealed class Tally
    {
        public long To { get; private set; }
        public long ToBytes { get; private set; }
        public long From { get; private set; }
        public long FromBytes { get; private set; }

        /// <summary>Of those to visitors, those that only say how the page is.</summary>
        public long Counts { get; private set; }

        /// <summary>From coming to content in hand, in milliseconds.</summary>
        public List<double> Waits { get; } = [];

        public void Receive(int bytes, int times = 1, bool isCount = false)
        {
            (To, ToBytes) = (To + times, ToBytes + (long)bytes * times);
            Counts += isCount ? times : 0;
        }

        public void Send(int bytes, int times = 1) => (From, FromBytes) = (From + times, FromBytes + (long)bytes * times);

        public void Tell(int visitors, int bytes) => Receive(bytes, visitors, isCount: true);

        public Tally Sorted()
        {
            Waits.Sort();
            return this;
        }
    }
}
