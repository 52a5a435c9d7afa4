using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace Ephemeral.Grains;

/// <summary>
/// Remembers the membership table and puts it back when its store has lost it: a Redis without a disk that starts again comes back
/// empty, and running silos never write their rows a second time. And ends a stop that waits for a store that does not answer.
/// </summary>
internal sealed partial class MembershipKeeper(IMembershipTable store, ILocalSiloDetails me, TimeProvider time, ILogger<MembershipKeeper> logger) : BackgroundService
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LeaveAfter = TimeSpan.FromSeconds(2);

    private MembershipTableData? _known;

    /// <summary>Looks at the table once, and restores it if it is older than what was seen before.</summary>
    public async Task Look(CancellationToken stopping)
    {
        var table = await Read(stopping);
        if (_known is not null && table.Version.Version < _known.Version.Version)
        {
            LogLost(_known.Members.Count);
            table = await Restore(_known, table, stopping);
        }
        _known = table;
    }

    /// <remarks>
    /// Orleans goes on trying to sign off for a minute or more after the host's time to stop is over. Within that time the store may come
    /// back; beyond it, its peers' probes tell what it can't.
    /// </remarks>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        cancellationToken.Register(() => _ = Leave());
        await base.StopAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(LookEvery, time);
        while (await timer.WaitForNextTickAsync(stoppingToken).AsTask().ContinueWith(tick => tick.IsCompletedSuccessfully && tick.Result, TaskScheduler.Default))
        {
            try
            {
                await Look(stoppingToken);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                LogUnreachable(e);
            }
        }
    }

    private async Task Leave()
    {
        try
        {
            await store.ReadAllAsync(default).WaitAsync(LeaveAfter, time);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            LogLeft();
            Environment.Exit(0);
        }
    }

    // A table without a version can't be read; an existing one is left as it is by this.
    private async Task<MembershipTableData> Read(CancellationToken stopping)
    {
        if (_known is not null)
            await store.InitializeMembershipTableAsync(tryInitTableVersion: true, stopping);
        return await store.ReadAllAsync(stopping);
    }

    // Silos believe only a version above the one they know, so nobody sees a table with half of its rows: they come first, with low
    // versions, and then the version is counted up. Several silos may be at it at once; each write is made on the version that it read.
    private async Task<MembershipTableData> Restore(MembershipTableData known, MembershipTableData table, CancellationToken stopping)
    {
        while (true)
        {
            var missing = known.Members.Select(row => row.Item1).FirstOrDefault(row => table.TryGet(row.SiloAddress) is null);
            if (missing is not null)
                await store.InsertRowAsync(missing, table.Version.Next(), stopping);
            else if (table.Version.Version <= known.Version.Version && table.TryGet(me.SiloAddress) is { } mine)
                await store.UpdateRowAsync(mine.Item1, mine.Item2, table.Version.Next(), stopping);
            else
                return table;
            table = await store.ReadAllAsync(stopping);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The membership table is older than it was; its {Rows} rows are put back")]
    private partial void LogLost(int rows);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The membership table did not answer in time: this silo leaves without signing off, and the others will find it gone")]
    private partial void LogLeft();

    [LoggerMessage(Level = LogLevel.Debug, Message = "The membership table does not answer; it is looked at again")]
    private partial void LogUnreachable(Exception e);
}
