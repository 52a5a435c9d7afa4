using System.Collections.Concurrent;
using System.Diagnostics;
using Ephemeral.Grains;
using Ephemeral.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;
using Xunit;

namespace Ephemeral.Tests;

/// <summary>Silos that find each other by a real Redis, chosen by configuration alone.</summary>
public sealed class RedisTests : IAsyncLifetime
{
    private readonly List<WebApplication> _silos = [];
    private Redis? _redis;

    [RedisFact]
    public async Task A_membership_table_that_Redis_has_lost_is_put_back_whole_and_above_what_silos_know()
    {
        _redis = await Redis.Start();
        await StartSilo();
        await StartSilo();
        var before = await Table();
        Assert.Equal(2, before.Members.Count(row => row.Item1.Status == SiloStatus.Active));
        await Keeper(0).Look(default);
        await Keeper(1).Look(default);

        _redis.Dispose();
        _redis = await Redis.Start(_redis.Port);
        // Both at once, as it happens when Redis answers again.
        await Task.WhenAll(Look(0), Look(1));
        var after = await Table();
        Assert.Equal(Rows(before), Rows(after));
        Assert.True(after.Version.Version > before.Version.Version);
        await Task.WhenAll(Look(0), Look(1));
        Assert.Equal(after.Version.Version, (await Table()).Version.Version);

        // A silo that comes now is one of them all.
        await StartSilo();
        Assert.Equal(3, (await Table()).Members.Count(row => row.Item1.Status == SiloStatus.Active));
        await _silos[0].Services.GetRequiredService<IClusterMembershipService>().Refresh(new MembershipVersion((await Table()).Version.Version));
        Assert.Equal(3, _silos[0].Services.GetRequiredService<IClusterMembershipService>().CurrentSnapshot.Members.Count(member => member.Value.Status == SiloStatus.Active));
    }

    [RedisFact]
    public async Task A_silo_whose_Redis_is_gone_stops_when_its_time_is_over()
    {
        _redis = await Redis.Start();
        using var silo = new Process();
        // A process of its own: what it does at the end ends the process.
        silo.StartInfo = new ProcessStartInfo("dotnet", ["Ephemeral.Silo.dll", "--urls=http://127.0.0.1:0", "--shutdownTimeoutSeconds=1", "--Logging:LogLevel:Microsoft.Hosting.Lifetime=Information", .. Clustering()])
        {
            WorkingDirectory = AppContext.BaseDirectory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var said = new ConcurrentQueue<string>();
        var listens = new TaskCompletionSource();
        silo.OutputDataReceived += (_, line) =>
        {
            said.Enqueue(line.Data ?? "");
            if (line.Data?.Contains("Now listening", StringComparison.Ordinal) == true)
                listens.TrySetResult();
        };
        silo.ErrorDataReceived += (_, line) => said.Enqueue(line.Data ?? "");
        silo.Start();
        silo.BeginOutputReadLine();
        silo.BeginErrorReadLine();
        try
        {
            Assert.True(await Task.WhenAny(listens.Task, silo.WaitForExitAsync(), Task.Delay(TimeSpan.FromSeconds(60))) == listens.Task, string.Join('\n', said));
            _redis.Dispose();
            _redis = null;
            using var kill = Process.Start("kill", ["-TERM", $"{silo.Id}"]);
            // Orleans by itself goes on for over a minute.
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(50));
            await silo.WaitForExitAsync(limit.Token);
            Assert.Equal(0, silo.ExitCode);
            Assert.Contains(said, line => line.Contains("leaves without signing off", StringComparison.Ordinal));
        }
        finally
        {
            if (!silo.HasExited)
                silo.Kill();
        }
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var silo in Enumerable.Reverse(_silos))
            await silo.DisposeAsync();
        _redis?.Dispose();
    }

    private async Task StartSilo()
    {
        var silo = EphemeralWeb.Build(
            ["--urls=http://127.0.0.1:0", "--Ephemeral:DrainTime=00:00:00", .. Clustering()], builder => builder.Logging.ClearProviders());
        _silos.Add(silo);
        await silo.StartAsync().WaitAsync(TimeSpan.FromSeconds(60));
    }

    private string[] Clustering() =>
    [
        "--Orleans:Clustering:ProviderType=Redis", $"--Orleans:Clustering:ConnectionString=127.0.0.1:{_redis!.Port}",
        "--Orleans:Endpoints:AdvertisedIPAddress=127.0.0.1", $"--Orleans:Endpoints:SiloPort={FreePort()}", $"--Orleans:Endpoints:GatewayPort={FreePort()}",
    ];

    // The connection to Redis comes back by itself, but not in an instant.
    private async Task Look(int silo)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            try
            {
                await Keeper(silo).Look(limit.Token);
                return;
            }
            catch (StackExchange.Redis.RedisException)
            {
                await Task.Delay(50, limit.Token);
            }
        }
    }

    private MembershipKeeper Keeper(int silo) => _silos[silo].Services.GetRequiredService<MembershipKeeper>();

    private Task<MembershipTableData> Table() => _silos[0].Services.GetRequiredService<IMembershipTable>().ReadAllAsync(default);

    private static IEnumerable<(string, SiloStatus, int)> Rows(MembershipTableData table) =>
        table.Members.Select(row => (row.Item1.SiloAddress.ToString(), row.Item1.Status, row.Item1.ProxyPort)).Order();

    private static int FreePort()
    {
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        return ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
    }
}
