using System.Security.Cryptography;
using Microsoft.Playwright;
using Xunit;
using static Microsoft.Playwright.Assertions;

namespace Ephemeral.Tests;

/// <summary>Large pages come when the reader says so, in parts, from whoever is there, and go on where they were.</summary>
public sealed class BrowserLargeTests(BrowserStage stage) : BrowserTest(stage)
{
    private readonly byte[] _film = RandomNumberGenerator.GetBytes(11 * 1024 * 1024 + 5);

    [BrowserFact]
    public async Task A_large_page_says_what_it_is_and_waits_for_the_readers_word()
    {
        var page = TestPage.Of("files", 1 << 20, "", null, ("films/a <b>film</b>.webm", "video/webm", _film), ("note.txt", "text/plain", [1, 2]));
        var holder = await Holder(page);
        var reader = await Person("reader");
        await reader.Visit(page.Root.Name);
        await reader.SeesHeading("Load 11 MiB?");
        await reader.Sees("It comes from 1 holder");
        await reader.Sees("films/a <b>film</b>.webm");
        await reader.SeesViewing(1);
        Assert.All(page.Blobs, blob => Assert.Equal(0, holder.Uploads(blob)));

        await reader.Button("Load it").ClickAsync();
        await reader.SeesViewing(2);
        Assert.All(page.Blobs, blob => Assert.Equal(1, holder.Uploads(blob)));
        var download = await reader.Page.RunAndWaitForDownloadAsync(() => reader.Button("Save films/a <b>film</b>.webm").ClickAsync());
        Assert.Equal(_film, await File.ReadAllBytesAsync(await download.PathAsync()));
    }

    [BrowserFact]
    public async Task What_is_here_stays_over_a_stop_a_lost_holder_and_a_reload_and_is_not_fetched_twice()
    {
        var page = TestPage.Of("files", 1 << 20, "", null, ("film.webm", "video/webm", _film));
        var first = await Holder(page, page.Blobs[..4]);
        var reader = await Person("reader");
        await reader.Visit(page.Root.Name);
        await reader.Button("Load it").ClickAsync();
        await reader.Sees("4 MiB of 11 MiB are here");
        await reader.Button("Stop").ClickAsync();
        await reader.SeesHeading("Load the other 7 MiB?");
        await reader.Button("Load it").ClickAsync();

        await first.Leave();
        await reader.SeesNobody();
        await reader.Sees("You have a part of it");
        await reader.Page.ReloadAsync();
        await reader.Sees("You have a part of it");

        var second = await Holder(page);
        await reader.SeesViewing(2);
        Assert.All(page.Blobs[..4], blob => Assert.Equal(0, second.Uploads(blob)));
        Assert.All(page.Blobs[4..], blob => Assert.Equal(1, second.Uploads(blob)));
        await second.Leave();

        // All of it is here: the next one gets it from this tab alone.
        var other = await Person("other");
        await other.Visit(page.Root.Name);
        await other.Button("Load it").ClickAsync();
        await other.SeesViewing(2);
        await reader.Sees("You have given 11 MiB to others");
    }

    [BrowserFact]
    public async Task Who_has_a_part_gives_it_to_the_next_one_before_it_has_the_rest()
    {
        var page = TestPage.Of("files", 1 << 20, "", null, ("film.webm", "video/webm", _film));
        var holder = await Holder(page, page.Blobs[..4]);
        var first = await Person("first");
        await first.Visit(page.Root.Name);
        await first.Button("Load it").ClickAsync();
        await first.Sees("4 MiB of 11 MiB are here");
        await holder.Leave();
        await first.SeesNobody();

        var second = await Person("second");
        await second.Visit(page.Root.Name);
        await second.SeesHeading("Load 11 MiB?");
        await second.Button("Load it").ClickAsync();
        await second.SeesNobody();
        await first.Sees("You have given 4 MiB to others");
        var last = await Holder(page);
        await first.SeesViewing(3);
        await second.SeesViewing(3);
        Assert.All(page.Blobs[..4], blob => Assert.Equal(0, last.Uploads(blob)));
        Assert.All(page.Blobs[4..], blob => Assert.InRange(last.Uploads(blob), 1, 2)); // twice where one asked just before the other could say that it has it
    }

    [BrowserFact]
    public async Task A_page_that_is_on_its_way_goes_on_while_another_one_is_written()
    {
        var page = TestPage.Of("files", 1 << 20, "", null, ("film.webm", "video/webm", _film));
        var first = await Holder(page, page.Blobs[..2]);
        var reader = await Person("reader");
        await reader.Visit(page.Root.Name);
        await reader.Button("Load it").ClickAsync();
        await reader.Sees("2 MiB of 11 MiB are here");
        await reader.Page.GetByRole(AriaRole.Link, new() { Name = "New page" }).ClickAsync();
        await Expect(reader.TextArea).ToBeFocusedAsync();
        first.Gives(page.All);
        await first.NextStatus(page.Root, holders: 2, waiters: 0, "holder");
        await reader.Page.GoBackAsync();
        await reader.SeesViewing(2);
    }
}
