using Ephemeral.Grains;
using Orleans.Configuration;
using Orleans.Runtime;

var builder = WebApplication.CreateBuilder(args);
builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
builder.Services.AddTelemetry();
builder.UseOrleans(silo =>
{
    silo.AddPages();
    var settings = builder.Configuration;
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
app.Run();
