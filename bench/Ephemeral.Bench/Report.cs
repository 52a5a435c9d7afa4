using System.Globalization;
using System.Text.Json;

namespace Ephemeral.Bench;

/// <summary>Prints rows: a table for people, or one JSON line a row.</summary>
internal sealed class Report(bool json)
{
    private string? _scenario;
    private int[] _widths = [];
    private bool[] _isLeft = [];

    /// <summary>False once something that was promised did not come true.</summary>
    public bool IsKept { get; private set; } = true;

    /// <summary>Begins a scenario and says how it measures. A column whose name ends in a blank is aligned to the left.</summary>
    public void Begin(string scenario, string method, params string[] columns)
    {
        _scenario = scenario;
        _widths = [.. columns.Select(column => Math.Max(column.Length, 9))];
        if (json)
            return;
        Console.WriteLine();
        Console.WriteLine($"{scenario}: {method}");
        _isLeft = [.. columns.Select(column => column.EndsWith(' '))];
        Print(columns);
    }

    public void Row(params (string Column, object? Value)[] cells)
    {
        if (json)
            Console.WriteLine(JsonSerializer.Serialize(cells.Prepend(("scenario", _scenario!)).SelectMany(Flat).ToDictionary()));
        else
            Print([.. cells.Select(cell => Convert.ToString(cell.Value ?? "-", CultureInfo.InvariantCulture)!)]);
    }

    /// <summary>Says aloud that a promise was broken; the program then ends with an error.</summary>
    public void Promise(bool kept, string promise)
    {
        if (kept)
            return;
        IsKept = false;
        Console.Error.WriteLine($"BROKEN: {_scenario}: {promise}");
    }

    private void Print(string[] cells) =>
        Console.WriteLine(string.Join("  ", cells.Select((cell, i) => _isLeft[i] ? cell.PadRight(_widths[i]) : cell.PadLeft(_widths[i]))));

    private static IEnumerable<KeyValuePair<string, object?>> Flat((string Column, object? Value) cell) => cell.Value is Within within
        ? [new(cell.Column, within.Seconds), new(cell.Column + "_promised", within.Limit)]
        : [new(cell.Column, cell.Value)];

    /// <summary>The value below which that share of the sorted values lies.</summary>
    public static double At(IReadOnlyList<double> sorted, double share) =>
        Math.Round(sorted[Math.Min(sorted.Count - 1, (int)(sorted.Count * share))], 2);
}

/// <summary>A time and the longest that is promised, both in seconds.</summary>
internal readonly record struct Within(double Seconds, double Limit)
{
    public bool IsKept => Seconds <= Limit;

    public static Within Of(TimeSpan time, double limit) => new(Math.Round(time.TotalSeconds, 2), limit);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Seconds:0.00} of {Limit:0}");
}
