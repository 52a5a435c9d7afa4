using System.Collections.Concurrent;
using System.Net;
using System.Net.WebSockets;
using Ephemeral.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Ephemeral.Tests;

/// <summary>One whole process as a user starts it, in this one: Kestrel on a free loopback port, web node and embedded silo.</summary>
/// <remarks>
/// With a clock, the web node's own timers run on fake time. It flows with real time while a test arranges things, and stands still after <see cref="Freeze"/>,
/// where only <see cref="Pass"/> moves it: then a test says exactly what happens when.
/// </remarks>
public class WebApp : IAsyncLifetime, IAsyncDisposable
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(20);

    private readonly string[] _options;
    private readonly FakeTimeProvider? _clock;
    private readonly Dictionary<string, string?> _changes = new() { ["Ephemeral:Tests"] = "changed while it runs" };
    private readonly ConcurrentQueue<string> _warnings = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _flowing = new(0, 1);
    private WebApplication? _app;
    private Task _flow = Task.CompletedTask;
    private bool _frozen = true;

    public WebApp() : this(null) { }

    protected WebApp(FakeTimeProvider? clock, params string[] options) => (_clock, _options) = (clock, options);

    public WebApplication App => _app ?? throw new InvalidOperationException("The app has not been started.");

    public Uri Address { get; private set; } = null!;

    public Uri SocketAddress => new($"ws://{Address.Authority}/ws");

    /// <summary>A client that follows no redirects and keeps no cookies.</summary>
    public HttpClient Http { get; } = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, AutomaticDecompression = DecompressionMethods.None });

    /// <summary>What the server logged as a warning or worse.</summary>
    public IReadOnlyCollection<string> Warnings => _warnings;

    /// <summary>A server for one test alone.</summary>
    public static Task<WebApp> Start(params string[] options) => Start(null, options);

    /// <summary>A clock to start a server with. It begins near zero, where elapsed times are exact: the base class counts them in floating point.</summary>
    public static FakeTimeProvider NewClock() => new(new DateTimeOffset(1, 1, 2, 0, 0, 0, TimeSpan.Zero));

    public static async Task<WebApp> Start(FakeTimeProvider? clock, params string[] options)
    {
        var web = new WebApp(clock, options);
        await web.InitializeAsync();
        return web;
    }

    public async Task InitializeAsync()
    {
        _app = EphemeralWeb.Build(["--urls=http://127.0.0.1:0", .. _options], builder =>
        {
            builder.Logging.ClearProviders().SetMinimumLevel(LogLevel.Warning).AddProvider(new WarningsTo(_warnings));
            if (_clock is not null) builder.Services.AddKeyedSingleton<TimeProvider>(WebNode.Clock, _clock);
            builder.Configuration.AddInMemoryCollection(_changes);
            Configure(builder.Services);
        });
        // Not on the test runner's few threads: what a timer of the server sets off would queue up behind tests.
        var starting = Task.Run(() => _app.StartAsync());
        if (_clock is not null)
        {
            _flow = Task.Run(() => LetTimeFlow(_clock));
            Flow();
        }

        await starting.WaitAsync(TimeSpan.FromSeconds(60));
        var addresses = _app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses;
        Address = new Uri(addresses.First());
        Http.BaseAddress = Address;
    }

    public Task<TestVisitor> Visitor(string name = "visitor", Action<ClientWebSocketOptions>? options = null, bool thin = false) =>
        TestVisitor.Connect(SocketAddress, name, options, thin);

    /// <summary>Serves a visitor that comes by no network.</summary>
    internal Task Serve(WebSocket socket) => App.Services.GetRequiredService<WebNode>().Serve(socket);

    /// <summary>Blocks one more page, as an operator does in a configuration file while the server runs.</summary>
    public void Block(TestBlob page)
    {
        var blocked = App.Configuration.GetSection("Ephemeral:BlockedPages").GetChildren().Count();
        App.Configuration[$"Ephemeral:BlockedPages:{blocked}"] = page.Name;
        ((IConfigurationRoot)App.Configuration).Reload();
    }

    /// <summary>Lets fake time flow as real time does.</summary>
    public void Flow()
    {
        if (_clock is null || !_frozen) return;
        _frozen = false;
        _flowing.Release();
    }

    /// <summary>Stops fake time, after the step that is under way.</summary>
    public async Task Freeze()
    {
        if (_clock is null || _frozen) return;
        await _flowing.WaitAsync();
        _frozen = true;
    }

    /// <summary>Moves frozen time on in steps. After each one the visitors' fences wait until what it set off has been dealt with.</summary>
    public async Task Pass(TimeSpan time, params TestVisitor[] fences)
    {
        if (_clock is null || !_frozen) throw new InvalidOperationException("Only a frozen clock can be moved by hand.");
        while (time > TimeSpan.Zero)
        {
            var step = time < TimeSpan.FromMilliseconds(250) ? time : TimeSpan.FromMilliseconds(250);
            await Task.Run(() => _clock.Advance(step));
            time -= step;
            foreach (var visitor in fences) await visitor.Fence();
        }
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        Http.Dispose();
        Flow();
        if (_app is not null)
        {
            await Task.Run(() => _app.StopAsync()).WaitAsync(TimeSpan.FromSeconds(60));
            await _app.DisposeAsync();
        }

        await _stop.CancelAsync();
        await _flow;
    }

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    /// <summary>What one test wants otherwise, or to look at.</summary>
    protected virtual void Configure(IServiceCollection services) { }

    private async Task LetTimeFlow(FakeTimeProvider clock)
    {
        using var ticks = new PeriodicTimer(Tick);
        try
        {
            while (await ticks.WaitForNextTickAsync(_stop.Token))
            {
                await _flowing.WaitAsync(_stop.Token);
                clock.Advance(Tick);
                _flowing.Release();
            }
        }
        catch (OperationCanceledException)
        {
            // The app has stopped.
        }
    }

    private sealed class WarningsTo(ConcurrentQueue<string> warnings) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            warnings.Enqueue($"{logLevel}: {formatter(state, exception)} {exception}");

        public void Dispose() { }
    }
}

/// <summary>A server whose web node runs on fake time. Pings and the silence limit are out of the way, since hours may pass there without a byte.</summary>
public class ClockedWebApp : WebApp
{
    public ClockedWebApp() : this([]) { }

    protected ClockedWebApp(params string[] options) : base(NewClock(), ["--Ephemeral:SilenceLimit=01:00:00", "--Ephemeral:PingInterval=00:10:00", .. options]) { }
}

/// <summary>Tests that share one server, each with visitors and pages of its own.</summary>
public abstract class WireTest<TWeb>(TWeb web) : IClassFixture<TWeb>, IAsyncLifetime where TWeb : WebApp
{
    private readonly ConcurrentBag<TestVisitor> _visitors = [];

    protected TWeb Web => web;

    public Task InitializeAsync()
    {
        web.Flow();
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        web.Flow();
        foreach (var visitor in _visitors) await visitor.DisposeAsync();
    }

    protected async Task<TestVisitor> Visitor(string name = "visitor", bool thin = false)
    {
        var visitor = await web.Visitor(name, thin: thin);
        _visitors.Add(visitor);
        return visitor;
    }

    /// <summary>A visitor that has proven that it holds the page, and gives these blobs of it.</summary>
    protected async Task<TestVisitor> Holder(TestBlob page, params TestBlob[] further)
    {
        var holder = await Visitor("holder");
        holder.Gives([page, .. further]);
        await holder.Hold(page);
        await holder.NextStatus(page, "holder");
        return holder;
    }

    /// <summary>A visitor that waits for the page, or only for its further blobs.</summary>
    protected async Task<TestVisitor> Waiter(TestBlob page, bool? root = null)
    {
        var waiter = await Visitor("waiter");
        await waiter.Want(page, root);
        await waiter.NextStatus(page, "waiter");
        return waiter;
    }

    /// <summary>A visitor that was served the root here and then said that it holds the page: it needs no proof.</summary>
    protected async Task<TestVisitor> ServedHolder(TestBlob page, params TestBlob[] gives)
    {
        var served = await Visitor("served holder");
        await served.Want(page);
        await served.NextBlob(page);
        served.Gives(gives);
        await served.Hold(page);
        await served.NextStatus(page, "holder");
        return served;
    }

    /// <summary>Which of two equal holders is asked for the blob first; the other's ask is still to come, or not.</summary>
    protected static async Task<(TestVisitor First, TestVisitor Second, Task<Ask> SecondAsk)> FirstAsked(TestBlob page, TestBlob blob, TestVisitor a, TestVisitor b)
    {
        var (askA, askB) = (a.NextAsk(page, blob), b.NextAsk(page, blob));
        var first = await Task.WhenAny(askA, askB);
        await first;
        return first == askA ? (a, b, askB) : (b, a, askA);
    }
}
