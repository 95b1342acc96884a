using System.Diagnostics;

namespace CapOrleans.Tests.EndToEnd;

/// <summary>The part of <c>./run --cluster</c> that starts a silo again.</summary>
public sealed class RestartTests
{
    private const int Terminate = 15;

    [Fact]
    public async Task What_ends_at_once_is_started_again_after_longer_and_longer_and_stops_when_it_is_told_to()
    {
        using var child = Child.Start("/bin/bash", ["-c", $"eval \"$(sed -n '/^again()/,/^}}/p' {Repository.File("run")})\"; again /bin/sh -c 'exit 3'"]);
        foreach (var pause in (int[])[1, 2, 4])
        {
            await child.LineAsync($"ended with status 3; starting it again in {pause} s.", TimeSpan.FromSeconds(30));
        }

        var asked = Stopwatch.GetTimestamp();
        child.Signal(Terminate);
        await child.ExitAsync();
        Assert.InRange(Stopwatch.GetElapsedTime(asked).TotalSeconds, 0, 3); // not after the pause
    }

    [Fact]
    public async Task A_fault_of_the_settings_is_not_started_again()
    {
        using var child = Child.Start("/bin/bash", ["-c", $"eval \"$(sed -n '/^again()/,/^}}/p' {Repository.File("run")})\"; again /bin/sh -c 'exit 2'"]);
        Assert.Equal(2, await child.ExitAsync());
        Assert.Empty(child.Output);
    }
}
