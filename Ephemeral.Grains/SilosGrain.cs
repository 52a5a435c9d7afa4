using System.Collections.Immutable;
using Orleans.Concurrency;
using Orleans.Runtime;

namespace Ephemeral.Grains;

/// <summary>One on each silo, as often as needed: it only passes on what its silo sees.</summary>
[GrainType("silos"), StatelessWorker]
internal sealed class SilosGrain(ISiloStatusOracle silos) : Grain, ISilosGrain
{
    public Task<ImmutableArray<SiloAddress>> Alive() =>
        Task.FromResult(silos.GetApproximateSiloStatuses(onlyActive: true).Keys.Order().ToImmutableArray());
}
