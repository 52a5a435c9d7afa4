using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Metrics;

namespace Ephemeral.Grains;

/// <summary>What an operator can read of a process: numbers for Prometheus, which never name a page or a visitor.</summary>
public static class Telemetry
{
    /// <summary>The meter of our own instruments.</summary>
    public const string Meter = "Ephemeral";

    /// <summary>Where the numbers are served; each program decides on which port.</summary>
    public const string Path = "/metrics";

    /// <summary>Collects our own instruments and those of Orleans, the HTTP server and the runtime.</summary>
    public static void AddTelemetry(this IServiceCollection services) => services.AddOpenTelemetry().WithMetrics(metrics => metrics
        .AddMeter(Meter, "Microsoft.Orleans", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime")
        .AddPrometheusExporter());
}
