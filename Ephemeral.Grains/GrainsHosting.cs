using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Streams;

namespace Ephemeral.Grains;

/// <summary>What makes a silo one that hosts pages; the silo program, the embedded host and the tests share it.</summary>
public static class GrainsHosting
{
    /// <summary>Adds pages, their sweeper, the pulse, and the cluster settings they rely on.</summary>
    public static ISiloBuilder AddPages(this ISiloBuilder silo)
    {
        silo.Services.AddChecked<PageOptions>("Ephemeral:Pages");
        if (Telemetry.IsSent(silo.Configuration))
            silo.AddActivityPropagation();
        silo.Services.TryAddSingleton(TimeProvider.System);
        silo.Services.AddSingleton<LivePages>();
        silo.Services.AddHostedService<PageSweeper>();
        silo.Services.AddHostedService<PulsePublisher>();
        silo.Services.AddHostedService<PageDrain>();
        if (Clustering.IsConfigured(silo.Configuration))
        {
            silo.Services.ReconnectSoon();
            silo.Services.AddSingleton<MembershipKeeper>();
            silo.Services.AddHostedService(services => services.GetRequiredService<MembershipKeeper>());
        }
        silo.AddMemoryStreams(PulsePublisher.Provider, streams =>
        {
            streams.ConfigurePartitioning(1);
            streams.ConfigurePullingAgent(agent => agent.Configure(options => options.GetQueueMsgsTimerPeriod = PulsePublisher.Every));
            streams.ConfigureStreamPubSub(StreamPubSubType.ImplicitOnly);
        });

        // With the default directory, losing one silo also loses pages on the others. The directory's own lease would
        // block a dead silo's pages for 23 s; a page is announced again within seconds, so it needs no such guard.
#pragma warning disable ORLEANSEXP003 // the distributed directory is marked experimental
        silo.AddDistributedGrainDirectory();
#pragma warning restore ORLEANSEXP003
        silo.Configure<GrainDirectoryOptions>(options => options.RangeLeaseDuration = TimeSpan.Zero);

        // A dead silo is noticed in about a second and a half instead of ten or more. The price: a silo that hangs that long is taken for dead.
        silo.Configure<ClusterMembershipOptions>(options =>
        {
            options.ProbeTimeout = TimeSpan.FromSeconds(1);
            options.NumMissedProbesLimit = 2;
            // Times the missed probes: for so long a connection on which something came vouches for a silo. One that hangs is given up after 4 s, not 8.
            options.MaxProbeTimeout = TimeSpan.FromSeconds(2);
            options.TableRefreshTimeout = TimeSpan.FromSeconds(5);
            options.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(5);
        });
        // Calls to a web node that is gone fail after this, instead of after a minute.
        silo.Configure<SiloMessagingOptions>(options => options.ClientDropTimeout = TimeSpan.FromSeconds(10));
        return silo;
    }
}
