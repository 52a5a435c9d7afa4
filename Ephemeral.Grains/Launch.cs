using System.Collections;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Ephemeral.Grains;

/// <summary>How both programs start: a setting that can't be is told in plain lines, and <c>--check-config</c> only tells what would hold.</summary>
public static class Launch
{
    private const string CheckOnly = "--check-config";
    private const string Hidden = "(hidden)";

    /// <summary>Runs the program until it is stopped, or only checks its configuration. The exit code: 0, or 1 for a setting that can't be.</summary>
    /// <param name="options">The options to show, by their section.</param>
    public static int Run(string[] args, Func<string[], WebApplication> build, params (string Section, Type Options)[] options)
    {
        try
        {
            var app = build([.. args.Where(arg => arg != CheckOnly)]);
            if (args.Contains(CheckOnly))
                Check(app, options);
            else
                app.Run();
            return 0;
        }
        catch (OptionsValidationException e)
        {
            foreach (var failure in e.Failures)
                Console.Error.WriteLine(failure);
        }
        catch (Exception e) when (e is InvalidSettingException || e.Source == typeof(ConfigurationBinder).Assembly.GetName().Name)
        {
            // The binder's own words name the path and the value that it can't convert.
            Console.Error.WriteLine(e.Message);
        }
        return 1;
    }

    private static void Check(WebApplication app, (string Section, Type Options)[] options)
    {
        app.Services.GetRequiredService<IStartupValidator>().Validate();
        var known = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (section, type) in options)
        {
            known.Add(section);
            if (app.Services.GetService(typeof(IOptions<>).MakeGenericType(type)) is not { } holder)
                continue;
            var values = holder.GetType().GetProperty("Value")!.GetValue(holder);
            foreach (var property in type.GetProperties())
            {
                known.Add($"{section}:{property.Name}");
                Console.WriteLine($"{section}:{property.Name} = {Shown(property.GetValue(values))}");
            }
        }
        foreach (var (key, value) in app.Configuration.AsEnumerable().Where(setting => setting.Value is not null).OrderBy(setting => setting.Key, StringComparer.Ordinal))
            if (key.StartsWith("Orleans:", StringComparison.OrdinalIgnoreCase) || key.Equals("urls", StringComparison.OrdinalIgnoreCase) || key.StartsWith("OTEL_", StringComparison.Ordinal))
                // What leads to a store or a collector may carry a password.
                Console.WriteLine($"{key} = {(key.Contains("Connection", StringComparison.OrdinalIgnoreCase) || key.Contains("HEADERS", StringComparison.Ordinal) ? Hidden : value)}");
        var unknown = app.Configuration.AsEnumerable().Select(setting => setting.Key)
            .Where(key => key.StartsWith("Ephemeral:", StringComparison.OrdinalIgnoreCase) && !known.Contains(key) && !known.Any(path => IsPart(key, path))).ToList();
        if (unknown.Count > 0)
            throw new InvalidSettingException($"Nothing reads {string.Join(", ", unknown)}: see the table of settings in the README for how it is spelled.");
        Console.WriteLine("The configuration can be used.");
    }

    // An element of a list, such as Ephemeral:BlockedPages:0.
    private static bool IsPart(string key, string path) =>
        key.StartsWith(path + ":", StringComparison.OrdinalIgnoreCase) && int.TryParse(key[(path.Length + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out _);

    private static string Shown(object? value) => value switch
    {
        null => "none",
        string text => text,
        ICollection { Count: 0 } => "none",
        IEnumerable<string> list => string.Join(", ", list),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };
}

/// <summary>A setting has a value that it can't have. The message names both, and what it can be.</summary>
public sealed class InvalidSettingException(string message) : InvalidOperationException(message);
