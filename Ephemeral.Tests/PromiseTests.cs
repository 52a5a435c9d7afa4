using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Diagnostics.NETCore.Client;
using Xunit;

namespace Ephemeral.Tests;

/// <summary>
/// The promise, looked at from outside: a page with a marker in it passes through real processes, is let go, and then the marker is in no file, no log line
/// at any level and no number, and nowhere in their memory; and nor is the page's address in what an operator keeps.
/// </summary>
public sealed class PromiseTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ephemeral-promise-");
    // Made at run time: a literal would be in the memory of the program that it stands in.
    private readonly string _marker = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
    private readonly List<Program> _programs = [];

    public void Dispose()
    {
        _programs.ForEach(program => program.Dispose());
        _folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_embedded_host_keeps_nothing_of_a_page_that_is_let_go(bool lean)
    {
        var ports = TestPorts.Free(1);
        var web = await Start("Ephemeral.Web", "Ephemeral is open at ", $"--Ephemeral:ManagementUrl=http://127.0.0.1:{ports[0]}", $"--Ephemeral:LeanSockets={lean}");
        await Relay(web.Address, web.Address, [web], $"http://127.0.0.1:{ports[0]}/metrics");
    }

    [Fact]
    public async Task A_cluster_keeps_nothing_of_a_page_that_is_let_go()
    {
        var ports = TestPorts.Free(3);
        var silo = await Start("Ephemeral.Silo", "Now listening on: ", $"--Orleans:Endpoints:SiloPort={ports[0]}", $"--Orleans:Endpoints:GatewayPort={ports[1]}");
        string[] client = ["--Ephemeral:Silo=external", $"--Orleans:Endpoints:GatewayPort={ports[1]}"];
        var a = await Start("Ephemeral.Web", "Ephemeral is open at ", [.. client, $"--Ephemeral:ManagementUrl=http://127.0.0.1:{ports[2]}"]);
        var b = await Start("Ephemeral.Web", "Ephemeral is open at ", client);
        await Relay(a.Address, b.Address, [silo, a, b], $"http://127.0.0.1:{ports[2]}/metrics", new Uri(silo.Address, "/metrics").ToString());
    }

    private async Task Relay(Uri holders, Uri readers, Program[] programs, params string[] numbers)
    {
        using var http = new HttpClient();
        // Small and large, and one of files: they take different ways through memory.
        var (small, large) = (Page(3_000), Page(900_000));
        var files = TestPage.Of("files", 200_000, _marker, null, ("secret name.txt", _marker, Page(700_000).Bytes));
        await using (var holder = await Visitor(holders, "holder"))
        await using (var reader = await Visitor(readers, "reader"))
        {
            await ProveThatTheSearchFinds(holders, programs.Single(program => program.Address == holders));
            holder.Gives([small, large, .. files.All]);
            foreach (var page in new[] { small, large, files.Root })
            {
                await holder.Hold(page);
                await holder.NextStatus(page, "holder");
                await reader.Want(page);
                await reader.NextBlob(page);
                foreach (var path in new[] { "raw", "files/secret%20name.txt" })
                    using (var answer = await http.GetAsync(new Uri(readers, $"/{page.Name}/{path}")))
                        Assert.Equal(page == files.Root || path == "raw" ? HttpStatusCode.OK : HttpStatusCode.NotFound, answer.StatusCode);
                await http.GetStringAsync(new Uri(readers, $"/api/pages/{page.Name}"));
                if (page == files.Root)
                    foreach (var blob in files.Blobs)
                    {
                        await reader.Get(page, blob);
                        await reader.NextBlob(blob);
                    }
                await reader.Release(page);
                await reader.NextStatus(page, "none");
                await holder.Release(page);
                await holder.NextStatus(page, "none");
            }
        }
        foreach (var address in numbers)
            foreach (var secret in Secrets(small, large, files.Root))
                Assert.DoesNotContain(secret, await http.GetStringAsync(new Uri(address)), StringComparison.OrdinalIgnoreCase);
        foreach (var program in programs)
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
            int found;
            // What a connection that has just ended was sent comes back within seconds.
            while ((found = await Found(program)) > 0 && !patience.IsCancellationRequested)
                await Task.Delay(1000, CancellationToken.None);
            Assert.True(found == 0, $"The marker is {found} times in the memory of {program.Address}");
        }

        foreach (var program in programs)
        {
            await program.Stop();
            Assert.Contains("trce: ", program.Log, StringComparison.Ordinal);
            foreach (var secret in Secrets(small, large, files.Root))
                Assert.DoesNotContain(secret, program.Log, StringComparison.OrdinalIgnoreCase);
        }
        // All that they could write is below this folder; what they open elsewhere is looked at while they run.
        foreach (var file in _folder.GetFiles("*", SearchOption.AllDirectories))
            foreach (var secret in Secrets(small, large, files.Root))
                Assert.Equal(0, Count(await File.ReadAllBytesAsync(file.FullName), Encoding.UTF8.GetBytes(secret)));
    }

    private IEnumerable<string> Secrets(params TestBlob[] pages) =>
        [_marker, Convert.ToBase64String(Encoding.UTF8.GetBytes(_marker))[..40], "secret name", "secret%20name", .. pages.Select(page => page.Name)];

    // Half of a blob is in the process while the other half is still to come: there the search must find it.
    private async Task ProveThatTheSearchFinds(Uri address, Program program)
    {
        var page = Page(400_000);
        await using var halfway = await Visitor(address, "halfway");
        await halfway.Hold(page);
        await halfway.NextAsk(page, page);
        await halfway.SendUnfinished(page.Frame()[..200_000]);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (await Found(program) < 1000)
            patience.Token.ThrowIfCancellationRequested();
    }

    // How often the marker is in the memory of the process, as it goes over the wire and as .NET holds text.
    private async Task<int> Found(Program program)
    {
        // What a connection or a request has held is let go a moment after its end.
        var dump = Path.Combine(_folder.FullName, Guid.NewGuid().ToString("N"));
        program.LooksAtOpenFiles(_folder.FullName);
        await new DiagnosticsClient(program.Id).WriteDumpAsync(DumpType.WithHeap, dump, logDumpGeneration: false, CancellationToken.None);
        var memory = await File.ReadAllBytesAsync(dump);
        File.Delete(dump);
        return Count(memory, Encoding.UTF8.GetBytes(_marker)) + Count(memory, Encoding.Unicode.GetBytes(_marker));
    }

    private static int Count(ReadOnlySpan<byte> memory, ReadOnlySpan<byte> what)
    {
        var count = 0;
        for (int at; (at = memory.IndexOf(what)) >= 0; memory = memory[(at + what.Length)..])
            count++;
        return count;
    }

    private TestBlob Page(int size)
    {
        var text = new StringBuilder(Guid.NewGuid().ToString("N"));
        while (text.Length < size)
            text.Append(' ').Append(_marker);
        return TestBlob.Text(text.ToString());
    }

    private static Task<TestVisitor> Visitor(Uri address, string name) => TestVisitor.Connect(new Uri($"ws://{address.Authority}/ws"), name);

    private async Task<Program> Start(string program, string opened, params string[] settings)
    {
        var started = await Program.Start(program, opened, _folder.CreateSubdirectory($"{program}-{_programs.Count}").FullName, settings);
        _programs.Add(started);
        return started;
    }

    /// <summary>One of our programs with everything logged, whose every usual place to write to is one folder.</summary>
    private sealed class Program : IDisposable
    {
        private readonly Process _process;
        private readonly StringBuilder _log = new();

        private Program(Process process) => _process = process;

        public int Id => _process.Id;

        public Uri Address { get; private set; } = null!;

        public string Log
        {
            get
            {
                lock (_log)
                    return _log.ToString();
            }
        }

        public static async Task<Program> Start(string name, string opened, string folder, string[] settings)
        {
            var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, name + ".dll"), "--urls=http://127.0.0.1:0", "--Ephemeral:DrainTime=00:00:00",
                "--Logging:LogLevel:Default=Trace", "--Logging:LogLevel:Orleans=Trace", "--Logging:LogLevel:Microsoft.AspNetCore=Trace", "--Logging:Console:IncludeScopes=true", .. settings])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                WorkingDirectory = folder,
            };
            // The socket for dumps lies where temporary files do, and this process looks for it in its own such place.
            foreach (var place in new[] { "HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME" })
                start.Environment[place] = folder;
            start.Environment["DOTNET_TieredPGO"] = "0";
            var program = new Program(Process.Start(start)!);
            var address = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
            program._process.OutputDataReceived += (_, line) => Take(line.Data);
            program._process.ErrorDataReceived += (_, line) => Take(line.Data);
            program._process.BeginOutputReadLine();
            program._process.BeginErrorReadLine();
            program.Address = await address.Task.WaitAsync(TimeSpan.FromSeconds(60));
            return program;

            void Take(string? line)
            {
                lock (program._log)
                    program._log.AppendLine(line);
                if (line?.IndexOf(opened, StringComparison.Ordinal) is >= 0 and var at)
                    address.TrySetResult(new Uri(line[(at + opened.Length)..].Trim()));
            }
        }

        /// <summary>Fails if a file is open for writing that is not below this folder.</summary>
        public void LooksAtOpenFiles(string folder)
        {
            foreach (var descriptor in Directory.GetFiles($"/proc/{Id}/fd"))
            {
                var target = File.ResolveLinkTarget(descriptor, returnFinalTarget: false)?.FullName ?? "";
                var flags = Convert.ToInt32(File.ReadLines($"/proc/{Id}/fdinfo/{Path.GetFileName(descriptor)}").First(line => line.StartsWith("flags:", StringComparison.Ordinal))[6..].Trim(), 8);
                if ((flags & 3) != 0 && File.Exists(target) && !target.StartsWith("/dev/", StringComparison.Ordinal) && !target.Contains("doublemapper", StringComparison.Ordinal))
                    Assert.StartsWith(folder, target, StringComparison.Ordinal);
            }
        }

        public async Task Stop()
        {
            using (var kill = Process.Start("kill", ["-TERM", Id.ToString(CultureInfo.InvariantCulture)]))
                await kill.WaitForExitAsync();
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
            await _process.WaitForExitAsync(patience.Token);
        }

        public void Dispose()
        {
            if (!_process.HasExited)
                _process.Kill();
            _process.Dispose();
        }
    }
}
