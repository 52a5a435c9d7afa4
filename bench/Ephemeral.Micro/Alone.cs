using System.Collections.Immutable;
using System.Net;
using System.Reflection;
using Ephemeral.Grains;
using Ephemeral.Web;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Orleans.Runtime;

namespace Ephemeral.Micro;

/// <summary>A web node without sockets, without a cluster, and without time.</summary>
internal static class Alone
{
    public static WebNode Node()
    {
        var grains = DispatchProxy.Create<IGrainFactory, OneGrain>();
        var options = new WebOptions { MaxVisitors = 1_000_000, MessagesPerSecond = 1_000_000, MessageBurst = 1_000_000 };
        var meters = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<System.Diagnostics.Metrics.IMeterFactory>();
        return new WebNode(grains, new Fixed(options), new StoppedTime(), new Frames(), meters, NullLogger<WebNode>.Instance);
    }

    /// <summary>Stands for every page's grain: what a node says of itself is all there is.</summary>
    private sealed class Grain : IPageGrain
    {
        private readonly Guid _epoch = Guid.NewGuid();
        private readonly SiloAddress _silo = SiloAddress.New(new IPEndPoint(IPAddress.Loopback, 1), 1);
        private long _sequence;

        public Task<PageHealth> Announce(Announcement said) =>
            Task.FromResult(new PageHealth(_epoch, Interlocked.Increment(ref _sequence), _silo, said.Holders, said.Waiters, said.Holders, said.Waiters, []));

        public Task<PageHealth> GetHealth(Guid node) => Task.FromResult(new PageHealth(_epoch, _sequence, _silo, 0, 0, 0, 0, ImmutableArray<Source>.Empty));
        public Task Doubt(Guid node) => Task.CompletedTask;
        public Task Sweep() => Task.CompletedTask;
    }

#pragma warning disable CA1852 // a proxy is made by deriving from it
    private class OneGrain : DispatchProxy
#pragma warning restore CA1852
    {
        private static readonly Grain Page = new();

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
            targetMethod?.Name == nameof(IGrainFactory.CreateObjectReference) ? args![0] : Page;
    }

    private sealed class Fixed(WebOptions options) : IOptionsMonitor<WebOptions>
    {
        public WebOptions CurrentValue => options;
        public WebOptions Get(string? name) => options;
        public IDisposable? OnChange(Action<WebOptions, string?> listener) => null;
    }

    private sealed class StoppedTime : TimeProvider
    {
        public override long GetTimestamp() => 0;
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => new NoTimer();
    }

    private sealed class NoTimer : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => true;
        public void Dispose() { }
        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
