using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Ephemeral.Silo;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Xunit;
using YamlDotNet.Serialization;

namespace Ephemeral.Tests;

/// <summary>What an operator sees: numbers and what is drawn and alerted from them, traces and logs at a collector, and a configuration that is checked.</summary>
public sealed partial class OperatorTests
{
    private static readonly string Monitoring = Path.GetFullPath(Path.Combine(Here(), "..", "..", "deploy", "monitoring"));

    [Fact]
    public async Task Every_query_of_the_dashboard_and_the_alerts_is_one_of_metrics_that_are_really_exported()
    {
        var exported = await Exported();
        var queries = Dashboard().Concat(Alerts()).ToList();
        Assert.InRange(queries.Count, 30, 100);
        foreach (var query in queries)
        {
            var metrics = 0;
            foreach (Match metric in Metric().Matches(Plain(query)))
            {
                var name = metric.Groups["name"].Value;
                metrics++;
                if (name == "up")
                    continue;
                Assert.True(exported.TryGetValue(name, out var labels), $"No {name} is exported, but there is the query {query}");
                foreach (Match label in Label().Matches(metric.Groups["labels"].Value))
                    Assert.True(labels.Contains(label.Groups[1].Value) || label.Groups[1].Value is "job" or "instance", $"{name} has no label {label.Groups[1].Value}, but there is the query {query}");
            }
            Assert.True(metrics > 0, $"This test found no metric in {query}");
            foreach (Match by in By().Matches(query))
                foreach (var label in by.Groups[1].Value.Split(',', StringSplitOptions.TrimEntries))
                    Assert.True(label == "instance" || exported.Values.Any(labels => labels.Contains(label)), $"Nothing has the label {label}, but there is the query {query}");
        }
    }

    [Theory]
    [InlineData("sum by (code) (rate(ephemeral_errors_total{code=~\"rate-limited|x\"}[5m])) > 10", "ephemeral_errors_total")]
    [InlineData("histogram_quantile(0.5, sum by (le) (rate(a_bucket[5m])))", "a_bucket")]
    [InlineData("a_sum / b_count", "a_sum b_count")]
    public void The_test_above_finds_the_metrics_of_a_query(string query, string metrics) =>
        Assert.Equal(metrics.Split(' '), Metric().Matches(Plain(query)).Select(match => match.Groups["name"].Value));

    [Fact]
    public async Task Numbers_say_what_happened()
    {
        var (web, scrape) = await Scraped();
        await using var _ = web;
        var (page, lie) = (TestBlob.Fresh(1000), TestBlob.Fresh());
        await using var holder = await web.Visitor("holder");
        holder.Gives(page);
        await holder.Hold(page);
        await holder.NextStatus(page, "holder");
        await using var reader = await web.Visitor("reader");
        await reader.Want(page);
        await reader.NextBlob(page);
        await using var liar = await web.Visitor("liar");
        liar.Lies();
        await liar.Hold(lie);
        Assert.Equal(4001, await liar.NextClose());
        await reader.Want(lie);
        await reader.NextStatus(lie, "waiter");

        var numbers = await scrape();
        Assert.Equal(1, Value(numbers, "ephemeral_lies_total"));
        Assert.Equal(1, Value(numbers, "ephemeral_closes_total", "code=\"4001\""));
        Assert.Equal(1, Value(numbers, "ephemeral_errors_total", "code=\"bad-content\""));
        Assert.Equal(0, Value(numbers, "ephemeral_errors_total", "code=\"bad-message\""));
        Assert.Equal(3, Value(numbers, "ephemeral_visitors_opened_total"));
        Assert.Equal(1, Value(numbers, "ephemeral_time_to_content_seconds_count"));
        Assert.Equal(page.Frame().Length, Value(numbers, "ephemeral_relayed_bytes_total"));
        Assert.InRange(Value(numbers, "ephemeral_received_bytes_total"), 2 * page.Frame().Length, double.MaxValue);
        Assert.Equal(0, Value(numbers, "ephemeral_queued_bytes"));
    }

    [Fact]
    public async Task Numbers_traces_and_logs_go_to_a_collector_and_name_no_page()
    {
        await using var collector = await Collector.Start();
        var page = TestBlob.Fresh();
        await using (var web = await WebApp.Start($"--OTEL_EXPORTER_OTLP_ENDPOINT={collector.Address}", "--OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", "--Logging:LogLevel:Default=Debug"))
        {
            await using var holder = await web.Visitor("holder");
            holder.Gives(page);
            await holder.Hold(page);
            await holder.NextStatus(page, "holder");
            Assert.Equal(HttpStatusCode.OK, (await web.Http.GetAsync($"/api/pages/{page.Name}")).StatusCode);
            Assert.Equal(page.Bytes, await web.Http.GetByteArrayAsync($"/{page.Name}/raw"));
        }
        // What was still under way is sent when the program stops.
        Assert.Contains("ephemeral.visitors", collector.Received("/v1/metrics"), StringComparison.Ordinal);
        Assert.Contains("/api/pages/{page:hash}", collector.Received("/v1/traces"), StringComparison.Ordinal);
        Assert.Contains("Announce", collector.Received("/v1/traces"), StringComparison.Ordinal);
        Assert.Contains("Ephemeral is open at", collector.Received("/v1/logs"), StringComparison.Ordinal);
        Assert.Contains("/<page>", collector.Received("/v1/logs"), StringComparison.Ordinal);
        foreach (var kind in new[] { "/v1/metrics", "/v1/traces", "/v1/logs" })
            Assert.DoesNotContain(page.Name, collector.Received(kind), StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Orleans_dashboard_is_served_by_a_silo_only_if_it_is_asked_for(bool asked)
    {
        var ports = TestPorts.Free(2);
        string[] dashboard = asked ? ["--Ephemeral:Dashboard=true"] : [];
        await using var silo = EphemeralSilo.Build(["--urls=http://127.0.0.1:0", $"--Orleans:Endpoints:SiloPort={ports[0]}", $"--Orleans:Endpoints:GatewayPort={ports[1]}", .. dashboard]);
        await silo.StartAsync().WaitAsync(TimeSpan.FromSeconds(60));
        using var http = new HttpClient { BaseAddress = new Uri(silo.Urls.First()) };
        using var answer = await http.GetAsync("/dashboard/");
        Assert.Equal(asked ? HttpStatusCode.OK : HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/metrics")).StatusCode);
        await silo.StopAsync();
    }

    [Theory]
    [InlineData("Ephemeral.Web", "Ephemeral:MaxBlob = 65536", "--Ephemeral:MaxBlob=65536")]
    [InlineData("Ephemeral.Web", "Ephemeral:Pages:Lease = 00:00:25")]
    [InlineData("Ephemeral.Web", "Orleans:Clustering:ConnectionString = (hidden)", "--Orleans:Clustering:ProviderType=Redis", "--Orleans:Clustering:ConnectionString=nowhere:1,password=secret")]
    [InlineData("Ephemeral.Silo", "Ephemeral:Dashboard = False")]
    public async Task A_configuration_can_be_checked_without_a_start(string program, string shown, params string[] settings)
    {
        var (code, output, error) = await Run(program, ["--check-config", .. settings]);
        Assert.True(code == 0, error);
        Assert.Contains(shown, output, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", output, StringComparison.Ordinal);
        Assert.EndsWith("The configuration can be used.\n", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Ephemeral.Web", "Ephemeral:MaxBlob is '0', but must be from 1024 to 1048576. Set it as --Ephemeral:MaxBlob=… or as Ephemeral__MaxBlob, or leave it out for 1048576.", "--Ephemeral:MaxBlob=0")]
    [InlineData("Ephemeral.Web", "Ephemeral:ManagementUrl is '9090', but must be like http://+:9090.", "--Ephemeral:ManagementUrl=9090")]
    [InlineData("Ephemeral.Web", "'Ephemeral:MaxBlob'", "--Ephemeral:MaxBlob=large")]
    [InlineData("Ephemeral.Web", "Nothing reads Ephemeral:MaxBlobs", "--Ephemeral:MaxBlobs=1024")]
    [InlineData("Ephemeral.Web", "Ephemeral:Silo is 'somewhere'", "--Ephemeral:Silo=somewhere")]
    [InlineData("Ephemeral.Silo", "Ephemeral:Pages:Lease is '00:00:00'", "--Ephemeral:Pages:Lease=00:00:00")]
    [InlineData("Ephemeral.Silo", "Orleans:Clustering:ProviderType is 'Postgres'", "--Orleans:Clustering:ProviderType=Postgres")]
    public async Task A_setting_that_cannot_be_is_told_by_its_path_its_value_and_the_remedy(string program, string told, string setting)
    {
        var (code, _, error) = await Run(program, ["--check-config", setting]);
        Assert.Equal(1, code);
        Assert.Contains(told, error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_start_with_such_a_setting_ends_with_the_same_plain_lines()
    {
        var (code, _, error) = await Run("Ephemeral.Web", ["--urls=http://127.0.0.1:0", "--Ephemeral:MaxGets=0"]);
        Assert.Equal(1, code);
        Assert.StartsWith("Ephemeral:MaxGets is '0', but must be from 1 to 256.", error, StringComparison.Ordinal);
    }

    // ---- numbers ----

    private static async Task<(WebApp Web, Func<Task<string>> Scrape)> Scraped()
    {
        var management = $"http://127.0.0.1:{TestPorts.Free(1)[0]}";
        var web = await WebApp.Start($"--Ephemeral:ManagementUrl={management}");
        return (web, async () =>
        {
            using var http = new HttpClient();
            return await http.GetStringAsync(new Uri($"{management}/metrics"));
        }
        );
    }

    /// <summary>The metrics of a process that does all that ours do, and the labels of each.</summary>
    private static async Task<Dictionary<string, HashSet<string>>> Exported()
    {
        var (web, scrape) = await Scraped();
        await using var _ = web;
        var page = TestBlob.Fresh();
        await using var holder = await web.Visitor("holder");
        holder.Gives(page);
        await holder.Hold(page);
        await holder.NextStatus(page, "holder");
        await using var reader = await web.Visitor("reader");
        await reader.Want(page);
        await reader.NextBlob(page);
        await web.Http.GetAsync($"/{page.Name}/raw");
        // A request is counted when its answer has left, which may be after it has come.
        using var patience = new CancellationTokenSource(TestVisitor.Patience);
        while (!(await scrape()).Contains("http_server_request_duration_seconds_count", StringComparison.Ordinal))
            patience.Token.ThrowIfCancellationRequested();
        var metrics = new Dictionary<string, HashSet<string>>();
        foreach (Match line in Sample().Matches(await scrape()))
        {
            var labels = metrics.TryGetValue(line.Groups["name"].Value, out var known) ? known : metrics[line.Groups["name"].Value] = [];
            labels.UnionWith(Label().Matches(line.Groups["labels"].Value).Select(label => label.Groups[1].Value));
        }
        return metrics;
    }

    private static double Value(string numbers, string name, string label = "")
    {
        var line = numbers.Split('\n').Single(line => line.StartsWith(name + "{", StringComparison.Ordinal) && line.Contains(label, StringComparison.Ordinal));
        return double.Parse(line[(line.LastIndexOf('}') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0], System.Globalization.CultureInfo.InvariantCulture);
    }

    private static IEnumerable<string> Dashboard()
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(Monitoring, "grafana-dashboard.json")));
        return [.. json.RootElement.GetProperty("panels").EnumerateArray().Where(panel => panel.TryGetProperty("targets", out _))
            .SelectMany(panel => panel.GetProperty("targets").EnumerateArray()).Select(target => target.GetProperty("expr").GetString()!)];
    }

    private static IEnumerable<string> Alerts()
    {
        var file = new DeserializerBuilder().Build().Deserialize<Dictionary<string, List<Dictionary<string, object>>>>(File.ReadAllText(Path.Combine(Monitoring, "alerts.yaml")));
        foreach (var rule in file["groups"].SelectMany(group => (List<object>)group["rules"]).Cast<Dictionary<object, object>>())
        {
            Assert.Equal(["alert", "annotations", "expr", "labels"], rule.Keys.Cast<string>().Where(key => key != "for").Order(StringComparer.Ordinal));
            Assert.Contains("description", ((Dictionary<object, object>)rule["annotations"]).Keys);
            yield return (string)rule["expr"];
        }
    }

    // Without what is no metric: "by (…)", ranges, functions.
    private static string Plain(string query) => Words().Replace(Range().Replace(By().Replace(query, ""), ""), "");

    [GeneratedRegex(@"\bby \(([^)]*)\)")]
    private static partial Regex By();

    [GeneratedRegex(@"\[\w+\]")]
    private static partial Regex Range();

    [GeneratedRegex(@"\b(sum|max|rate|increase|histogram_quantile)\b")]
    private static partial Regex Words();

    [GeneratedRegex("(?<name>[a-z][a-z_]+[a-z0-9_]*)(?<labels>\\{[^}]*\\})?(?![^{]*\\})")]
    private static partial Regex Metric();

    [GeneratedRegex("([a-z_]+)=~?\"")]
    private static partial Regex Label();

    [GeneratedRegex("^(?<name>[a-z_0-9]+)(?<labels>\\{(?:[^\"}]|\"[^\"]*\")*\\})? ", RegexOptions.Multiline)]
    private static partial Regex Sample();

    // ---- programs ----

    private static async Task<(int Code, string Output, string Error)> Run(string program, string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, program + ".dll"), .. arguments])
        {
            WorkingDirectory = AppContext.BaseDirectory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await process.WaitForExitAsync(patience.Token);
        return (process.ExitCode, await output, await error);
    }

    private static string Here([CallerFilePath] string file = "") => file;

    /// <summary>Takes what OpenTelemetry sends, and keeps it.</summary>
    private sealed class Collector(WebApplication app) : IAsyncDisposable
    {
        private readonly ConcurrentQueue<(string Path, string Body)> _received = new();

        public string Address => app.Urls.First();

        public static async Task<Collector> Start()
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            var app = builder.Build();
            app.Urls.Add("http://127.0.0.1:0");
            var collector = new Collector(app);
            app.MapPost("/v1/{kind}", async (HttpRequest request) =>
            {
                using var body = new MemoryStream();
                await request.Body.CopyToAsync(body);
                collector._received.Enqueue((request.Path, Encoding.UTF8.GetString(body.ToArray())));
                return Results.Ok();
            });
            await app.StartAsync();
            return collector;
        }

        /// <summary>All that has come there; texts stand in it as they are.</summary>
        public string Received(string path) => string.Concat(_received.Where(message => message.Path == path).Select(message => message.Body));

        public ValueTask DisposeAsync() => app.DisposeAsync();
    }
}
