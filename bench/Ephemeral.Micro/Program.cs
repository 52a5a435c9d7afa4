using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Perfolizer.Horology;
using Ephemeral.Micro;

// The hot paths one by one, with what they allocate. All of BenchmarkDotNet's own arguments work, and --short runs each once.
var isShort = args.Contains("--short");
// In this process: the project that BenchmarkDotNet would write otherwise is built under our own strict settings.
var job = (isShort ? Job.Dry : Job.Default.WithWarmupCount(3).WithIterationCount(8).WithIterationTime(TimeInterval.FromMilliseconds(200))).WithToolchain(InProcessEmitToolchain.Instance);
var config = ManualConfig.CreateMinimumViable().AddJob(job).AddDiagnoser(MemoryDiagnoser.Default)
    .WithArtifactsPath(Path.Combine(AppContext.BaseDirectory, "artifacts"));

var rest = args.Where(arg => arg != "--short").ToList();
if (isShort && rest.Count == 0)
    rest = ["--filter", "*"];
var summaries = BenchmarkSwitcher.FromAssembly(typeof(WireBenchmarks).Assembly).Run([.. rest], config).ToList();
return summaries.Exists(summary => summary.HasCriticalValidationErrors || summary.Reports.Any(report => !report.Success)) ? 1 : 0;
