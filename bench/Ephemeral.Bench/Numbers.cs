using System.Globalization;

namespace Ephemeral.Bench;

/// <summary>Reads what a process exports for its operator.</summary>
internal static class Numbers
{
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(10) };

    /// <summary>The sum of a metric over its labels.</summary>
    public static async Task<double> Of(Uri management, string name)
    {
        var lines = (await Http.GetStringAsync(new Uri(management, "/metrics"))).Split('\n');
        return lines.Where(line => line.StartsWith(name + "{", StringComparison.Ordinal) || line.StartsWith(name + " ", StringComparison.Ordinal))
            .Sum(line => double.Parse(line[(line.LastIndexOf('}') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0], CultureInfo.InvariantCulture));
    }

    /// <summary>Waits until this is so, and says whether it came.</summary>
    public static async Task<bool> Until(Func<Task<bool>> so, TimeSpan within)
    {
        for (var end = DateTime.UtcNow + within; DateTime.UtcNow < end; await Task.Delay(200))
            if (await so())
                return true;
        return false;
    }
}
