using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using CapOrleans.AuditLog.Postgres;
using Npgsql;

namespace CapOrleans.Tests.AuditLog.Postgres;

/// <summary>A program that has taken over the server's port and speaks its protocol.</summary>
public sealed class PostgresSignInTests
{
    private const int Rounds = 2_000_000; // SCRAM iterations: about a second of work

    [Fact]
    public async Task A_server_that_demands_endless_work_blocks_no_caller()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var asked = new TaskCompletionSource();
        var squatter = Task.Run(async () =>
        {
            using var connection = await listener.AcceptTcpClientAsync();
            var stream = connection.GetStream();
            await ReadAsync(stream);
            await stream.WriteAsync("N"u8.ToArray()); // no TLS
            await ReadAsync(stream);
            await stream.WriteAsync(Message(10, "SCRAM-SHA-256\0\0"));
            var nonce = Encoding.ASCII.GetString(await ReadAsync(stream)).Split("r=")[1];
            await stream.WriteAsync(Message(11, $"r={nonce}more,s={Convert.ToBase64String(new byte[16])},i={Rounds}"));
            asked.SetResult();
        });
        await using var source = NpgsqlDataSource.Create(PostgresDatabase.ReadUrl(
            $"postgres://caporleans:word@127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/cap")!);
        var opening = source.OpenConnectionAsync();
        await squatter;
        await asked.Task;
        await Assert.ThrowsAsync<TimeoutException>(async () => await opening.WithTimeoutAsync(TimeSpan.FromMilliseconds(1), default));
    }

    private static async Task<byte[]> ReadAsync(NetworkStream stream)
    {
        var buffer = new byte[4096];
        return buffer[..await stream.ReadAsync(buffer)];
    }

    /// <summary>Builds an authentication message.</summary>
    private static byte[] Message(int kind, string content)
    {
        var message = new byte[9 + content.Length];
        message[0] = (byte)'R';
        BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(1), message.Length - 1);
        BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(5), kind);
        Encoding.ASCII.GetBytes(content, message.AsSpan(9));
        return message;
    }
}
