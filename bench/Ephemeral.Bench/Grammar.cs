using System.Text;

namespace Ephemeral.Bench;

/// <summary>Bytes that are almost the protocol: the frames of WebSockets and the messages in them, each with a mistake now and then.</summary>
internal static class Grammar
{
    private static readonly string[] Types = ["want", "hold", "release", "get", "cancel", "miss", "have", "watch", "unwatch", "\\u0077ant"];
    private static readonly string[] WrongTypes = ["status", "welcome", "", "WANT", "want\\u0000"];
    private static readonly string[] Values = ["null", "true", "-1", "1e999", "\"\"", "[]", "{}", "\"x\"", "[[[[[[]]]]]]", "{\"a\":{\"a\":{}}}"];
    private static readonly byte[] FirstBytes = [0x81, 0x81, 0x81, 0x82, 0x01, 0x00, 0x80, 0x89, 0x8a, 0x88, 0xc1, 0x83, 0xff];

    public static byte[] Next(Random random, string page)
    {
        var payload = random.Next(20) switch
        {
            0 => Noise(random),
            < 4 => Blob(random, page),
            _ => Encoding.UTF8.GetBytes(Message(random, page)),
        };
        // A mistake now and then: else most connections would end before they have come to anything.
        var first = random.Next(20) == 0 ? FirstBytes[random.Next(FirstBytes.Length)] : payload is [1, ..] ? (byte)0x82 : (byte)0x81;
        if ((first & 8) != 0 && payload.Length > 125)
            payload = payload[..125];
        var frame = Attacker.FrameOf(first, payload);
        if (random.Next(50) == 0)
            frame[random.Next(frame.Length)] ^= (byte)(1 << random.Next(8));
        return frame;
    }

    public static string Message(Random random, string page)
    {
        var type = random.Next(40) == 0 ? WrongTypes[random.Next(WrongTypes.Length)] : Types[random.Next(Types.Length)];
        var fields = new List<string> { $"\"type\":\"{type}\"" };
        if (random.Next(40) > 0)
            fields.Add($"\"page\":{Name(random, page)}");
        if ((random.Next(40) == 0) != (type is "get" or "cancel" or "miss"))
            fields.Add($"\"blob\":{Name(random, page)}");
        if ((random.Next(40) == 0) != (type is "have"))
            fields.Add($"\"blobs\":[{string.Join(",", Enumerable.Range(0, random.Next(60)).Select(_ => Name(random, page)))}]");
        if (random.Next(6) == 0)
            fields.Add($"\"root\":{(random.Next(20) == 0 ? Values[random.Next(Values.Length)] : "false")}");
        if (random.Next(6) == 0)
            fields.Add($"\"{new string('k', random.Next(20))}\":{Values[random.Next(Values.Length)]}");
        if (random.Next(40) == 0)
            fields.Add(fields[random.Next(fields.Count)]);
        var text = $"{{{string.Join(",", fields.OrderBy(_ => random.Next()))}}}";
        return random.Next(40) == 0 ? text[..random.Next(text.Length)] : text;
    }

    private static string Name(Random random, string page) => random.Next(200) switch
    {
        0 => Values[random.Next(Values.Length)],
        1 => $"\"{page.ToUpperInvariant()}\"",
        2 => $"\"{page[..random.Next(64)]}\"",
        < 20 => $"\"{string.Concat(page.Select(digit => $"\\u{(int)digit:x4}"))}\"",
        < 100 => $"\"{page}\"",
        _ => $"\"{random.NextInt64():x16}{random.NextInt64():x16}{random.NextInt64():x16}{random.NextInt64():x16}\"",
    };

    private static byte[] Blob(Random random, string page)
    {
        var frame = new byte[random.Next(200)];
        random.NextBytes(frame);
        if (frame.Length > 0)
            frame[0] = 1;
        if (frame.Length >= 33 && random.Next(2) == 0)
            Convert.FromHexString(page).CopyTo(frame, 1);
        return frame;
    }

    private static byte[] Noise(Random random)
    {
        var bytes = new byte[random.Next(random.Next(10) == 0 ? 6000 : 100)];
        random.NextBytes(bytes);
        return bytes;
    }
}
