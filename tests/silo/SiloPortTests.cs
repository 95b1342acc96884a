using System.Net;
using System.Net.Sockets;

namespace CapOrleans.Tests.Silo;

/// <summary>A silo's port is already in use by another process.</summary>
[Collection(PostgresCollection.Name)]
public sealed class SiloPortTests(PostgresServer postgres) : IDisposable
{
    private readonly TempDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData("SILO_PORT")]
    [InlineData("GATEWAY_PORT")]
    public async Task A_port_in_use_is_reported_in_one_sentence(string setting)
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var environment = new Dictionary<string, string>
        {
            ["ROLES"] = "silo",
            ["DATA_DIR"] = directory.File("data"),
            ["DATABASE_URL"] = await postgres.CreateAsync(),
            ["SILO_PORT"] = $"{Child.FreePort()}",
            ["GATEWAY_PORT"] = $"{Child.FreePort()}",
        };
        environment[setting] = $"{((IPEndPoint)other.LocalEndpoint).Port}";
        using var silo = Child.Start("dotnet", [Path.Combine(AppContext.BaseDirectory, "caporleans.dll")], environment);
        Assert.Equal(1, await silo.ExitAsync());
        Assert.Contains($"{setting} {environment[setting]}", silo.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", silo.Output, StringComparison.Ordinal);
        Assert.Single(silo.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }
}
