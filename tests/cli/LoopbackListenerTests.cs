using System.Net;
using CapOrleans.Client;
using CapOrleans.Core.Access;

namespace CapOrleans.Tests.Cli;

/// <summary>No key is sent to a program that another user runs in the service's place.</summary>
public sealed class LoopbackListenerTests : IDisposable
{
    private const string Heading = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";

    /// <summary>A connection that is not accepted yet.</summary>
    private const string Queued = "0100007F:1F90 0100007F:C000 01 0 0|";

    private const string Queued6 = "0000000000000000FFFF00000100007F:1F90 0000000000000000FFFF00000100007F:C000 01 0 0|";

    /// <summary>Answers 401 until it is sent credentials, and prints what it is sent.</summary>
    private const string Squatter = """
        const http = require("http");
        const problem = JSON.stringify({ type: "urn:caporleans:problem:unauthenticated", title: "unauthenticated" });
        const server = http.createServer((request, answer) => {
          console.log(`${request.url} with ${request.headers.authorization ?? "nothing"}`);
          answer.writeHead(request.headers.authorization ? 200 : 401, { "content-type": "application/problem+json" });
          answer.end(request.headers.authorization ? "{}" : problem);
        });
        server.listen(Number(process.argv[1]), process.argv[2], () => console.log("listening"));
        """;

    private readonly TempDirectory directory = new();
    private readonly string apiKey = ApiKey.Create().Export();
    private readonly string gateToken = $"gate_{new string('a', 64)}";

    public LoopbackListenerTests()
    {
        File.WriteAllText(directory.File("admin-token"), apiKey);
        File.WriteAllText(directory.File("gate-token"), gateToken);
    }

    public void Dispose() => directory.Dispose();

    [RootFact]
    public async Task Another_user_on_the_service_s_port_gets_no_key()
    {
        foreach (var address in (string[])["127.0.0.1", "0.0.0.0", "::"])
        {
            var (port, squatter) = await SquatAsync(address);
            using var _ = squatter;
            foreach (var arguments in (string[][])[["show", "X"], ["operator", "list"], ["gate", "status"]])
            {
                var (code, output) = await Cap(port).RunAsync(arguments);
                Assert.Equal(2, code);
                Assert.Contains("was not sent: the program at 127.0.0.1:", output, StringComparison.Ordinal);
                Assert.Contains("the user nobody", output, StringComparison.Ordinal);
            }

            var (named, _) = await Cap(port, ("CAP_TOKEN", apiKey)).RunAsync("operator", "list");
            Assert.Equal(2, named);
            await squatter.LineAsync("/v1/caps/X with nothing", TimeSpan.FromMinutes(1));
            Assert.DoesNotContain("Bearer", squatter.Output, StringComparison.Ordinal);
        }
    }

    [RootFact]
    public async Task It_gets_the_key_if_that_is_allowed_or_the_key_file_is_that_user_s()
    {
        var (port, squatter) = await SquatAsync("127.0.0.1");
        using var _ = squatter;
        Assert.Equal(3, (await Cap(port).RunAsync("show", "X", "--insecure-http")).Code); // its answer is not a CapID
        await squatter.LineAsync($"/v1/caps/X with Bearer {apiKey}", TimeSpan.FromMinutes(1));
        await Child.RunAsync("chown", "nobody", directory.File("gate-token"));
        Assert.Equal(3, (await Cap(port).RunAsync("gate", "status")).Code);
        await squatter.LineAsync($"/v1/gate/status with Bearer {gateToken}", TimeSpan.FromMinutes(1));
        Assert.Equal(2, (await Cap(port).RunAsync("show", "X")).Code);
    }

    [Theory]
    [InlineData(Queued + "0100007F:1F90 00000000:0000 0A 1000 7", 1000)]
    [InlineData(Queued + "00000000:1F90 00000000:0000 0A 1000 7", 1000)]
    [InlineData(Queued6 + "0000000000000000FFFF00000100007F:1F90 00000000000000000000000000000000:0000 0A 1000 7", 1000)]
    [InlineData(Queued6 + "00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A 1000 7", 1000)]
    [InlineData(Queued + "00000000:1F90 00000000:0000 0A 0 6|0100007F:1F90 00000000:0000 0A 1000 7", 1000)] // the kernel prefers the exact address
    [InlineData(Queued + "00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A 1000 6|0100007F:1F90 00000000:0000 0A 0 7", 0)]
    [InlineData("0100007F:1F90 0100007F:C000 03 0 0|0100007F:1F90 00000000:0000 0A 1000 7", 1000)] // the last packet of the handshake is on its way
    [InlineData("0100007F:1F90 0100007F:C000 01 1000 7", 1000)] // it accepted the connection and gave up the port
    [InlineData("0000000000000000FFFF00000100007F:1F90 0000000000000000FFFF00000100007F:C000 01 1000 7", 1000)]
    public void The_user_at_the_other_end_is_found(string rows, uint user) =>
        Assert.Equal([user], Users(rows, IPAddress.Loopback));

    [Theory]
    [InlineData(Queued + "0100007F:1F91 00000000:0000 0A 1000 7")] // another port
    [InlineData(Queued + "0200007F:1F90 00000000:0000 0A 1000 7")] // another address
    [InlineData(Queued + "00000000000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A 1000 7")] // ::1
    [InlineData(Queued + "00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A 0 7")] // an IPv6-only listener cannot have received it
    [InlineData("0100007F:1F90 00000000:0000 0A 0 7")] // no connection
    [InlineData("0100007F:1F90 0100007F:C001 01 1000 7|0100007F:1F90 00000000:0000 0A 0 7")] // another caller's connection
    [InlineData("0100007F:1F90 0100007F:C000 06 1000 0|0100007F:1F90 00000000:0000 0A 0 7")] // closed
    [InlineData("0100007F:1F90 0100007F:C000 05 1000 7|0100007F:1F90 00000000:0000 0A 0 7")] // closed by one side
    [InlineData("0100007F:C000 0100007F:1F90 01 1000 7")] // this end of the connection
    [InlineData(Queued + "0100007:1F90 00000000:0000 0A 1000 7|rubbish|0100007G:1F90 00000000:0000 0A 1000 7")]
    [InlineData(Queued + "0100007F:x 00000000:0000 0A 1000 7")]
    [InlineData("")]
    public void A_connection_in_no_table_has_no_user(string rows) => Assert.Empty(Users(rows, IPAddress.Loopback));

    [Fact]
    public void The_owner_of_the_connection_counts_as_well_as_that_of_the_port() =>
        Assert.Equal([1000u, 0u], Users("0100007F:1F90 0100007F:C000 01 1000 7|0100007F:1F90 00000000:0000 0A 0 8", IPAddress.Loopback));

    [Fact]
    public void A_socket_that_moves_to_the_other_table_while_they_are_read_is_seen()
    {
        // As IPV6_ADDRFORM does it: in tcp6 for the first read, and in tcp from then on.
        const string Row = "0: 0100007F:1F90 0100007F:C000 01 00000000:00000000 00:00000000 00000000  1000        0 7 1 ffff8881 100 0 0 10 0";
        var looks = 0;
        string Read(string table) => (looks++ == 0) == (table == "/proc/net/tcp6") ? Heading + Row : Heading;
        Assert.Equal([1000u], LoopbackListener.UsersOf(Read, new IPEndPoint(IPAddress.Loopback, 8080), new IPEndPoint(IPAddress.Loopback, 0xC000)));
    }

    [Fact]
    public void A_program_in_no_table_gets_no_key()
    {
        var fault = LoopbackListener.FindFault([], new IPEndPoint(IPAddress.Loopback, 8080), file: null);
        Assert.Equal("the owner of the program at 127.0.0.1:8080 cannot be determined", fault);
    }

    [Fact]
    public void Every_user_who_listens_there_counts() =>
        Assert.Equal([0u, 1000u], Users(Queued + "00000000:1F90 00000000:0000 0A 0 7|00000000:1F90 00000000:0000 0A 1000 8", IPAddress.Loopback)); // each on a device of its own

    [Fact]
    public void IPv6_has_addresses_of_its_own()
    {
        const string Rows = Queued + "0100007F:1F90 00000000:0000 0A 1000 7"
            + "|00000000000000000000000001000000:1F90 00000000000000000000000001000000:C000 01 0 0"
            + "|00000000000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A 1001 8";
        Assert.Equal([1001u], Users(Rows, IPAddress.IPv6Loopback));
        Assert.Equal([1000u], Users(Rows, IPAddress.Loopback.MapToIPv6()));
    }

    /// <param name="rows">Address pair, state, user and inode, with a bar between rows. The length of its addresses
    /// decides a row's table.</param>
    private static IReadOnlyList<uint> Users(string rows, IPAddress address) => LoopbackListener.UsersOf(
        table => Heading + string.Join('\n', rows.Split('|').Where(row => row.Length > 60 == table.EndsWith('6'))
            .Select((row, i) => row.Split(' ') is [var local, var remote, var state, var user, var inode]
                ? $"   {i}: {local} {remote} {state} 00000000:00000000 00:00000000 00000000  {user}        0 {inode} 1 ffff8881 100 0 0 10 0" : row)),
        new IPEndPoint(address, 8080),
        new IPEndPoint(address, 0xC000));

    private static async Task<(int Port, Child Squatter)> SquatAsync(string address)
    {
        var port = Child.FreePort();
        var squatter = Child.Start("setpriv", ["--reuid", "nobody", "--regid", "nogroup", "--clear-groups", "node", "-e", Squatter, $"{port}", address], folder: "/");
        await squatter.LineAsync("listening", TimeSpan.FromSeconds(30));
        return (port, squatter);
    }

    private CapCommand Cap(int port, params (string, string)[] more) => new(
        directory.Path, [.. more, ("DATA_DIR", directory.Path), ("API_PORT", $"{port}"), ("VPN_ENDPOINT", $"http://127.0.0.1:{port}/gate_receive")]);
}
