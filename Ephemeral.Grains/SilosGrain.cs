using System.Collections.Immutable;
using Orleans.Concurrency;
using Orleans.Runtime;

namespace Ephemeral.Grains;

/// <summary>One on each silo, as often as needed: it only passes on what its silo sees.</summary>
/// <remarks>Never more than one is: to find out which of them are idle, Orleans would wake up twice a second for each.</remarks>
[GrainType("silos"), StatelessWorker(maxLocalWorkers: 1, removeIdleWorkers: false)]
internal sealed class SilosGrain(ISiloStatusOracle silos) : Grain, ISilosGrain
{
    public Task<ImmutableArray<SiloAddress>> Alive() =>
        Task.FromResult(silos.GetApproximateSiloStatuses(onlyActive: true).Keys.Order().ToImmutableArray());
}
