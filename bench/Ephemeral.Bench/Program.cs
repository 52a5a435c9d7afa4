using Ephemeral.Bench;

// Each scenario starts its own server, prints rows, and stops it.
var scenarios = new Dictionary<string, Func<Report, bool, Task>>
{
    ["time-to-content"] = TimeToContent.Run,
    ["crowd"] = Crowd.Run,
    ["idle"] = Idle.Run,
    ["counts"] = Counts.Run,
    ["churn"] = Churn.Run,
    ["liars"] = Liars.Run,
    ["big-page"] = Big.Run,
    ["slow-readers"] = Big.SlowReaders,
    ["many-pages"] = ManyPages.Run,
    ["two-by-two"] = TwoByTwo.Run,
    ["startup"] = Startup.Run,
    ["peer"] = Peer.Run,
    ["original"] = Original.Run,
    ["scale-page"] = Scale.OnePage,
    ["scale-pages"] = Scale.ManyPages,
    ["scale-node"] = Scale.OneNode,
    ["chaos"] = Chaos.Run,
    ["hostile"] = Hostile.Run,
    ["soak"] = Soak.Run,
};

var names = args.Where(arg => !arg.StartsWith('-')).ToList();
var known = new[] { "--json", "--short" };
if (names.Count != 1 || (names[0] != "all" && !scenarios.ContainsKey(names[0])) || args.Any(arg => arg.StartsWith('-') && !known.Contains(arg)))
{
    Console.Error.WriteLine($"usage: Ephemeral.Bench {string.Join(" | ", scenarios.Keys)} | all [--short] [--json]");
    return 2;
}

var report = new Report(json: args.Contains("--json"));
foreach (var (name, run) in scenarios)
    // These take long, or are no measurements: they try to break something.
    if (names[0] == name || (names[0] == "all" && name is not ("slow-readers" or "chaos" or "hostile" or "soak")))
        await run(report, args.Contains("--short"));
return report.IsKept ? 0 : 1;
