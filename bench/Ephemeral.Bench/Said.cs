using System.Diagnostics;
using System.Text.Json;

namespace Ephemeral.Bench;

internal enum SaidType { Other, Ask, Status, Error }

/// <summary>What the server said in a text frame, as far as scenarios need it; read so that the load program is no great part of what is measured.</summary>
internal readonly record struct Said(SaidType Type, string? Page, string? Blob, int Holders, bool IsHolder, bool IsClaimed)
{
    public static Said Read(ReadOnlySpan<byte> utf8)
    {
        var (type, page, blob, holders, isHolder, isClaimed) = (SaidType.Other, (string?)null, (string?)null, 0, false, false);
        var json = new Utf8JsonReader(utf8);
        json.Read();
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("type"u8))
            {
                json.Read();
                type = json.ValueTextEquals("ask"u8) ? SaidType.Ask : json.ValueTextEquals("status"u8) ? SaidType.Status
                    : json.ValueTextEquals("error"u8) ? SaidType.Error : SaidType.Other;
            }
            else if (json.ValueTextEquals("page"u8))
            {
                json.Read();
                page = json.GetString();
            }
            else if (json.ValueTextEquals("blob"u8))
            {
                json.Read();
                blob = json.GetString();
            }
            else if (json.ValueTextEquals("holders"u8))
            {
                json.Read();
                holders = json.GetInt32();
            }
            else if (json.ValueTextEquals("you"u8))
            {
                json.Read();
                (isHolder, isClaimed) = (json.ValueTextEquals("holder"u8), json.ValueTextEquals("claimed"u8));
            }
            else
            {
                json.Read();
            }
            json.Skip();
        }
        return new Said(type, page, blob, holders, isHolder, isClaimed);
    }
}

/// <summary>How often one visitor was told the health of its page, and what last.</summary>
internal sealed class Statuses
{
    private readonly Queue<long> _lately = [];

    public int Count { get; private set; }

    /// <summary>The number of holders that it was told last.</summary>
    public int Holders { get; private set; }

    /// <summary>The most that came within any one second.</summary>
    public int MostInASecond { get; private set; }

    public void Add(int holders)
    {
        var now = Stopwatch.GetTimestamp();
        while (_lately.TryPeek(out var oldest) && now - oldest >= Stopwatch.Frequency)
            _lately.Dequeue();
        _lately.Enqueue(now);
        MostInASecond = Math.Max(MostInASecond, _lately.Count);
        (Count, Holders) = (Count + 1, holders);
    }

    /// <summary>Counts from here on anew.</summary>
    public void Reset()
    {
        _lately.Clear();
        (Count, MostInASecond) = (0, 0);
    }
}
