using System.Diagnostics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Ephemeral.Grains;

/// <summary>What an operator can read of a process: numbers, traces and logs, which never name a page or a visitor.</summary>
public static class Telemetry
{
    /// <summary>The meter of our own instruments.</summary>
    public const string Meter = "Ephemeral";

    /// <summary>Where the numbers are served; each program decides on which port.</summary>
    public const string Path = "/metrics";

    private static long _unobserved;

    static Telemetry() => TaskScheduler.UnobservedTaskException += (_, _) => Interlocked.Increment(ref _unobserved);

    /// <summary>Exceptions of this process that nobody looked at.</summary>
    public static long Unobserved => Interlocked.Read(ref _unobserved);

    private const string Collector = "OTEL_EXPORTER_OTLP_ENDPOINT";

    /// <summary>True when numbers, traces and logs are to be sent to a collector, by OpenTelemetry's own variables.</summary>
    public static bool IsSent(IConfiguration configuration) => !string.IsNullOrEmpty(configuration[Collector]);

    /// <summary>Collects our own instruments and those of Orleans, the HTTP server and the runtime, for Prometheus and for a collector if one is configured.</summary>
    /// <param name="scraped">Somebody can come for the numbers.</param>
    public static void AddTelemetry(this IHostApplicationBuilder builder, bool scraped)
    {
        builder.Services.AddLogsWithoutPages();
        var isSent = IsSent(builder.Configuration);
        if (!scraped && !isSent)
            return;
        var telemetry = builder.Services.AddOpenTelemetry().WithMetrics(metrics =>
        {
            metrics.AddMeter(Meter, "Microsoft.Orleans", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "Microsoft.AspNetCore.RateLimiting", "System.Runtime");
            if (scraped)
                metrics.AddPrometheusExporter();
        });
        if (!isSent)
            return;
        telemetry
            .WithTracing(traces => traces
                .AddSource("Microsoft.Orleans.Runtime", "Microsoft.Orleans.Application")
                // A visitor's socket lasts for hours, and all that happens on it would be one span.
                .AddAspNetCoreInstrumentation(http => http.Filter = context => context.Request.Path != "/ws")
                .AddProcessor<SpansWithoutPages>())
            .WithLogging()
            .UseOtlpExporter();
    }

    /// <summary>Takes out of each span what names a page, before it is exported.</summary>
    private sealed class SpansWithoutPages : BaseProcessor<Activity>
    {
        public override void OnEnd(Activity data)
        {
            data.DisplayName = Pages.Hide(data.DisplayName);
            if (data.StatusDescription is { } status)
                data.SetStatus(data.Status, Pages.Hide(status));
            foreach (var (key, value) in data.TagObjects.ToList())
                if (value?.ToString() is { } text && Pages.AreIn(text))
                    data.SetTag(key, Pages.Hide(text));
            // Events can't be changed any more: such a span is not exported at all.
            if (data.Events.Any(happened => happened.Tags.Any(tag => Pages.AreIn(tag.Value?.ToString()))))
                data.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
        }
    }
}
