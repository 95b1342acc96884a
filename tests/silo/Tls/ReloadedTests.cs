using CapOrleans.Silo.Tls;
using Microsoft.Extensions.Time.Testing;

namespace CapOrleans.Tests.Silo.Tls;

/// <summary>Files that break and are repaired while they are in use.</summary>
public sealed class ReloadedTests : IDisposable
{
    private readonly TempDirectory directory = new();
    private readonly FakeTimeProvider time = new();
    private readonly LogLines log = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public void A_broken_file_is_logged_once_and_once_when_it_works_again()
    {
        var file = directory.File("certificate");
        var reloaded = new Reloaded<string>([file], Timeout.InfiniteTimeSpan, () => Read(file), time, log);
        foreach (var text in (string[])["first", "broken", "broken, too", "second"])
        {
            File.WriteAllText(file, text);
            for (var i = 0; i < 5; i++)
            {
                time.Advance(TimeSpan.FromSeconds(1));
                Assert.Equal(text == "second" ? text : "first", reloaded.Current);
            }
        }

        Assert.Equal([$"{file} changed but cannot be used; the version read before stays in use. no", $"{file} can be used again."],
            log.Written);
    }

    private static string Read(string file) => File.ReadAllText(file) is var text && text.StartsWith("broken", StringComparison.Ordinal)
        ? throw new InvalidDataException("no")
        : text;
}
