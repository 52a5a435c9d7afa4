using System.Net;
using System.Net.Sockets;
using Ephemeral.Grains;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace Ephemeral.Web;

/// <summary>The web node as a program: with a silo of its own, or as a pure client of silos elsewhere. Tests start it too.</summary>
public static class EphemeralWeb
{
    private const string DefaultUrl = "http://localhost:5000";

    /// <summary>Builds the host from arguments, environment and appsettings.</summary>
    /// <exception cref="InvalidSettingException">A setting is not one of those it can be.</exception>
    public static WebApplication Build(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = args, ApplicationName = typeof(EphemeralWeb).Assembly.GetName().Name });
        // Without this, any environment but Development has no client before it is published.
        builder.WebHost.UseStaticWebAssets();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            // Two blobs of a large page: with less, the writer waits for the reader after each quarter of one.
            kestrel.Limits.MaxResponseBufferSize = 512 << 10;
            // A request has no body and few headers, and nobody is waited for longer than a phone on a bad line needs.
            kestrel.Limits.MaxRequestBodySize = 0;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(15);
            kestrel.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(60);
            // Above the visitors, so that a full node can still say that it is.
            var visitors = kestrel.ApplicationServices.GetRequiredService<IOptions<WebOptions>>().Value.MaxVisitors;
            kestrel.Limits.MaxConcurrentConnections = visitors + Math.Max(1000, visitors / 8);
            if (kestrel.ApplicationServices.GetRequiredService<IOptions<WebOptions>>().Value.LeanSockets)
                kestrel.ConfigureEndpointDefaults(listen => listen.Use(LeanSocket.Use));
        });
        builder.Services.AddSingleton(new Frames());
        builder.Services.AddSingleton<IMemoryPoolFactory<byte>, Blocks>();

        var management = builder.Configuration["Ephemeral:ManagementUrl"];
        if (management is not null)
            builder.WebHost.UseUrls($"{builder.Configuration["Urls"] ?? DefaultUrl};{management}");
        var embedded = IsEmbedded(builder.Configuration);
        // Looked at first: Orleans' own words for a store that it doesn't know name no setting.
        _ = Clustering.IsConfigured(builder.Configuration);
        var drainTime = embedded ? TimeSpan.FromSeconds(1) : TimeSpan.FromSeconds(20);
        builder.Services.AddSingleton<IValidateOptions<WebOptions>, WebOptionsRules>();
        builder.Services.AddChecked<WebOptions>("Ephemeral")
            .PostConfigure(options => options.DrainTime ??= drainTime);
        builder.Services.AddOptions<HostOptions>().Configure<IOptions<WebOptions>>((host, web) =>
        {
            host.ShutdownTimeout = web.Value.DrainTime!.Value + TimeSpan.FromSeconds(15);
            // A client waits for its cluster; meanwhile the node already answers that it is not ready.
            host.ServicesStartConcurrently = !embedded;
        });
        if (embedded)
            builder.UseOrleans(silo => UseSilo(silo, builder.Configuration));
        else
            builder.UseOrleansClient(client => UseClient(client, builder.Configuration));

        configure?.Invoke(builder);
        builder.Services.TryAddKeyedSingleton(WebNode.Clock, TimeProvider.System);
        builder.Services.AddRequestLimit();
        builder.Services.AddOptions<ForwardedHeadersOptions>().Configure<IOptions<WebOptions>>(BelieveProxies);
        builder.Services.AddRouting(routing => routing.ConstraintMap["hash"] = typeof(Endpoints.HashConstraint));
        builder.Services.AddSingleton<WebNode>();
        builder.Services.AddSingleton<NodeLife>();
        builder.Services.AddHostedService(services => services.GetRequiredService<NodeLife>());

        builder.AddTelemetry(scraped: management is not null);
        var app = builder.Build();
        if (management is not null)
            UseManagement(app, management);
        app.UseForwardedHeaders();
        app.UseWebSockets();
        app.MapEphemeral();
        return app;
    }

    // Only whose address they are, and only from proxies that were named; through several, up to the first that was not.
    private static void BelieveProxies(ForwardedHeadersOptions forwarded, IOptions<WebOptions> web)
    {
        forwarded.ForwardedHeaders = web.Value.Proxies.Length > 0 ? ForwardedHeaders.XForwardedFor : ForwardedHeaders.None;
        forwarded.ForwardLimit = null;
        forwarded.KnownProxies.Clear();
        forwarded.KnownIPNetworks.Clear();
        foreach (var proxy in web.Value.Proxies)
            if (IPAddress.TryParse(proxy, out var address))
                forwarded.KnownProxies.Add(address);
            else
                forwarded.KnownIPNetworks.Add(System.Net.IPNetwork.Parse(proxy));
    }

    // By the port it came to: a Host header can say anything.
    private static void UseManagement(WebApplication app, string url)
    {
        // What is no port is refused when the options are checked.
        _ = int.TryParse(url.Split(':')[^1], out var port);
        app.MapWhen(http => http.Connection.LocalPort == port, only => only.UseOpenTelemetryPrometheusScrapingEndpoint(Telemetry.Path));
    }

    private static bool IsEmbedded(ConfigurationManager configuration) => configuration["Ephemeral:Silo"] switch
    {
        null or "embedded" => true,
        "external" => false,
        var other => throw new InvalidSettingException($"Ephemeral:Silo is '{other}'. It can be 'embedded' (the default: a silo in this process) or 'external' (silos elsewhere)."),
    };

    private static void UseSilo(ISiloBuilder silo, ConfigurationManager configuration)
    {
        silo.AddPages();
        if (Clustering.IsConfigured(configuration))
            return;
        // A cluster of its own on free loopback ports, so that two of these run side by side.
        silo.UseLocalhostClustering(FreePort(), FreePort(), serviceId: "ephemeral", clusterId: Guid.NewGuid().ToString("N"));
    }

    private static void UseClient(IClientBuilder client, ConfigurationManager configuration)
    {
        client.UseConnectionRetryFilter(async (_, stopping) =>
        {
            await Task.Delay(TimeSpan.FromSeconds(1), stopping);
            return true;
        });
        // A silo that hangs or is cut off is no longer spoken to within this time of its being declared dead, instead of a minute: the price is
        // one small read of the membership store a second.
        client.Configure<GatewayOptions>(options => options.GatewayListRefreshPeriod = TimeSpan.FromSeconds(1));
        client.Services.ReconnectSoon();
        if (Telemetry.IsSent(configuration))
            client.AddActivityPropagation();
        if (!Clustering.IsConfigured(configuration))
            client.UseLocalhostClustering(
                configuration.GetValue("Orleans:Endpoints:GatewayPort", EndpointOptions.DEFAULT_GATEWAY_PORT),
                configuration.GetValue("Orleans:ServiceId", "ephemeral")!, configuration.GetValue("Orleans:ClusterId", "ephemeral")!);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
