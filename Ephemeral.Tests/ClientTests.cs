using System.Diagnostics;
using Xunit;

namespace Ephemeral.Tests;

/// <summary>The client's own tests, so that one command runs them all.</summary>
public sealed class ClientTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    [NodeFact]
    public async Task The_clients_own_tests_pass()
    {
        var client = TestPlace.Client;
        using var npm = Process.Start(new ProcessStartInfo("npm", ["test"])
        {
            WorkingDirectory = client,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["NO_COLOR"] = "1" },
        })!;
        var (output, errors) = (npm.StandardOutput.ReadToEndAsync(), npm.StandardError.ReadToEndAsync());
        try
        {
            using var limit = new CancellationTokenSource(Patience);
            await npm.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            npm.Kill(entireProcessTree: true);
            Assert.Fail($"'npm test' in {client} took longer than {Patience.TotalMinutes} minutes:\n{await output}\n{await errors}");
        }

        Assert.True(npm.ExitCode == 0, $"'npm test' in {client} ended with {npm.ExitCode}:\n{await output}\n{await errors}");
    }
}

/// <summary>A test that needs Node. Where there is none it says so and is skipped; on CI it runs all the same, and so fails.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NodeFactAttribute : FactAttribute
{
    public NodeFactAttribute()
    {
        var path = Environment.GetEnvironmentVariable("PATH") ?? "";
        var there = path.Split(Path.PathSeparator).Any(directory => File.Exists(Path.Combine(directory, OperatingSystem.IsWindows() ? "npm.cmd" : "npm")));
        if (!there && Environment.GetEnvironmentVariable("CI") != "true") Skip = "There is no npm on the PATH: the client's own tests need Node.js.";
    }
}
