using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Ephemeral.Tests;

/// <summary>Another host, which a stranger's page would like to tell something. It counts every request, and every connection even without one.</summary>
public sealed class BrowserElsewhere : IAsyncDisposable
{
    private readonly ConcurrentQueue<string> _hits = new();
    private readonly WebApplication _app;
    private int _connections;

    private BrowserElsewhere(string html)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Parse("127.0.0.2"), 0, listen => listen.Use(next => connection =>
            {
                Interlocked.Increment(ref _connections);
                return next(connection);
            }));
            kestrel.Listen(IPAddress.Loopback, 0);
        });
        _app = builder.Build();
        _app.UseWebSockets();
        _app.Run(http => http.Request.Path == "/unboxed" ? WriteUnboxed(http, html.Replace(Placeholder, Address, StringComparison.Ordinal)) : Hit(http));
    }

    /// <summary>What stands for this host's address in a page.</summary>
    public const string Placeholder = "http://elsewhere";

    /// <summary>Where every request counts.</summary>
    public string Address { get; private set; } = "";

    /// <summary>The page as a careless site would show it: to see that without the box it does reach this host.</summary>
    public string Unboxed { get; private set; } = "";

    public IReadOnlyCollection<string> Hits => _hits;

    public int Connections => _connections;

    public static async Task<BrowserElsewhere> Start(string html = "")
    {
        var elsewhere = new BrowserElsewhere(html);
        await elsewhere._app.StartAsync();
        var addresses = elsewhere._app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses;
        elsewhere.Address = addresses.First(address => address.Contains("127.0.0.2", StringComparison.Ordinal));
        elsewhere.Unboxed = addresses.First(address => address != elsewhere.Address) + "/unboxed";
        return elsewhere;
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    private async Task Hit(HttpContext http)
    {
        _hits.Enqueue(http.Request.Path.Value![1..]);
        http.Response.Headers.AccessControlAllowOrigin = "*";
        if (http.WebSockets.IsWebSocketRequest)
        {
            using var socket = await http.WebSockets.AcceptWebSocketAsync();
            return;
        }

        await http.Response.WriteAsync("/* hit */");
    }

    private static Task WriteUnboxed(HttpContext http, string html)
    {
        http.Response.ContentType = "text/html; charset=utf-8";
        return http.Response.WriteAsync(html);
    }
}
