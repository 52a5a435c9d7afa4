using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Ephemeral.Grains;
using Ephemeral.Silo;
using Ephemeral.Web;
using k8s;
using k8s.Models;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Clustering.Redis;
using Orleans.Configuration;
using Xunit;
using YamlDotNet.Serialization;

namespace Ephemeral.Tests;

/// <summary>The manifests of deploy/kubernetes, held against each other and against what the programs really read and serve.</summary>
public sealed class ManifestTests
{
    private const string Component = "app.kubernetes.io/component";
    private const string IngressNamespace = "ingress-nginx";
    private static readonly string Deploy = Path.GetFullPath(Path.Combine(Here(), "..", "..", "deploy"));
    private static readonly Dictionary<string, string> Stranger = new() { [Component] = "stranger" };
    private static readonly List<IKubernetesObject<V1ObjectMeta>> All = [.. Files("kubernetes")
        .SelectMany(file => KubernetesYaml.LoadAllFromString(File.ReadAllText(file), null, strict: true)).Cast<IKubernetesObject<V1ObjectMeta>>()];

    public static TheoryData<string> Programs => ["silo", "web"];

    public static TheoryData<string> Pods => ["silo", "web", "redis"];

    [Fact]
    public void Each_thing_is_there_once()
    {
        var names = All.ConvertAll(thing => $"{thing.Kind} {thing.Metadata.Name}").Order().ToList();
        Assert.Equal(names.Distinct(), names);
        Assert.Equal(["Deployment redis", "Deployment silo", "Deployment web"], names.Where(name => name.StartsWith("Deployment", StringComparison.Ordinal)));
        // What a wrong word would make Kubernetes refuse and the models let pass.
        Assert.All(Of<V1NetworkPolicy>(), policy => Assert.Empty(policy.Spec.PolicyTypes.Except(["Ingress", "Egress"])));
        Assert.Equal("Prefix", Paths().Single().PathType);
    }

    [Fact]
    public void The_kustomization_lists_every_file_and_gives_every_image_one_tag()
    {
        var list = Kustomization("kubernetes");
        Assert.Equal(Files("kubernetes").Select(Path.GetFileName).Order(), Strings(list["resources"]).Order());
        var images = ((List<object>)list["images"]).ConvertAll(image => (Dictionary<object, object>)image);
        Assert.Equal(images.Select(image => image["name"]).Order(), Of<V1Deployment>().Where(it => it.Metadata.Name != "redis").Select(it => (object)Container(it).Image).Order());
        Assert.Single(images.Select(image => image["newTag"]).Distinct());
        Assert.NotEqual("latest", images[0]["newTag"]);
        Assert.Equal(list["namespace"], Of<V1Namespace>().Single().Metadata.Name);
        Assert.Equal(["../../kubernetes"], Strings(Kustomization("overlays/podman")["resources"]));
        Assert.Empty(Files("overlays/podman"));
    }

    [Theory]
    [MemberData(nameof(Pods))]
    public void Selectors_find_the_pods_they_mean_and_no_others(string name)
    {
        var deployment = Deployment(name);
        Assert.Equal(name, deployment.Spec.Template.Metadata.Labels[Component]);
        Assert.Equal([name], Selected(deployment.Spec.Selector));
        Assert.Equal([name], Selected(new V1LabelSelector { MatchLabels = Get<V1Service>(name).Spec.Selector }));
        foreach (var spread in deployment.Spec.Template.Spec.TopologySpreadConstraints ?? [])
            Assert.Equal([name], Selected(spread.LabelSelector));
        if (name == "redis")
            return;
        var budget = Get<V1PodDisruptionBudget>(name).Spec;
        Assert.Equal([name], Selected(budget.Selector));
        Assert.Equal("1", budget.MaxUnavailable.Value);
        var update = deployment.Spec.Strategy.RollingUpdate;
        Assert.Equal(("RollingUpdate", "0", "1"), (deployment.Spec.Strategy.Type, update.MaxUnavailable.Value, update.MaxSurge.Value));
    }

    [Fact]
    public void Two_of_each_at_the_least_and_the_autoscaler_alone_says_how_many_web_nodes()
    {
        Assert.Equal(2, Deployment("silo").Spec.Replicas);
        var scaler = Of<V2HorizontalPodAutoscaler>().Single().Spec;
        Assert.Equal(("apps/v1", "Deployment", "web"), (scaler.ScaleTargetRef.ApiVersion, scaler.ScaleTargetRef.Kind, scaler.ScaleTargetRef.Name));
        Assert.Equal(2, scaler.MinReplicas);
        Assert.Null(Deployment("web").Spec.Replicas);
        // A share of what is requested: without a request there is nothing to scale by.
        Assert.Equal("Utilization", scaler.Metrics.Single().Resource.Target.Type);
        Assert.Contains(scaler.Metrics.Single().Resource.Name, Container("web").Resources.Requests.Keys);
    }

    [Theory]
    [MemberData(nameof(Pods))]
    public void Services_and_probes_name_ports_that_the_container_has(string name)
    {
        var ports = Container(name).Ports.ToDictionary(port => port.Name, port => port.ContainerPort);
        Assert.All(Get<V1Service>(name).Spec.Ports, port => Assert.Contains(port.TargetPort.Value, ports.Keys));
        Assert.All(Probes(name), probe => Assert.Contains((probe.HttpGet?.Port ?? probe.TcpSocket.Port).Value, ports.Keys));
        Assert.Equal(ports.Count, ports.Values.Distinct().Count());
    }

    [Fact]
    public void The_ingress_leads_to_the_web_nodes_and_leaves_silence_to_them()
    {
        var backend = Paths().Single().Backend.Service;
        Assert.Equal("web", backend.Name);
        Assert.Contains(backend.Port.Name, Get<V1Service>("web").Spec.Ports.Select(port => port.Name));
        var ingress = Of<V1Ingress>().Single();
        Assert.Equal(ingress.Spec.Rules.Single().Host, ingress.Spec.Tls.Single().Hosts.Single());
        using var web = BuildWeb();
        var options = web.Services.GetRequiredService<IOptions<WebOptions>>().Value;
        foreach (var side in new[] { "read", "send" })
            Assert.True(int.Parse(ingress.Metadata.Annotations[$"nginx.ingress.kubernetes.io/proxy-{side}-timeout"], CultureInfo.InvariantCulture) > options.SilenceLimit.TotalSeconds);
    }

    [Fact]
    public void The_image_serves_on_the_port_and_runs_as_the_user_that_the_manifests_say()
    {
        var containerfile = File.ReadAllText(Path.Combine(Deploy, "Containerfile"));
        var url = new Uri(Regex.Match(containerfile, @"\bURLS=(\S+)").Groups[1].Value.Replace('+', 'x'));
        var user = Regex.Match(containerfile, @"^USER (\d+):(\d+)$", RegexOptions.Multiline);
        foreach (var name in new[] { "silo", "web" })
        {
            Assert.Equal(url.Port, Container(name).Ports.Single(port => port.Name == "http").ContainerPort);
            Assert.All(Container(name).Ports, port => Assert.Matches($@"(?m)^EXPOSE .*\b{port.ContainerPort}\b", containerfile));
            var context = Deployment(name).Spec.Template.Spec.SecurityContext;
            Assert.Equal((user.Groups[1].Value, user.Groups[2].Value), ($"{context.RunAsUser}", $"{context.RunAsGroup}"));
            Assert.Matches($"(?m)^FROM program AS {name}$", containerfile);
        }
    }

    [Theory]
    [MemberData(nameof(Programs))]
    public void Each_program_has_three_probes_that_mean_different_things(string name)
    {
        var container = Container(name);
        Assert.Equal(("/health/ready", "/health/live"), (container.ReadinessProbe.HttpGet.Path, container.LivenessProbe.HttpGet.Path));
        Assert.NotNull(container.StartupProbe);
        // A process that hangs for ten seconds comes back by itself; restarting it would lose what it holds.
        Assert.True(container.LivenessProbe.PeriodSeconds * container.LivenessProbe.FailureThreshold >= 30);
    }

    [Fact]
    public void The_web_node_maps_the_paths_of_its_probes()
    {
        using var web = BuildWeb();
        var mapped = ((IEndpointRouteBuilder)web).DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>().Select(it => it.RoutePattern.RawText).ToHashSet();
        Assert.All(Probes("web"), probe => Assert.Contains(probe.HttpGet.Path, mapped));
    }

    [Fact]
    public async Task The_silo_serves_the_paths_of_its_probes()
    {
        var ports = TestPorts.Free(3);
        var start = new ProcessStartInfo("dotnet") { WorkingDirectory = AppContext.BaseDirectory, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in new[] { "Ephemeral.Silo.dll", $"--urls=http://127.0.0.1:{ports[0]}", $"--Orleans:Endpoints:SiloPort={ports[1]}", $"--Orleans:Endpoints:GatewayPort={ports[2]}" })
            start.ArgumentList.Add(argument);
        using var silo = Process.Start(start)!;
        silo.OutputDataReceived += (_, _) => { };
        silo.BeginOutputReadLine();
        silo.ErrorDataReceived += (_, _) => { };
        silo.BeginErrorReadLine();
        try
        {
            // It opens HTTP when the silo runs, so the first answer counts.
            using var retrying = new HttpClient(new Patience { InnerHandler = new HttpClientHandler() }) { BaseAddress = new Uri($"http://127.0.0.1:{ports[0]}"), Timeout = TimeSpan.FromSeconds(60) };
            foreach (var path in Probes("silo").Select(probe => probe.HttpGet.Path).Append(Annotation("silo", "path")).Distinct())
                Assert.Equal((path, HttpStatusCode.OK), (path, (await retrying.GetAsync(path)).StatusCode));
        }
        finally
        {
            silo.Kill();
        }
    }

    [Theory]
    [MemberData(nameof(Programs))]
    public void The_numbers_are_scraped_where_they_are_served(string name)
    {
        Assert.Equal(("true", Telemetry.Path), (Annotation(name, "scrape"), Annotation(name, "path")));
        // A silo serves HTTP to its operator alone; a web node has a port for that.
        var port = name == "silo" ? "http" : "management";
        Assert.Equal($"{Container(name).Ports.Single(it => it.Name == port).ContainerPort}", Annotation(name, "port"));
        if (name == "web")
            Assert.EndsWith($":{Annotation(name, "port")}", Environment(name)["Ephemeral__ManagementUrl"], StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Programs))]
    public void Environment_variables_are_names_that_the_program_reads(string name)
    {
        string[] read = name == "web" ? [.. OrleansVariables, .. Variables<WebOptions>("Ephemeral")] : [.. OrleansVariables, .. Variables<SiloSettings>("Ephemeral"), .. Variables<PageOptions>("Ephemeral__Pages")];
        Assert.All(Environment(name).Keys, variable => Assert.Contains(variable, read));
    }

    [Fact]
    public void The_silo_becomes_what_its_variables_say()
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Configuration.AddInMemoryCollection(Configuration("silo"));
        builder.UseOrleans();
        using var host = builder.Build();
        AssertIsOfTheCluster(host.Services);
        Assert.Equal("pod-1", host.Services.GetRequiredService<IOptions<SiloOptions>>().Value.SiloName);
        var endpoints = host.Services.GetRequiredService<IOptions<EndpointOptions>>().Value;
        var ports = Container("silo").Ports.ToDictionary(port => port.Name, port => port.ContainerPort);
        Assert.Equal((IPAddress.Parse("10.1.2.3"), ports["silo"], ports["gateway"]), (endpoints.AdvertisedIPAddress, endpoints.SiloPort, endpoints.GatewayPort));
    }

    [Fact]
    public void The_web_node_becomes_what_its_variables_say_and_fits_its_memory()
    {
        using var web = BuildWeb();
        AssertIsOfTheCluster(web.Services);
        Assert.Null(web.Services.GetService<IOptions<EndpointOptions>>()?.Value.AdvertisedIPAddress);
        Assert.Null(web.Services.GetService<Orleans.Runtime.ILocalSiloDetails>());
        var options = web.Services.GetRequiredService<IOptions<WebOptions>>().Value;
        Assert.True((options.MaxVisitors * 20_000L) + options.BlobMemory + 150_000_000 < Container("web").Resources.Limits["memory"].ToDecimal());
    }

    [Fact]
    public void A_pod_is_given_longer_to_stop_than_its_program_takes()
    {
        using var web = BuildWeb();
        var margin = TimeSpan.FromSeconds(5);
        Assert.True(Grace("web") >= web.Services.GetRequiredService<IOptions<HostOptions>>().Value.ShutdownTimeout + margin);
        // The silo sets no time of its own: it has what every host has, handing over its pages included.
        Assert.True(Grace("silo") >= new HostOptions().ShutdownTimeout + margin);
    }

    [Theory]
    [MemberData(nameof(Pods))]
    public void A_pod_can_do_nothing_but_its_work(string name)
    {
        var pod = Deployment(name).Spec.Template.Spec;
        Assert.False(pod.AutomountServiceAccountToken);
        Assert.Equal((true, "RuntimeDefault"), (pod.SecurityContext.RunAsNonRoot, pod.SecurityContext.SeccompProfile.Type));
        Assert.True(pod.HostNetwork is null && pod.HostPID is null && pod.Volumes is null);
        var container = pod.Containers.Single();
        Assert.Equal((true, false), (container.SecurityContext.ReadOnlyRootFilesystem, container.SecurityContext.AllowPrivilegeEscalation));
        Assert.Equal(["ALL"], container.SecurityContext.Capabilities.Drop);
        Assert.Null(container.SecurityContext.Capabilities.Add);
        Assert.Equal(["cpu", "memory"], container.Resources.Requests.Keys.Order());
        Assert.Equal(["memory"], container.Resources.Limits.Keys);
    }

    [Fact]
    public void Only_those_can_talk_who_must()
    {
        var pods = Of<V1Deployment>().ToDictionary(it => it.Metadata.Name, it => (IDictionary<string, string>)it.Spec.Template.Metadata.Labels);
        pods["stranger"] = Stranger;
        var allowed =
            from source in pods
            from target in pods.Where(it => it.Key != "stranger")
            from port in Container(target.Key).Ports
            where Leaves(source.Value, target.Value, port) && Enters(null, source.Value, target.Value, port)
            select $"{source.Key} to {port.Name} of {target.Key}";
        Assert.Equal(["silo to redis of redis", "silo to silo of silo", "web to gateway of silo", "web to redis of redis"], allowed.Order());

        var fromOutside = from target in pods.Where(it => it.Key != "stranger")
                          from port in Container(target.Key).Ports
                          from origin in new[] { IngressNamespace, "monitoring", "default" }
                          where Enters(origin, Stranger, target.Value, port)
                          select $"{origin} to {port.Name} of {target.Key}";
        Assert.Equal([$"{IngressNamespace} to http of web", "monitoring to http of silo", "monitoring to management of web"], fromOutside.Order(StringComparer.Ordinal));

        // And whatever else is put into the namespace is shut in and out until somebody says otherwise.
        Assert.False(Enters(null, pods["web"], Stranger, new V1ContainerPort { ContainerPort = 80 }) || Enters("default", Stranger, Stranger, new V1ContainerPort { ContainerPort = 80 }));
        Assert.NotEmpty(Policies("Egress", Stranger));
    }

    [Fact]
    public void The_readme_has_every_environment_variable_in_its_table()
    {
        var table = File.ReadLines(Path.Combine(Deploy, "README.md")).Where(line => line.StartsWith("| `", StringComparison.Ordinal))
            .SelectMany(line => Regex.Matches(line.Split('|')[1], "`([A-Z][A-Za-z_0-9]+)`").Select(match => match.Groups[1].Value)).ToList();
        string[] known = [.. OrleansVariables, .. Variables<WebOptions>("Ephemeral"), .. Variables<SiloSettings>("Ephemeral"), .. Variables<PageOptions>("Ephemeral__Pages"), .. ImageVariables(), "OTEL_EXPORTER_OTLP_ENDPOINT"];
        Assert.Equal(known.Order(StringComparer.Ordinal), table.Order(StringComparer.Ordinal));
    }

    /// <summary>That these are read is shown by <see cref="The_silo_becomes_what_its_variables_say"/>.</summary>
    private static readonly string[] OrleansVariables =
    [
        "Orleans__ClusterId", "Orleans__ServiceId", "Orleans__Name", "Orleans__Clustering__ProviderType", "Orleans__Clustering__ConnectionString",
        "Orleans__Endpoints__AdvertisedIPAddress", "Orleans__Endpoints__SiloPort", "Orleans__Endpoints__GatewayPort",
    ];

    private static IEnumerable<string> Variables<T>(string section) =>
        typeof(T).GetProperties().Select(property => $"{section}__{property.Name}{(property.PropertyType.IsArray ? "__0" : "")}");

    private static IEnumerable<string> ImageVariables() => Regex.Matches(File.ReadAllText(Path.Combine(Deploy, "Containerfile")), @"^(?:ENV)? +([A-Za-z_]+)=", RegexOptions.Multiline)
        .Select(match => match.Groups[1].Value);

    private static void AssertIsOfTheCluster(IServiceProvider services)
    {
        var environment = Environment("silo");
        var cluster = services.GetRequiredService<IOptions<ClusterOptions>>().Value;
        Assert.Equal((environment["Orleans__ClusterId"], environment["Orleans__ServiceId"]), (cluster.ClusterId, cluster.ServiceId));
        // The options differ in type between silo and client; both hold where Redis is.
        var redis = services.GetService<IOptions<RedisClusteringOptions>>()?.Value.ConfigurationOptions;
        Assert.NotNull(redis);
        var endpoint = Assert.IsType<DnsEndPoint>(Assert.Single(redis.EndPoints));
        Assert.Contains(endpoint.Port, Get<V1Service>(endpoint.Host).Spec.Ports.Select(port => port.Port));
    }

    private static WebApplication BuildWeb() => EphemeralWeb.Build([.. Configuration("web").Select(it => $"--{it.Key}={it.Value}")], builder => builder.Logging.ClearProviders());

    private static Dictionary<string, string?> Configuration(string name) => Environment(name).ToDictionary(it => it.Key.Replace("__", ":", StringComparison.Ordinal), it => (string?)it.Value);

    /// <summary>The environment as a pod called pod-1 would see it.</summary>
    private static Dictionary<string, string> Environment(string name) => Container(name).Env.ToDictionary(it => it.Name, it => it.ValueFrom switch
    {
        null => it.Value,
        { SecretKeyRef: { } secret } => Get<V1Secret>(secret.Name).StringData[secret.Key],
        { FieldRef.FieldPath: "metadata.name" } => "pod-1",
        { FieldRef.FieldPath: "status.podIP" } => "10.1.2.3",
        _ => throw new InvalidOperationException($"{it.Name} comes from somewhere this test does not know."),
    });

    // ---- network policies, as Kubernetes reads them: what no policy of a pod's direction allows is denied once there is one ----

    private static bool Leaves(IDictionary<string, string> source, IDictionary<string, string> target, V1ContainerPort port) =>
        Policies("Egress", source) is { Count: > 0 } policies
        && policies.Any(policy => (policy.Spec.Egress ?? []).Any(rule => rule.To.Any(peer => IsPeer(peer, null, target)) && rule.Ports.Any(it => IsPort(it, port))));

    private static bool Enters(string? fromNamespace, IDictionary<string, string> source, IDictionary<string, string> target, V1ContainerPort port) =>
        Policies("Ingress", target) is not { Count: > 0 } policies
        || policies.Any(policy => (policy.Spec.Ingress ?? []).Any(rule => rule.FromProperty.Any(peer => IsPeer(peer, fromNamespace, source)) && rule.Ports.Any(it => IsPort(it, port))));

    private static List<V1NetworkPolicy> Policies(string direction, IDictionary<string, string> pod) =>
        [.. Of<V1NetworkPolicy>().Where(policy => policy.Spec.PolicyTypes.Contains(direction) && Matches(policy.Spec.PodSelector, pod))];

    /// <param name="from">Null: this namespace.</param>
    private static bool IsPeer(V1NetworkPolicyPeer peer, string? from, IDictionary<string, string> pod) => peer.IpBlock is null
        && (peer.NamespaceSelector is null ? from is null : from is not null && Matches(peer.NamespaceSelector, new Dictionary<string, string> { ["kubernetes.io/metadata.name"] = from }))
        && (peer.PodSelector is null || Matches(peer.PodSelector, pod));

    private static bool IsPort(V1NetworkPolicyPort rule, V1ContainerPort port) =>
        rule.Protocol == (port.Protocol ?? "TCP") && (rule.Port.Value == port.Name || rule.Port.Value == $"{port.ContainerPort}");

    private static bool Matches(V1LabelSelector selector, IDictionary<string, string> labels) =>
        (selector.MatchLabels ?? new Dictionary<string, string>()).All(it => labels.TryGetValue(it.Key, out var value) && value == it.Value)
        && (selector.MatchExpressions ?? []).All(it => it.OperatorProperty == "In" && labels.TryGetValue(it.Key, out var value) && it.Values.Contains(value));

    private static IEnumerable<string> Selected(V1LabelSelector selector) =>
        Of<V1Deployment>().Where(it => Matches(selector, it.Spec.Template.Metadata.Labels)).Select(it => it.Metadata.Name);

    // ---- finding things ----

    private static IEnumerable<T> Of<T>() => All.OfType<T>();

    private static T Get<T>(string name) where T : IKubernetesObject<V1ObjectMeta> =>
        Of<T>().SingleOrDefault(it => it.Metadata.Name == name) ?? throw new InvalidOperationException($"There is no {typeof(T).Name} called {name}.");

    private static V1Deployment Deployment(string name) => Get<V1Deployment>(name);

    private static V1Container Container(V1Deployment deployment) => deployment.Spec.Template.Spec.Containers.Single();

    private static string Annotation(string name, string which) => Deployment(name).Spec.Template.Metadata.Annotations[$"prometheus.io/{which}"];

    private static V1Container Container(string name) => Container(Deployment(name));

    private static IEnumerable<V1Probe> Probes(string name) => [Container(name).StartupProbe, Container(name).ReadinessProbe, Container(name).LivenessProbe];

    private static TimeSpan Grace(string name) => TimeSpan.FromSeconds(Deployment(name).Spec.Template.Spec.TerminationGracePeriodSeconds!.Value);

    private static IEnumerable<V1HTTPIngressPath> Paths() => Of<V1Ingress>().Single().Spec.Rules.SelectMany(rule => rule.Http.Paths);

    private static IEnumerable<string> Files(string directory) => Directory.GetFiles(Path.Combine(Deploy, directory), "*.yaml").Where(file => Path.GetFileName(file) != "kustomization.yaml");

    private static Dictionary<string, object> Kustomization(string directory) =>
        new DeserializerBuilder().Build().Deserialize<Dictionary<string, object>>(File.ReadAllText(Path.Combine(Deploy, directory, "kustomization.yaml")));

    private static IEnumerable<string> Strings(object list) => ((List<object>)list).Cast<string>();

    private static string Here([CallerFilePath] string file = "") => file;

    /// <summary>Asks again until somebody listens.</summary>
    private sealed class Patience : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            while (true)
            {
                try
                {
                    return await base.SendAsync(request, cancellationToken);
                }
                catch (HttpRequestException)
                {
                    await Task.Delay(100, cancellationToken);
                }
            }
        }
    }
}
