using System.Security.Cryptography;
using Ephemeral.Grains;
using Ephemeral.Tests.Fixtures;
using Ephemeral.Web;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Ephemeral.Tests;

/// <summary>Whom a web node asks, out of a crowd of which it looks only at some.</summary>
public class NodePageTests(WebApp web) : IClassFixture<WebApp>
{
    private const int Crowd = 200;

    private readonly WebNode _node = web.App.Services.GetRequiredService<WebNode>();
    private readonly ContentHash _page = new(RandomNumberGenerator.GetBytes(ContentHash.Size));
    private readonly ContentHash _blob = new(RandomNumberGenerator.GetBytes(ContentHash.Size));

    [Fact]
    public void The_only_one_that_answered_well_is_found_in_any_crowd()
    {
        var crowd = Join(Crowd);
        crowd.ForEach(member => Hold(member, proven: true));
        Join(Crowd).ForEach(member => Hold(member, proven: false));
        crowd[Crowd / 2].Page.AnsweredWell(crowd[Crowd / 2], _page);
        for (var i = 0; i < 50; i++)
            Assert.Same(crowd[Crowd / 2], Choose(_page));
    }

    [Fact]
    public void Who_was_served_comes_before_all_who_only_claim()
    {
        Join(Crowd).ForEach(member => Hold(member, proven: false));
        var served = Join(1)[0];
        Hold(served, proven: true);
        for (var i = 0; i < 50; i++)
            Assert.Same(served, Choose(_page));
        Assert.NotNull(Choose(_page, served));
    }

    [Fact]
    public void The_only_one_that_is_not_silent_is_found_in_any_crowd()
    {
        var crowd = Join(Crowd);
        crowd.ForEach(member => Hold(member, proven: true));
        foreach (var member in crowd.Skip(1))
            member.LastUntil = TimeSpan.MaxValue;
        for (var i = 0; i < 50; i++)
            Assert.Same(crowd[0], Choose(_page));
        crowd[0].Page.Leave(crowd[0]);
        // Better somebody silent than nobody.
        Assert.NotNull(Choose(_page));
    }

    [Fact]
    public void The_only_waiter_that_has_a_blob_is_found_among_many_that_have_others()
    {
        var crowd = Join(Crowd);
        foreach (var member in crowd)
        {
            member.Page.Want(member, root: false);
            Assert.Null(member.Page.Have(member, [ContentHash.Of(BitConverter.GetBytes(member.Index))]));
        }
        Assert.False(crowd[0].Page.CanGive(_blob));
        Assert.Null(Choose(_blob));
        crowd[^1].Page.Have(crowd[^1], [_blob]);
        Assert.True(crowd[0].Page.CanGive(_blob));
        Assert.Same(crowd[^1], Choose(_blob));
        // Who holds the page has every blob of it, and is no waiter with parts any more.
        crowd.ForEach(member => Hold(member, proven: true));
        Assert.NotNull(Choose(ContentHash.Of("another"u8)));
    }

    [Fact]
    public void Who_has_given_least_of_late_is_asked()
    {
        var holders = AnsweredWell(2);
        for (var i = 0; i < 256; i++)
            holders[0].CountUpload(_node.Now);
        for (var i = 0; i < 200; i++)
        {
            Assert.Same(holders[1], Choose(_blob));
            holders[1].CountUpload(_node.Now);
        }
        // What was given long ago counts for little: who has only come owes the page nothing for it.
        Assert.True(holders[0].Load(_node.Now) > 200);
        Assert.InRange(holders[0].Load(_node.Now + TimeSpan.FromMinutes(2)), 0, 16);
    }

    [Fact]
    public void Who_can_not_keep_up_steps_behind_one_who_can_and_among_such_the_one_of_whom_least_is_asked_comes_first()
    {
        var holders = AnsweredWell(2);
        for (var i = 0; i < 256; i++)
            holders[0].CountUpload(_node.Now);
        Ask(holders[1], 9);
        Assert.False(holders[1].Visitor.AnswersSoon);
        Assert.Same(holders[0], Choose(_blob));
        Ask(holders[0], 12);
        Assert.Same(holders[1], Choose(_blob));
        // A waiter that gives well and keeps up is the first of all; one that doesn't is not.
        var waiter = Join(1)[0];
        waiter.Page.Want(waiter, root: false);
        waiter.Page.Have(waiter, [_blob]);
        waiter.Page.AnsweredWell(waiter, _blob);
        Assert.Same(waiter, Choose(_blob));
        Ask(waiter, 10);
        Assert.Same(holders[1], Choose(_blob));
    }

    [Fact]
    public void How_soon_one_answers_is_learned_from_its_answers()
    {
        var member = Join(1)[0];
        var (asks, now, open) = (new Asks(8), TimeSpan.FromSeconds(1), new Queue<ContentHash>());
        Add(9);
        Assert.False(asks.AnswersSoon);
        for (var i = 0; i < 40; i++)
            Answer(TimeSpan.FromMilliseconds(1));
        Add(6);
        Assert.True(asks.AnswersSoon);
        // However quick it was: it may fall silent.
        Add(1);
        Assert.False(asks.AnswersSoon);
        for (var i = 0; i < 15; i++)
            Answer(TimeSpan.FromMilliseconds(200));
        Assert.True(asks.AnswersSoon);
        Add(2);
        Assert.False(asks.AnswersSoon);

        void Add(int count)
        {
            for (; count > 0; count--)
            {
                open.Enqueue(new(RandomNumberGenerator.GetBytes(ContentHash.Size)));
                asks.Add(new Web.Ask(member, open.Last(), new Nobody(), now), now);
            }
        }

        void Answer(TimeSpan after)
        {
            now += after;
            Assert.Single(asks.Take(open.Dequeue(), now));
            asks.Next(now);
            if (after < TimeSpan.FromMilliseconds(100))
                Add(1);
        }
    }

    [Fact]
    public void Who_has_left_is_never_chosen()
    {
        var crowd = Join(Crowd);
        crowd.ForEach(member => Hold(member, proven: true));
        var random = new Random(1);
        foreach (var member in crowd.OrderBy(_ => random.Next()).Take(Crowd - 1).ToList())
        {
            member.Page.Leave(member);
            crowd.Remove(member);
            Assert.Contains(Choose(_page), crowd);
        }
    }

    private List<Membership> AnsweredWell(int count)
    {
        var members = Join(count);
        foreach (var member in members)
        {
            Hold(member, proven: true);
            member.Page.AnsweredWell(member, _page);
        }
        return members;
    }

    private void Ask(Membership member, int count)
    {
        for (; count > 0; count--)
            member.Visitor.Ask(new Web.Ask(member, new(RandomNumberGenerator.GetBytes(ContentHash.Size)), new Nobody(), _node.Now));
    }

    private sealed class Nobody : IAsker
    {
        public void Answered(Web.Ask ask, Web.Blob blob) { }

        public void Missed(Web.Ask ask) { }
    }

    private List<Membership> Join(int count) =>
        [.. Enumerable.Range(0, count).Select(_ => _node.Join(new Visitor(new StuckSocket(), _node), _page))];

    private static void Hold(Membership member, bool proven)
    {
        member.Proven = proven;
        member.Page.Hold(member);
    }

    private Membership? Choose(ContentHash blob, params HashSet<Membership> tried)
    {
        var page = Page();
        lock (page.Gate)
            return page.Choose(blob, tried, balance: false);
    }

    // The page is the node's own as long as somebody is on it.
    private NodePage Page()
    {
        var member = Join(1)[0];
        member.Page.Leave(member);
        return member.Page;
    }
}
