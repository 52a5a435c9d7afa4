using System.Globalization;
using Ephemeral.Grains;
using Microsoft.Extensions.Options;

namespace Ephemeral.Web;

/// <summary>
/// The addresses that the operator does not serve: those in the configuration, and those in a file, one a line. Both are read again when they change.
/// </summary>
internal sealed partial class BlockList : IDisposable
{
    private readonly IOptionsMonitor<WebOptions> _options;
    private readonly Action<IEnumerable<ContentHash>> _blocked;
    private readonly ILogger _logger;
    private readonly IDisposable? _onChange;
    private readonly Lock _gate = new();
    private HashSet<ContentHash> _configured;
    private HashSet<ContentHash> _listed = [];
    private HashSet<ContentHash> _all = [];
    private DateTime _readAt;

    /// <param name="blocked">Called with the addresses that have come onto the list.</param>
    public BlockList(IOptionsMonitor<WebOptions> options, Action<IEnumerable<ContentHash>> blocked, ILogger logger)
    {
        (_options, _blocked, _logger) = (options, blocked, logger);
        _configured = Configured(options.CurrentValue);
        Look();
        Join();
        _onChange = options.OnChange(changed =>
        {
            lock (_gate)
                _configured = Configured(changed);
            Join();
        });
    }

    public bool Has(ContentHash page) => _all.Contains(page);

    /// <summary>Reads the file again if it has changed. By its time and not by a watcher: files that are mounted into containers are often not told of.</summary>
    public void Look()
    {
        if (_options.CurrentValue.BlockListFile is not { } file)
            return;
        try
        {
            var changed = File.GetLastWriteTimeUtc(file);
            if (changed == _readAt)
                return;
            if (!TryRead(file, out var listed, out var why))
            {
                LogBad(file, why);
            }
            else
            {
                lock (_gate)
                    _listed = listed;
                LogRead(listed.Count, file);
            }
            _readAt = changed;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // What was blocked stays blocked, and it is tried again in a moment.
            LogUnreadable(e, file);
            return;
        }
        Join();
    }

    /// <summary>Reads a list: one address a line; after it, and on lines that begin with #, what the operator wants to note.</summary>
    /// <param name="why">The first line that is none, by its number.</param>
    public static bool TryRead(string file, out HashSet<ContentHash> listed, out string why)
    {
        listed = [];
        var number = 0;
        foreach (var line in File.ReadLines(file))
        {
            number++;
            var address = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).FirstOrDefault("#");
            if (address[0] == '#')
                continue;
            if (!ContentHash.TryParse(address, out var page))
            {
                why = string.Create(CultureInfo.InvariantCulture, $"line {number} does not begin with an address of 64 lower-case hex digits");
                return false;
            }
            listed.Add(page);
        }
        why = "";
        return true;
    }

    public void Dispose() => _onChange?.Dispose();

    private void Join()
    {
        List<ContentHash> added;
        lock (_gate)
        {
            var all = _configured.Concat(_listed).ToHashSet();
            added = [.. all.Except(_all)];
            _all = all;
        }
        if (added.Count > 0)
            _blocked(added);
    }

    private static HashSet<ContentHash> Configured(WebOptions options) =>
        [.. options.BlockedPages.Select(page => ContentHash.TryParse(page, out var hash) ? hash : default)];

    [LoggerMessage(Level = LogLevel.Information, Message = "{Count} pages are blocked by {File}")]
    private partial void LogRead(int count, string file);

    [LoggerMessage(Level = LogLevel.Error, Message = "The list of blocked pages {File} is not used as it is now, but as it was before: {Why}")]
    private partial void LogBad(string file, string why);

    [LoggerMessage(Level = LogLevel.Error, Message = "The list of blocked pages {File} can't be read; what was blocked stays blocked")]
    private partial void LogUnreadable(Exception e, string file);
}
