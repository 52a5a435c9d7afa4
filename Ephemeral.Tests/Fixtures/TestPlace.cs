namespace Ephemeral.Tests;

/// <summary>Where the tests find the repository that they are of.</summary>
public static class TestPlace
{
    public static string Repository { get; } = Find();

    public static string Client { get; } = Path.Combine(Repository, "Ephemeral.Web", "Client");

    private static string Find()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "Ephemeral.sln"))) directory = directory.Parent;
        return directory?.FullName ?? throw new InvalidOperationException("The tests run outside of the repository.");
    }
}
