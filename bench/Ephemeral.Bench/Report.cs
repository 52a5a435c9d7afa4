using System.Globalization;
using System.Text.Json;

namespace Ephemeral.Bench;

/// <summary>Prints rows: a table for people, or one JSON line a row.</summary>
internal sealed class Report(bool json)
{
    private string? _scenario;
    private int[] _widths = [];

    /// <summary>False once something that was promised did not come true.</summary>
    public bool IsKept { get; private set; } = true;

    /// <summary>Begins a scenario and says in a line how it measures.</summary>
    public void Begin(string scenario, string method, params string[] columns)
    {
        _scenario = scenario;
        _widths = [.. columns.Select(column => Math.Max(column.Length, 9))];
        if (json)
            return;
        Console.WriteLine();
        Console.WriteLine($"{scenario}: {method}");
        Console.WriteLine(string.Join("  ", columns.Select((column, i) => column.PadLeft(_widths[i]))));
    }

    public void Row(params (string Column, object Value)[] cells)
    {
        if (json)
            Console.WriteLine(JsonSerializer.Serialize(cells.Prepend(("scenario", _scenario!)).ToDictionary(cell => cell.Item1, cell => cell.Item2)));
        else
            Console.WriteLine(string.Join("  ", cells.Select((cell, i) => Convert.ToString(cell.Value, CultureInfo.InvariantCulture)!.PadLeft(_widths[i]))));
    }

    /// <summary>Says aloud that a promise was broken; the program then ends with an error.</summary>
    public void Promise(bool kept, string promise)
    {
        if (kept)
            return;
        IsKept = false;
        Console.Error.WriteLine($"BROKEN: {_scenario}: {promise}");
    }

    /// <summary>The value below which that share of the sorted values lies.</summary>
    public static double At(IReadOnlyList<double> sorted, double share) =>
        Math.Round(sorted[Math.Min(sorted.Count - 1, (int)(sorted.Count * share))], 2);
}
