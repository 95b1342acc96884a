using System.Globalization;
using System.Text.Json;

namespace CapOrleans.Tests.Cli;

/// <summary>Debian's nginx fails under a real systemd, which calls the hook.</summary>
[Collection(NodeCollection.Name)]
public sealed class SystemdTests(NodeFixture node) : IAsyncLifetime
{
    private readonly TempDirectory directory = new();
    private readonly string group = Path.Combine(SystemdFactAttribute.ControlGroups ?? "/nowhere", $"cap-test-{Environment.ProcessId}");
    private Child? machine;
    private int first;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (machine is not null)
        {
            await Child.RunAsync("kill", "-9", $"{first}"); // the init process: all others die with it
            await machine.ExitAsync();
            machine.Dispose();
            foreach (var folder in Directory.EnumerateDirectories(group, "*", SearchOption.AllDirectories).OrderByDescending(folder => folder.Length).Append(group))
            {
                Directory.Delete(folder);
            }
        }

        directory.Dispose();
    }

    [SystemdFact]
    public async Task A_failing_unit_is_reported_once_per_start()
    {
        await File.WriteAllTextAsync(Place("etc/nginx/nginx.conf"), "events {}\nhttp { server { listen 99999; } }\n");
        await File.WriteAllTextAsync(Place("etc/cap/identity.key"), (await node.RegisterAsync("SYSTEMD-1")).ExportHex());
        await File.WriteAllTextAsync(Place("etc/default/cap"), $"CAP_ID=SYSTEMD-1\nDATA_DIR=/etc/cap\nVPN_ENDPOINT={new Uri(node.Gate.BaseAddress!, "gate_receive")}\n");
        File.Copy(Repository.File("artifacts", "native", "cap"), Place("usr/local/bin/cap"));
        await StartAsync();
        await InsideAsync("/usr/local/bin/cap", "hook", "install", "nginx.service", "--yes");
        await InsideAsync("systemctl", "daemon-reload");

        await InsideAsync("sh", "-c", "! systemctl start nginx");
        var incident = Assert.Single(await IncidentsAsync(1));
        Assert.Matches("^NGINXFAIL-[0-9a-f]{12}$", incident.Text("incidentId"));
        Assert.StartsWith("nginx.service failed: exit-code", incident.Text("description"), StringComparison.Ordinal);
        Assert.Contains("invalid port in \"99999\"", incident.Text("description"), StringComparison.Ordinal);

        // Reporting the same failure again gives the same incident; another start is another failure.
        await InsideAsync("sh", "-c", "set -a; . /etc/default/cap; cap hook unit nginx.service");
        Assert.Single(await IncidentsAsync(1));
        await InsideAsync("sh", "-c", "! systemctl start nginx");
        Assert.Equal(2, (await IncidentsAsync(2)).Select(one => one.Text("incidentId")).Distinct().Count());

        // Once it is repaired, nothing is reported.
        await InsideAsync("sh", "-c", "printf 'events {}\\n' > /etc/nginx/nginx.conf; systemctl start nginx && systemctl is-active nginx");
        Assert.Equal(2, (await IncidentsAsync(2)).Count);
    }

    private string Place(string path)
    {
        var file = directory.File(Path.Combine("files", path));
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        return file;
    }

    private async Task StartAsync()
    {
        machine = Child.Start(Repository.File("tests", "clients", "systemd.sh"), [directory.Path, group]);
        await Eventually.TrueAsync(async () =>
        {
            var children = await File.ReadAllTextAsync($"/proc/{machine.Id}/task/{machine.Id}/children");
            return int.TryParse(children, NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out first)
                && await NameAsync(first) == "systemd\n"
                && await Inside("systemctl", "is-system-running").ExitAsync() == 0;
        });
    }

    /// <returns>Empty for a process that has exited, as the short commands of the script do before systemd
    /// starts.</returns>
    private static async Task<string> NameAsync(int process)
    {
        try
        {
            return await File.ReadAllTextAsync($"/proc/{process}/comm");
        }
        catch (IOException)
        {
            return "";
        }
    }

    private async Task InsideAsync(params string[] command)
    {
        using var child = Inside(command);
        Assert.True(await child.ExitAsync() == 0, child.Output);
    }

    private Child Inside(params string[] command) => Child.Start("nsenter", ["-t", $"{first}", "-a", "-r", "-w", .. command]);

    private async Task<IReadOnlyList<JsonElement>> IncidentsAsync(int atLeast)
    {
        IReadOnlyList<JsonElement> found = [];
        await Eventually.TrueAsync(async () =>
        {
            found = [.. JsonElement.Parse(await node.Api.GetStringAsync("/v1/incidents?cap=SYSTEMD-1&limit=100")).GetProperty("items").EnumerateArray()];
            return found.Count >= atLeast;
        });
        return found;
    }
}
