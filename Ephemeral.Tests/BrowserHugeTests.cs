using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Xunit;
using Xunit.Abstractions;

namespace Ephemeral.Tests;

/// <summary>
/// One file from one tab to three readers at once, in four browsers that keep it on the disk as people's do, and from there to
/// where one of them saves it, which over 64 MiB goes straight to the disk. How large it is, EPHEMERAL_HUGE_MIB may say; how
/// long it took and how smooth the tabs stayed is printed.
/// </summary>
[Trait("Category", "Huge")]
public sealed class BrowserHugeTests(BrowserStage stage, ITestOutputHelper output) : BrowserTest(stage)
{
    private const string WatchFrames = """
        window.longestFrame = 0;
        {
          let last = performance.now();
          const next = (now) => { window.longestFrame = Math.max(window.longestFrame, now - last); last = now; requestAnimationFrame(next); };
          requestAnimationFrame(next);
        }
        """;

    private static readonly int Mebibytes = int.Parse(Environment.GetEnvironmentVariable("EPHEMERAL_HUGE_MIB") ?? "65", CultureInfo.InvariantCulture);
    private static readonly TimeSpan Patience = BrowserStage.Patience * (1 + Mebibytes / 128);

    [BrowserFact]
    public async Task Three_readers_get_a_huge_file_and_save_it()
    {
        var place = Directory.CreateTempSubdirectory("ephemeral-huge-");
        var tabs = new List<BareTab>();
        try
        {
            var file = Path.Combine(place.FullName, "huge.bin");
            var hash = await WriteRandom(file);
            foreach (var name in new[] { "writer", "first", "second", "third" })
                tabs.Add(await BareTab.Start(name, place.CreateSubdirectory(name).FullName));

            var writer = tabs[0];
            await writer.Visit(Stage.Web.Address);
            await writer.Until("document.querySelector('#add-files')", Patience);
            await writer.Choose("#add-files", file);
            var start = Stopwatch.GetTimestamp();
            await writer.Press("Create page", Patience);
            await writer.Until("/^.[0-9a-f]{64}$/.test(location.pathname) && document.body.innerText.includes('Currently viewing: 1')", Patience);
            output.WriteLine($"{Mebibytes} MiB were a page after {Seconds(start)} s.");
            var page = new Uri((await writer.Evaluate("location.href"))!.GetValue<string>());
            foreach (var reader in tabs[1..])
            {
                await reader.Visit(page);
                await reader.Until("document.body?.innerText.includes('Load it')", Patience);
            }
            foreach (var tab in tabs) await tab.Evaluate(WatchFrames);

            start = Stopwatch.GetTimestamp();
            foreach (var reader in tabs[1..]) await reader.Press("Load it", Patience);
            foreach (var tab in tabs) await tab.Until("document.body.innerText.includes('Currently viewing: 4')", Patience);
            output.WriteLine($"Three readers held it {Seconds(start)} s later.");
            foreach (var tab in tabs) output.WriteLine($"The longest frame of the {tab} took {(await tab.Evaluate("window.longestFrame"))!.GetValue<double>():0} ms.");

            // The window in which a person says where it goes can't be answered here: it goes into the browser's own directory.
            await tabs[^1].Evaluate("window.showSaveFilePicker = async () => (await navigator.storage.getDirectory()).getFileHandle('saved', { create: true }); undefined");
            await tabs[^1].Press("Save huge.bin", Patience);
            await tabs[^1].Until("[...document.querySelectorAll('button')].some((button) => button.ariaLabel === 'Save huge.bin' && !button.disabled)", Patience);
            Assert.Contains(hash, await Hashes(place.GetDirectories(tabs[^1].ToString()).Single()));
        }
        finally
        {
            foreach (var tab in tabs) await tab.DisposeAsync();
            place.Delete(recursive: true);
        }
    }

    private static string Seconds(long since) => Stopwatch.GetElapsedTime(since).TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture);

    private static async Task<List<string>> Hashes(DirectoryInfo directory)
    {
        var hashes = new List<string>();
        foreach (var file in directory.EnumerateFiles("*", SearchOption.AllDirectories).Where(file => file.Length == (long)Mebibytes << 20))
        {
            await using var bytes = file.OpenRead();
            hashes.Add(Convert.ToHexStringLower(await SHA256.HashDataAsync(bytes)));
        }
        return hashes;
    }

    private static async Task<string> WriteRandom(string path)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await using var file = File.Create(path);
        var part = new byte[1 << 20];
        for (var i = 0; i < Mebibytes; i++)
        {
            RandomNumberGenerator.Fill(part);
            hash.AppendData(part);
            await file.WriteAsync(part);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
