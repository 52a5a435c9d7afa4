using System.Diagnostics.Metrics;
using Ephemeral.Grains;

namespace Ephemeral.Web;

/// <summary>Why somebody was not let in.</summary>
internal enum Refusal { Full, Address, Draining, Origin }

/// <summary>
/// What a node counts for its operator. Plain numbers that are added to, and read only when somebody collects them; none names a page, a visitor or an address.
/// </summary>
internal sealed class NodeMetrics
{
    private static readonly string[] Refusals = ["full", "address", "draining", "origin"];
    // The codes of the protocol; 1006 for a connection that ended without one.
    private static readonly int[] CloseCodes = [1000, 1001, 1006, 1008, 1009, 1013, 4001];

    private readonly long[] _errors = new long[Wire.Codes.Length];
    private readonly long[] _closes = new long[CloseCodes.Length];
    private readonly long[] _refused = new long[Refusals.Length];
    private readonly Histogram<double> _timeToContent;
    private long _opened;
    private long _lies;
    private long _retries;
    private long _sentBytes;
    private long _receivedBytes;

    public NodeMetrics(IMeterFactory meters, WebNode node)
    {
        var meter = meters.Create(Telemetry.Meter);
        meter.CreateObservableGauge("ephemeral.visitors", () => node.OpenSockets, "{visitor}", "Open WebSockets of this node");
        meter.CreateObservableGauge("ephemeral.node_pages", () => node.PagesHere, "{page}", "Pages that somebody holds, claims or wants on this node");
        meter.CreateObservableGauge("ephemeral.queued", () => node.Backlog.Bytes, "By", "Bytes that wait to be sent to visitors");
        meter.CreateObservableGauge("ephemeral.blob_memory", () => node.Memory.Taken, "By", "Bytes of blobs that are being received or wait to be sent");
        meter.CreateObservableCounter("ephemeral.visitors_opened", () => Volatile.Read(ref _opened), "{visitor}", "WebSockets that were opened");
        meter.CreateObservableCounter("ephemeral.refused", () => By("reason", Refusals, _refused), "{visitor}", "Visitors that were not let in");
        meter.CreateObservableCounter("ephemeral.closes", () => By("code", CloseCodes, _closes), "{visitor}", "WebSockets that ended, by their close code");
        meter.CreateObservableCounter("ephemeral.errors", () => By("code", Wire.Codes, _errors), "{error}", "Errors that visitors were told");
        meter.CreateObservableCounter("ephemeral.lies", () => Volatile.Read(ref _lies), "{blob}", "Blobs that had not the hash that they were sent for");
        meter.CreateObservableCounter("ephemeral.fetch_retries", () => Volatile.Read(ref _retries), "{ask}", "Holders and nodes that were asked for a blob after another one had been");
        meter.CreateObservableCounter("ephemeral.relayed", () => Volatile.Read(ref _sentBytes), "By", "Bytes of blobs sent to visitors");
        meter.CreateObservableCounter("ephemeral.received", () => Volatile.Read(ref _receivedBytes), "By", "Bytes of blobs received from visitors");
        meter.CreateObservableCounter("ephemeral.unobserved_exceptions", () => Telemetry.Unobserved, "{exception}", "Failures in the process that nothing dealt with");
        _timeToContent = meter.CreateHistogram("ephemeral.time_to_content", "s", "From a visitor's want to the root on its way, once there is somebody to ask",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] });
    }

    public void Opened() => Interlocked.Increment(ref _opened);
    public void Refused(Refusal why) => Interlocked.Increment(ref _refused[(int)why]);
    public void Error(ErrorCode code) => Interlocked.Increment(ref _errors[(int)code]);
    public void Lie() => Interlocked.Increment(ref _lies);
    public void Retried() => Interlocked.Increment(ref _retries);
    public void Sent(int bytes) => Interlocked.Add(ref _sentBytes, bytes);
    public void Received(int bytes) => Interlocked.Add(ref _receivedBytes, bytes);
    public void Content(TimeSpan after) => _timeToContent.Record(after.TotalSeconds);

    public void Closed(int code)
    {
        var index = Array.IndexOf(CloseCodes, code);
        Interlocked.Increment(ref _closes[index < 0 ? 0 : index]);
    }

    private static IEnumerable<Measurement<long>> By<T>(string tag, T[] names, long[] counts)
    {
        for (var i = 0; i < names.Length; i++)
            yield return new Measurement<long>(Volatile.Read(ref counts[i]), new KeyValuePair<string, object?>(tag, names[i]));
    }
}
