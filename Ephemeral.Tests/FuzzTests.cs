using System.Text;
using CsCheck;
using Ephemeral.Web;
using Xunit;

namespace Ephemeral.Tests;

/// <summary>Almost messages and almost frames, by a grammar. The load program's <c>hostile</c> does the same by the million on real sockets.</summary>
public sealed class FuzzTests
{
    private static readonly string Page = TestBlob.Text("a page").Name;

    private static readonly Gen<string> Value = Pick("null", "true", "-1", "1e999", "\"\"", "[]", "{}", "\"x\"", "[[[[]]]]", "{\"a\":{\"a\":1}}", "\"\\ud800\"");

    private static readonly Gen<string> Name = Gen.OneOf(
        Gen.Const($"\"{Page}\""), Gen.Const($"\"{Page.ToUpperInvariant()}\""), Gen.Int[0, 64].Select(length => $"\"{Page[..length]}\""),
        Gen.Const($"\"{string.Concat(Page.Select(digit => $"\\u{(int)digit:x4}"))}\""), Gen.Byte.Array[32].Select(bytes => $"\"{Convert.ToHexStringLower(bytes)}\""), Value);

    private static readonly Gen<string> Field = Gen.OneOf(
        Pick("want", "hold", "release", "get", "cancel", "miss", "have", "watch", "unwatch", "status", "", "\\u0077ant", "WANT").Select(type => $"\"type\":\"{type}\""),
        Name.Select(name => $"\"page\":{name}"), Name.Select(name => $"\"blob\":{name}"), Value.Select(value => $"\"root\":{value}"),
        Name.Array[0, 60].Select(names => $"\"blobs\":[{string.Join(",", names)}]"), Value.Select(value => $"\"other\":{value}"));

    private static readonly Gen<string> Text = Gen.Select(Field.Array[0, 6], Gen.Int[0, 20], Gen.Int[0, 5000], (fields, cut, at) =>
    {
        var text = $"{{{string.Join(",", fields)}}}";
        return cut == 0 ? text[..Math.Min(at, text.Length)] : text;
    });

    [Fact]
    public void Whatever_a_text_frame_says_it_is_a_message_or_a_plain_reason() => Text.Sample(text =>
    {
        var isMessage = Wire.TryRead(Encoding.UTF8.GetBytes(text), out var message, out var why);
        Assert.Equal(isMessage, why.Length == 0);
        if (!isMessage)
            return;
        Assert.InRange(message.Blobs.Count, 0, Wire.MaxHave);
        if (message.Type is not (MessageType.Watch or MessageType.Unwatch))
            Assert.NotEqual(default, message.Page);
    }, iter: 50_000);

    [Fact]
    public void Whatever_bytes_a_text_frame_has_they_are_looked_at_and_no_more() =>
        Gen.Byte.Array[0, 300].Sample(bytes => Assert.Equal(Wire.TryRead(bytes, out _, out var why), why.Length == 0), iter: 50_000);

    [Fact]
    public async Task Whatever_strangers_send_the_others_are_served_and_no_socket_is_left_over()
    {
        await using var web = await WebApp.Start("--Ephemeral:MessagesPerSecond=1000000", "--Ephemeral:MessageBurst=1000000");
        var page = TestBlob.Fresh();
        await using var holder = await web.Visitor("holder");
        holder.Gives(page);
        await holder.Hold(page);
        await holder.NextStatus(page, "holder");

        // Each case is some frames on a connection of its own, which may end after any of them.
        var frame = Gen.OneOf(
            Text.Select(text => (RawSocket.Text, Encoding.UTF8.GetBytes(text))),
            Gen.Byte.Array[0, 120].Select(bytes => (RawSocket.Binary, bytes)),
            Gen.Byte.Array[0, 200].Select(bytes => (RawSocket.Binary, (byte[])[1, .. Convert.FromHexString(page.Name), .. bytes])),
            Gen.Select(Gen.Int[0, 15], Gen.Byte.Array[0, 100], (opcode, bytes) => (opcode, bytes)));
        var cases = new List<(int Opcode, byte[] Payload, bool Final)[]>();
        Gen.Select(frame, Gen.Int[0, 5], (it, open) => (Opcode: it.Item1, Payload: it.Item2, Final: open > 0)).Array[1, 8].Sample(frames => { lock (cases) cases.Add(frames); }, iter: 300, threads: 1);
        foreach (var frames in cases)
        {
            using var stranger = await RawSocket.Connect(web.SocketAddress);
            try
            {
                foreach (var (opcode, payload, final) in frames)
                    await stranger.Send(opcode, payload, final);
            }
            catch (IOException)
            {
                // Thrown out already.
            }
        }

        await using var reader = await web.Visitor("reader");
        await reader.Want(page);
        await reader.NextBlob(page);
        using var patience = new CancellationTokenSource(TestVisitor.Patience);
        var node = (WebNode)web.App.Services.GetService(typeof(WebNode))!;
        while (node.OpenSockets > 2)
            await Task.Delay(20, patience.Token);
        Assert.Empty(web.Warnings);
    }

    private static Gen<string> Pick(params string[] of) => Gen.Int[0, of.Length - 1].Select(i => of[i]);
}
