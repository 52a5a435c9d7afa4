using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Clustering.Redis;
using StackExchange.Redis;

namespace Ephemeral.Grains;

/// <summary>How silos and web nodes find each other, as configured.</summary>
public static class Clustering
{
    private const string Provider = "Orleans:Clustering:ProviderType";
    private const string Connection = "Orleans:Clustering:ConnectionString";

    /// <summary>True with a membership store, which Orleans then reads from the configuration itself; false without: one machine, one silo.</summary>
    /// <exception cref="InvalidSettingException">The store is not one that is built in, or it isn't said where it is.</exception>
    public static bool IsConfigured(IConfiguration configuration) => configuration[Provider] switch
    {
        null or "" => false,
        "Redis" when string.IsNullOrWhiteSpace(configuration[Connection]) =>
            throw new InvalidSettingException($"{Provider} is 'Redis', but {Connection} is empty. Say where it is, as in 'redis.example:6379'."),
        "Redis" => true,
        var other => throw new InvalidSettingException($"{Provider} is '{other}'. It can be 'Redis', or absent for a single silo on this machine."),
    };

    /// <summary>A Redis that was away is found again within a second or two. By default the tries come ever more rarely, and until one succeeds no death is noticed.</summary>
    public static void ReconnectSoon(this IServiceCollection services) => services.PostConfigure<RedisClusteringOptions>(redis =>
    {
        if (redis.ConfigurationOptions is { } options)
            options.ReconnectRetryPolicy = new LinearRetry(1000);
    });
}
