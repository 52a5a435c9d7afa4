using Ephemeral.Grains;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Time.Testing;
using Orleans.TestingHost;
using Xunit;

namespace Ephemeral.Tests.Fixtures;

/// <summary>Two silos in this process, with fake time for the pages and real time for Orleans.</summary>
public sealed class EphemeralCluster : IAsyncLifetime
{
    public FakeTimeProvider Time { get; } = new();
    public InProcessTestCluster Cluster { get; private set; } = null!;
    public IGrainFactory Grains => Cluster.Client;

    public async Task InitializeAsync()
    {
        var builder = new InProcessTestClusterBuilder(2);
        builder.ConfigureSilo((_, silo) =>
        {
            silo.AddPages();
            silo.Services.Replace(ServiceDescriptor.Singleton<TimeProvider>(Time));
            silo.Services.UseTimeProviderForBackgroundAreas(TimeProvider.System);
        });
        Cluster = builder.Build();
        await Cluster.DeployAsync();
    }

    public async Task DisposeAsync() => await Cluster.DisposeAsync();
}

/// <summary>Classes that share the one cluster.</summary>
[CollectionDefinition(nameof(EphemeralCluster))]
public class SharedCluster : ICollectionFixture<EphemeralCluster>;
