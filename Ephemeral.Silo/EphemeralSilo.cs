using Ephemeral.Grains;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Dashboard;
using Orleans.Runtime;

namespace Ephemeral.Silo;

/// <summary>What a silo lets its operator see; section <c>Ephemeral</c>.</summary>
public sealed class SiloSettings
{
    /// <summary>Serves Orleans' dashboard at <c>/dashboard</c>: it shows the names of grains, and so of pages. Default: no.</summary>
    public bool Dashboard { get; set; }
}

/// <summary>A silo as a program: hosts pages, and serves HTTP to its operator alone.</summary>
public static class EphemeralSilo
{
    private const string Dashboard = "/dashboard";

    /// <summary>Builds the host from arguments, environment and appsettings.</summary>
    /// <exception cref="InvalidSettingException">A setting is not one of those it can be.</exception>
    public static WebApplication Build(string[] args)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        builder.Services.AddChecked<SiloSettings>("Ephemeral");
        builder.AddTelemetry(scraped: true);
        var settings = builder.Configuration;
        // Looked at first: Orleans' own words for a store that it doesn't know name no setting.
        _ = Clustering.IsConfigured(settings);
        var hasDashboard = settings.GetValue<bool>("Ephemeral:Dashboard");
        builder.UseOrleans(silo =>
        {
            silo.AddPages();
            if (hasDashboard)
                silo.AddDashboard();
            // Without a membership store: one silo, and web nodes on this machine.
            if (!Clustering.IsConfigured(settings))
                silo.UseLocalhostClustering(
                    settings.GetValue("Orleans:Endpoints:SiloPort", EndpointOptions.DEFAULT_SILO_PORT),
                    settings.GetValue("Orleans:Endpoints:GatewayPort", EndpointOptions.DEFAULT_GATEWAY_PORT),
                    primarySiloEndpoint: null,
                    settings.GetValue("Orleans:ServiceId", "ephemeral")!,
                    settings.GetValue("Orleans:ClusterId", "ephemeral")!);
        });

        var app = builder.Build();
        app.MapGet("/health/live", () => Results.Text("alive\n"));
        app.MapGet("/health/ready", (ISiloStatusOracle silo) => silo.CurrentStatus == SiloStatus.Active
            ? Results.Text("ready\n")
            : Results.Text("not ready\n", statusCode: StatusCodes.Status503ServiceUnavailable));
        app.MapPrometheusScrapingEndpoint(Telemetry.Path);
        if (hasDashboard)
            app.MapOrleansDashboard(Dashboard);
        return app;
    }
}
