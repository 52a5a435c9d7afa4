using System.Collections;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Ephemeral.Grains;

/// <summary>Finds the addresses of pages in text, and what follows them in a path.</summary>
internal static partial class Pages
{
    public static bool AreIn(string? text) => text is { Length: >= ContentHash.Size * 2 } && Address().IsMatch(text);

    public static string Hide(string text) => text.Length < ContentHash.Size * 2 ? text : Address().Replace(text, "<page>");

    // The names of a page's files are what somebody shares, too, and may have spaces in them.
    [GeneratedRegex("[0-9a-fA-F]{64}(/files/.*|[^\\s\"']*)", RegexOptions.Singleline)]
    private static partial Regex Address();
}

/// <summary>
/// No log line names a page, whoever writes it and at whatever level: the HTTP server logs paths, and Orleans the names of grains.
/// Everything that is really logged goes through here on its way to the providers.
/// </summary>
internal static class LogsWithoutPages
{
    public static void AddLogsWithoutPages(this IServiceCollection services) => services.Replace(
        ServiceDescriptor.Singleton<ILoggerFactory>(provider => new Factory(ActivatorUtilities.CreateInstance<LoggerFactory>(provider))));

    private sealed class Factory(ILoggerFactory inner) : ILoggerFactory
    {
        public ILogger CreateLogger(string categoryName) => new Logger(inner.CreateLogger(categoryName));
        public void AddProvider(ILoggerProvider provider) => inner.AddProvider(provider);
        public void Dispose() => inner.Dispose();
    }

    private sealed class Logger(ILogger inner) : ILogger
    {
        public bool IsEnabled(LogLevel logLevel) => inner.IsEnabled(logLevel);

        // Providers read a scope when they write a line: that is when it is looked through.
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => inner.BeginScope(new Scope(state));

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!inner.IsEnabled(logLevel))
                return;
            if (exception is not null && Pages.AreIn(exception.ToString()))
                exception = new Named(exception);
            var text = formatter(state, exception);
            if (Pages.AreIn(text) || NamesPage(state))
                inner.Log(logLevel, eventId, new Line(Pages.Hide(text), Fields(state)), exception, static (line, _) => line.ToString());
            else
                inner.Log(logLevel, eventId, state, exception, formatter);
        }
    }

    private static bool NamesPage(object? state) =>
        state is IEnumerable<KeyValuePair<string, object?>> fields && fields.Any(field => Pages.AreIn(field.Value?.ToString()));

    private static KeyValuePair<string, object?>[] Fields(object? state) => state is IEnumerable<KeyValuePair<string, object?>> fields
        ? [.. fields.Select(field => Pages.AreIn(field.Value?.ToString()) ? new(field.Key, Pages.Hide(field.Value!.ToString()!)) : field)]
        : [];

    /// <summary>One line's text and its fields, as providers read them.</summary>
    private sealed class Line(string text, KeyValuePair<string, object?>[] fields) : IReadOnlyList<KeyValuePair<string, object?>>
    {
        public KeyValuePair<string, object?> this[int index] => fields[index];
        public int Count => fields.Length;
        public IEnumerator<KeyValuePair<string, object?>> GetEnumerator() => fields.AsEnumerable().GetEnumerator();
        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
        public override string ToString() => text;
    }

    private sealed class Scope(object state) : IEnumerable<KeyValuePair<string, object?>>
    {
        public IEnumerator<KeyValuePair<string, object?>> GetEnumerator() => Fields(state).AsEnumerable().GetEnumerator();
        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
        public override string ToString() => Pages.Hide(state.ToString() ?? "");
    }

    /// <summary>Stands for an exception whose own words name a page.</summary>
    private sealed class Named(Exception exception) : Exception($"{exception.GetType()}: {Pages.Hide(exception.Message)}")
    {
        private readonly string _text = Pages.Hide(exception.ToString());
        public override string ToString() => _text;
    }
}
