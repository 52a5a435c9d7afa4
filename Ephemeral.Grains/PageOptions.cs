using System.ComponentModel.DataAnnotations;

namespace Ephemeral.Grains;

/// <summary>How pages believe and tell; section <c>Ephemeral:Pages</c>.</summary>
public sealed class PageOptions
{
    /// <summary>For how long a web node's announcement is believed. Default: 25 seconds. Nodes announce again every 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(25);

    /// <summary>For how long it is still believed when another node could not reach it. Default: 13 seconds, a little more than nodes take to announce again.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan DoubtFor { get; set; } = TimeSpan.FromSeconds(13);

    /// <summary>How often a silo looks for leases that have ended. Default: 2 seconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:01:00")]
    public TimeSpan SweepEvery { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>The least time between two tellings of a page's changed numbers to its nodes. Default: 250 milliseconds.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:00:02")]
    public TimeSpan TellEvery { get; set; } = TimeSpan.FromMilliseconds(250);
}
