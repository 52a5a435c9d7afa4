using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Ephemeral.Grains;

/// <summary>Checks options by their attributes when the program starts, and says what is wrong with which setting, and what it can be.</summary>
internal sealed class OptionsRules<T>(string section) : IValidateOptions<T> where T : class, new()
{
    public ValidateOptionsResult Validate(string? name, T options)
    {
        var wrong = new List<string>();
        foreach (var property in typeof(T).GetProperties())
            foreach (var rule in property.GetCustomAttributes(inherit: false).OfType<ValidationAttribute>())
                if (property.GetValue(options) is var value && !rule.IsValid(value))
                    wrong.Add(string.Create(CultureInfo.InvariantCulture, $"{section}:{property.Name} is '{value}', but must be {Wanted(rule)}. {Remedy(section, property.Name, property.GetValue(new T()))}"));
        return wrong.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(wrong);
    }

    private static string Wanted(ValidationAttribute rule) => rule is RangeAttribute range
        ? string.Create(CultureInfo.InvariantCulture, $"from {range.Minimum} to {range.Maximum}")
        : rule.ErrorMessage ?? rule.GetType().Name;

    private static string Remedy(string section, string property, object? usual) => string.Create(CultureInfo.InvariantCulture,
        $"Set it as --{section}:{property}=… or as {section.Replace(":", "__", StringComparison.Ordinal)}__{property}, or leave it out for {usual ?? "none"}.");
}

/// <summary>How each program reads its options.</summary>
public static class OptionsReading
{
    /// <summary>Binds a section, and checks it when the program starts.</summary>
    public static OptionsBuilder<T> AddChecked<T>(this IServiceCollection services, string section) where T : class, new()
    {
        services.AddSingleton<IValidateOptions<T>>(new OptionsRules<T>(section));
        return services.AddOptions<T>().BindConfiguration(section).ValidateOnStart();
    }
}
