using Xunit;

namespace Ephemeral.Tests;

/// <summary>A test in a real Chromium. Where there is none it says so and is skipped; on CI it runs all the same, and so fails.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class BrowserFactAttribute : FactAttribute
{
    public BrowserFactAttribute() => Skip = BrowserStage.WhyNot;
}

/// <summary>A test in a real Chromium for each of several cases.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class BrowserTheoryAttribute : TheoryAttribute
{
    public BrowserTheoryAttribute() => Skip = BrowserStage.WhyNot;
}
