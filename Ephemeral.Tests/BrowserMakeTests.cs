using System.Buffers.Binary;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Ephemeral.Tests;

/// <summary>Pages are made of what is typed, chosen, dropped and pasted; what can't be used is refused with a reason, and nothing else is lost.</summary>
public sealed class BrowserMakeTests(BrowserStage stage) : BrowserTest(stage)
{
    [BrowserFact]
    public async Task Text_and_files_of_one_name_make_a_page_whose_files_arrive_byte_for_byte()
    {
        var text = Fresh("A plain text");
        var big = RandomNumberGenerator.GetBytes(700_000);
        var writer = await Person("writer");
        await writer.Visit();
        await writer.TextArea.FillAsync(text);
        await writer.Page.GetByLabel("Written as").SelectOptionAsync("Plain text");
        await writer.Page.GetByLabel("Add files").SetInputFilesAsync([Payload("photo.bin", big), Payload("empty.txt", [])]);
        await writer.Page.GetByLabel("Add files").SetInputFilesAsync(Payload("photo.bin", [1, 2, 3]));
        await writer.SeesHeading("3 files, 683.6 KiB");
        var page = await writer.PressCreate();

        var header = await Header(page);
        Assert.Equal("text", header.GetProperty("kind").GetString());
        Assert.Equal(["photo.bin", "empty.txt", "photo (2).bin"], header.GetProperty("files").EnumerateArray().Select(file => file.GetProperty("name").GetString()));

        var reader = await Person("reader");
        await reader.Visit(page);
        await reader.Sees(text);
        await reader.SeesViewing(2);
        Assert.Equal(big, await Saves(reader, "photo.bin"));
        Assert.Empty(await Saves(reader, "empty.txt"));
        Assert.Equal(new byte[] { 1, 2, 3 }, await Saves(reader, "photo (2).bin"));
        Assert.Equal(Encoding.UTF8.GetBytes(text), await reader.SavesACopy());
    }

    [BrowserFact]
    public async Task A_folder_keeps_its_paths_and_with_an_index_it_can_be_a_small_web_site()
    {
        var folder = Directory.CreateTempSubdirectory("ephemeral-site-");
        try
        {
            var mark = Fresh("<h1>The site</h1>");
            Directory.CreateDirectory(Path.Combine(folder.FullName, "img"));
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "index.html"), mark);
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "img", "a.txt"), "a");
            var writer = await Person("writer");
            foreach (var isSite in new[] { true, false })
            {
                await writer.Visit();
                await writer.Page.GetByLabel("Add a folder").SetInputFilesAsync(folder.FullName);
                await writer.Page.GetByLabel("Open it as a small web site").SetCheckedAsync(isSite);
                var header = await Header(await writer.PressCreate());
                if (isSite) await writer.SeesPage("The site");
                Assert.Equal("files", header.GetProperty("kind").GetString());
                Assert.Equal([$"{folder.Name}/img/a.txt", $"{folder.Name}/index.html"], header.GetProperty("files").EnumerateArray().Select(file => file.GetProperty("name").GetString()).Order(StringComparer.Ordinal));
                Assert.Equal(isSite, header.TryGetProperty("entry", out var entry));
                if (isSite) Assert.Equal($"{folder.Name}/index.html", entry.GetString());
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [BrowserFact]
    public async Task A_screenshot_is_pasted_and_what_comes_with_text_stays_text()
    {
        var writer = await Person("writer");
        await writer.Visit();
        await writer.Context.GrantPermissionsAsync(["clipboard-read", "clipboard-write"]);
        await writer.Page.BringToFrontAsync();
        await writer.Page.EvaluateAsync("""
            async () => {
              const canvas = new OffscreenCanvas(3, 2);
              canvas.getContext('2d').fillRect(0, 0, 3, 2);
              await navigator.clipboard.write([new ClipboardItem({ 'image/png': await canvas.convertToBlob() })]);
            }
            """);
        await writer.TextArea.FocusAsync();
        await writer.Page.Keyboard.PressAsync("Control+V");
        await Expect(writer.Button("Remove image.png")).ToBeVisibleAsync();
        var header = await Header(await writer.PressCreate());
        Assert.Equal("image/png", header.GetProperty("files")[0].GetProperty("type").GetString());
    }

    [BrowserFact]
    public async Task A_web_page_dropped_anywhere_is_what_is_written_and_has_the_address_of_its_bytes()
    {
        var html = TestBlob.Text(Fresh("<p>dropped\r\n"));
        var writer = await Person("writer");
        await writer.Visit();
        await Drop(writer, ("page.html", html.Bytes));
        await Expect(writer.TextArea).ToHaveValueAsync(Encoding.UTF8.GetString(html.Bytes).Replace("\r\n", "\n", StringComparison.Ordinal));
        Assert.Equal(html.Name, await writer.PressCreate());
    }

    [BrowserFact]
    public async Task Several_dropped_files_go_along_with_what_is_written_and_can_be_taken_out_again()
    {
        var writer = await Person("writer");
        await writer.Visit();
        await Drop(writer, ("a.txt", [1]), ("<img src=x onerror=alert(1)>.html", [2]));
        await writer.SeesHeading("2 files, 2 bytes");
        await writer.Sees("<img src=x onerror=alert(1)>.html");
        await Drop(writer, ("c.txt", [3]));
        await writer.SeesHeading("3 files, 3 bytes");
        await writer.Button("Remove a.txt").ClickAsync();
        await writer.SeesHeading("2 files, 2 bytes");
        await writer.Button("Remove all").ClickAsync();
        await Expect(writer.Page.GetByText("2 files")).ToBeHiddenAsync();
        await writer.Button("Create page").ClickAsync();
        await Expect(writer.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("nothing here yet");
    }

    [BrowserFact]
    public async Task A_folder_dropped_from_the_disk_becomes_a_small_web_site_that_another_browser_opens()
    {
        var folder = Directory.CreateTempSubdirectory("ephemeral-dropped-");
        try
        {
            var mark = Fresh("Dropped");
            Directory.CreateDirectory(Path.Combine(folder.FullName, "looks", "deep"));
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "index.html"), $"<link rel=stylesheet href=looks/a.css><h1>{mark}</h1><img src=looks/deep/a.png alt=''><a href=more.html>More</a>");
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "more.html"), "<p>The second page</p>");
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "looks", "a.css"), "h1 { color: rgb(0, 128, 0) }");
            await File.WriteAllBytesAsync(Path.Combine(folder.FullName, "looks", "deep", "a.png"), TestFiles.Png);
            // More than a browser gives in one go when it is asked what is in a folder.
            Directory.CreateDirectory(Path.Combine(folder.FullName, "many"));
            for (var i = 0; i < 130; i++) await File.WriteAllTextAsync(Path.Combine(folder.FullName, "many", $"{i}.txt"), $"{i}");

            var writer = await Person("writer");
            await writer.Visit();
            await DropFromDisk(writer, folder.FullName);
            await Expect(writer.Page.GetByRole(AriaRole.Heading, new() { NameRegex = new Regex("^134 files, ") })).ToBeVisibleAsync();
            await Expect(writer.Page.GetByLabel("Open it as a small web site")).ToBeCheckedAsync();
            var page = await writer.PressCreate();
            await writer.SeesPage(mark);

            var reader = await Person("reader");
            await reader.Visit(page);
            await reader.SeesPage(mark);
            await reader.SeesViewing(2);
            await Expect(reader.Guest.GetByRole(AriaRole.Heading)).ToHaveCSSAsync("color", "rgb(0, 128, 0)");
            await Expect(reader.Guest.Locator("img")).ToHaveJSPropertyAsync("naturalWidth", 7);
            await reader.ClickInPage("More");
            await reader.SeesPage("The second page");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [BrowserFact]
    public async Task A_zip_bomb_in_a_folder_stays_the_small_file_that_it_is()
    {
        var bomb = Bomb();
        var folder = Directory.CreateTempSubdirectory("ephemeral-bomb-");
        try
        {
            await File.WriteAllBytesAsync(Path.Combine(folder.FullName, "bomb.zip"), bomb);
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "read me.txt"), Fresh("Open the zip!"));
            var writer = await Person("writer");
            await writer.Visit();
            await writer.Page.GetByLabel("Add a folder").SetInputFilesAsync(folder.FullName);
            var page = await writer.PressCreate();

            var reader = await Person("reader");
            await reader.Visit(page);
            await reader.SeesViewing(2);
            await Expect(reader.Button($"Look at {folder.Name}/read me.txt")).ToBeVisibleAsync();
            await Expect(reader.Button($"Look at {folder.Name}/bomb.zip")).ToHaveCountAsync(0);
            var saving = await reader.Page.RunAndWaitForDownloadAsync(() => reader.Button($"Save {folder.Name}/bomb.zip").ClickAsync());
            Assert.Equal(bomb, await File.ReadAllBytesAsync(await saving.PathAsync()));
            var all = await reader.Page.RunAndWaitForDownloadAsync(() => reader.Button("Save all").ClickAsync());
            Assert.InRange(new FileInfo(await all.PathAsync()).Length, bomb.Length, bomb.Length + 2_000);

            using var http = new HttpClient();
            using var answer = await http.GetAsync(new Uri(Stage.Web.Address, $"{page}/files/{folder.Name}/bomb.zip"));
            Assert.Empty(answer.Content.Headers.ContentEncoding);
            Assert.Equal(bomb, await answer.Content.ReadAsByteArrayAsync());
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [BrowserTheory]
    [InlineData("../../etc/passwd")]
    [InlineData("a//b")]
    [InlineData(null)]
    public async Task A_file_with_a_name_that_can_not_be_used_is_refused_and_the_others_stay(string? name)
    {
        name ??= new string('x', 4_000);
        var writer = await Person("writer");
        await writer.Visit();
        await Drop(writer, ("good.txt", [1]), ("better.txt", [1]));
        // No browser gives such a name by itself; a page that drops one on itself does.
        await Drop(writer, (name, [2]), ("also.txt", [3]));
        await Expect(writer.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("has a name that a page can't use");
        await writer.SeesHeading("2 files, 2 bytes");
        await writer.FitsTheScreen("after a long name");
        await writer.PressCreate();
    }

    [BrowserTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_file_that_is_changed_or_gone_since_it_was_chosen_is_named_and_no_page_is_made(bool isGone)
    {
        var folder = Directory.CreateTempSubdirectory("ephemeral-changed-");
        try
        {
            var path = Path.Combine(folder.FullName, "diary.txt");
            await File.WriteAllTextAsync(path, "as it was chosen");
            var writer = await Person("writer");
            await writer.Visit();
            await writer.Page.GetByLabel("Add files").SetInputFilesAsync(path);
            await writer.SeesHeading("1 file, 16 bytes");
            if (isGone) File.Delete(path);
            else await File.WriteAllTextAsync(path, "and as it became in the meantime");
            await writer.Button("Create page").ClickAsync();
            await Expect(writer.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("“diary.txt” was changed or can't be read any more");
            Assert.Equal(writer.LinkTo(""), writer.Page.Url);

            // Nothing is lost: with that file taken out, the rest can be made.
            await writer.Button("Remove diary.txt").ClickAsync();
            await writer.TextArea.FillAsync(Fresh("The rest"));
            await writer.PressCreate();
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [BrowserFact]
    public async Task Making_a_large_page_shows_how_far_it_is_and_can_be_stopped()
    {
        var folder = Directory.CreateTempSubdirectory("ephemeral-large-");
        try
        {
            var path = Path.Combine(folder.FullName, "zeros.bin");
            await using (var file = File.Create(path)) file.SetLength(3L << 30);
            var writer = await Person("writer");
            await writer.Visit();
            await writer.Page.GetByLabel("Add files").SetInputFilesAsync(path);
            await writer.SeesHeading("1 file, 3 GiB");
            await writer.Button("Create page").ClickAsync();
            await Expect(writer.Page.GetByText("of 3 GiB")).ToBeVisibleAsync();
            await writer.Button("Stop").ClickAsync();
            await Expect(writer.Page.GetByRole(AriaRole.Alert)).ToHaveTextAsync("Stopped. Nothing was made.");
            await Expect(writer.Page.GetByText("of 3 GiB")).ToBeHiddenAsync();
            Assert.Equal(writer.LinkTo(""), writer.Page.Url);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>A zip of 256 MiB of zeros, a thousandth of that in size.</summary>
    private static byte[] Bomb()
    {
        using var file = new MemoryStream();
        using (var zip = new ZipArchive(file, ZipArchiveMode.Create, leaveOpen: true))
        using (var zeros = zip.CreateEntry("zeros", CompressionLevel.Optimal).Open())
            for (var i = 0; i < 256; i++) zeros.Write(new byte[1 << 20]);
        return file.ToArray();
    }

    private static FilePayload Payload(string name, byte[] bytes) => new() { Name = name, MimeType = "application/octet-stream", Buffer = bytes };

    private static async Task<byte[]> Saves(BrowserPerson person, string file)
    {
        var download = await person.Page.RunAndWaitForDownloadAsync(() => person.Button($"Save {file}").ClickAsync());
        Assert.Equal(file, download.SuggestedFilename);
        return await File.ReadAllBytesAsync(await download.PathAsync());
    }

    /// <summary>As the hand does it that drags something from the desktop: the browser itself reads what is dropped.</summary>
    private static async Task DropFromDisk(BrowserPerson person, string path)
    {
        var hand = await person.Context.NewCDPSessionAsync(person.Page);
        var place = await person.TextArea.BoundingBoxAsync();
        foreach (var type in new[] { "dragEnter", "dragOver", "drop" })
            await hand.SendAsync("Input.dispatchDragEvent", new()
            {
                ["type"] = type,
                ["x"] = place!.X + place.Width / 2,
                ["y"] = place.Y + place.Height / 2,
                ["data"] = new { items = Array.Empty<object>(), files = new[] { path }, dragOperationsMask = 1 },
            });
        await hand.DetachAsync();
    }

    private static async Task Drop(BrowserPerson person, params (string Name, byte[] Bytes)[] files) => await person.Page.EvaluateAsync("""
        files => {
          const dataTransfer = new DataTransfer();
          for (const { name, bytes } of files) dataTransfer.items.add(new File([new Uint8Array(bytes)], name));
          for (const type of ['dragover', 'drop']) document.querySelector('h1').dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
        }
        """, files.Select(file => new { name = file.Name, bytes = file.Bytes.Select(b => (int)b) }));

    /// <summary>The header of the page document, as anybody gets it.</summary>
    private async Task<JsonElement> Header(string page)
    {
        using var http = new HttpClient();
        var root = await http.GetByteArrayAsync(new Uri(Stage.Web.Address, $"{page}/raw"));
        return JsonDocument.Parse(root.AsMemory(12, BinaryPrimitives.ReadInt32BigEndian(root.AsSpan(8)))).RootElement;
    }
}
