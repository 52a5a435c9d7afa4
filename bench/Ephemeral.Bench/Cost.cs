using System.Diagnostics;

namespace Ephemeral.Bench;

/// <summary>What some work took: time on the clock, and processor time of the server and of this program, which share the machine.</summary>
internal sealed record Cost(double Ms, double ServerCpu, double OwnCpu)
{
    // Above this share of all cores, more work would only wait.
    private const double Busy = 0.85;

    /// <summary>What kept it from being faster: the larger user of busy processors, or nothing but waiting.</summary>
    public string Limit => ServerCpu + OwnCpu < Busy * Environment.ProcessorCount * Ms / 1000 ? "waiting" : OwnCpu > ServerCpu ? "load" : "server";

    public static async Task<Cost> Of(Func<double> serverCpu, Func<Task> what)
    {
        var own = Process.GetCurrentProcess();
        var (cpu, ownCpu, start) = (serverCpu(), own.TotalProcessorTime, Stopwatch.GetTimestamp());
        await what();
        var ms = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        own.Refresh();
        return new Cost(ms, serverCpu() - cpu, (own.TotalProcessorTime - ownCpu).TotalSeconds);
    }

    public static Cost Median(List<Cost> costs) => costs.OrderBy(cost => cost.Ms).ElementAt(costs.Count / 2);
}
