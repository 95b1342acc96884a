using CapOrleans.AuditLog.Postgres;
using Npgsql;

namespace CapOrleans.Tests.AuditLog.Postgres;

/// <summary>What follows the ? of a DATABASE_URL, read as PostgreSQL's own client reads it.</summary>
[Collection(PostgresCollection.Name)]
public sealed class DatabaseUrlTests(PostgresServer server)
{
    [Theory]
    [InlineData("sslmode=verify-full&sslrootcert=/etc/ca.pem", "SSL Mode=VerifyFull", "Root Certificate=/etc/ca.pem")]
    [InlineData("sslmode=require&sslrootcert=/etc/ca.pem", "SSL Mode=VerifyCA", "Root Certificate=/etc/ca.pem")]
    [InlineData("sslmode=verify-full&sslrootcert=system", "SSL Mode=VerifyFull", "Host=db")]
    [InlineData("ssl=true", "SSL Mode=Require", "Host=db")]
    [InlineData("sslmode=disable", "SSL Mode=Disable", "Timeout=5")]
    [InlineData("sslcert=/c.pem&sslkey=/k.pem&sslpassword=p", "SSL Certificate=/c.pem", "SSL Key=/k.pem")]
    [InlineData("application_name=cap%20one&connect_timeout=7", "Application Name=cap one", "Timeout=7")]
    [InlineData("host=other&port=7&user=you&password=p&dbname=two", "Host=other;Port=7;Database=two", "Username=you;Password=p")]
    [InlineData("require_auth=md5&channel_binding=disable", "Require Auth=MD5", "Channel Binding=Disable")]
    [InlineData("keepalives=1&keepalives_idle=30", "TCP Keepalive=True", "TCP Keepalive Time=30")]
    public void Each_part_is_honoured(string query, string one, string other)
    {
        var read = new NpgsqlConnectionStringBuilder(PostgresDatabase.ReadUrl($"postgres://me@db/cap?{query}"));
        foreach (var part in $"{one};{other}".Split(';').Select(part => part.Split('=')))
        {
            Assert.Equal(part[1], $"{read[part[0]]}");
        }
    }

    [Theory]
    [InlineData("?sslmode=encrypted", "'sslmode' must be disable, allow, prefer, require, verify-ca or verify-full.")]
    [InlineData("?sslcrl=/crl.pem", "'sslcrl' is not supported; supported are: host, port, dbname, user, ")]
    [InlineData("?s3cret-word", "a query parameter has no '='.")]
    [InlineData("?s3cret-word!=1", "a query parameter is not supported; supported are: ")]
    [InlineData("?connect_timeout=s3cret-word", "'connect_timeout' must be a whole number from 0 to 1024.")]
    [InlineData("?target_session_attrs=standby", "'target_session_attrs' must be any, read-write or primary")]
    [InlineData("?sslmode=require&sslrootcert=system", "'sslrootcert=system' requires 'sslmode=verify-full'.")]
    [InlineData("#s3cret-word", "it contains a '#'")]
    public void What_is_not_understood_is_refused_by_name_and_no_value_is_shown(string end, string fault)
    {
        var refused = Assert.Throws<FormatException>(() => PostgresDatabase.ReadUrl($"postgres://me:s3cret-word@db/cap{end}"));
        Assert.StartsWith(fault, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret-word", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_IPv6_address_is_accepted() =>
        Assert.Equal("fd00::1", new NpgsqlConnectionStringBuilder(PostgresDatabase.ReadUrl("postgres://me@[fd00::1]:5433/cap")).Host);

    [Fact]
    public async Task Options_reach_the_server_and_take_back_none_of_ours()
    {
        var url = await server.CreateAsync();
        var options = Uri.EscapeDataString("-c statement_timeout=12345 -c synchronous_commit=off");
        await using var source = NpgsqlDataSource.Create(PostgresDatabase.ReadUrl(
            $"{url}{(url.Contains('?', StringComparison.Ordinal) ? '&' : '?')}application_name=auditor&options={options}")!);
        foreach (var (name, value) in ((string, string)[])[("application_name", "auditor"), ("statement_timeout", "12345ms"), (
            "synchronous_commit", "on")])
        {
            await using var show = source.CreateCommand($"SHOW {name}");
            Assert.Equal(value, await show.ExecuteScalarAsync());
        }

        await using var encrypted = NpgsqlDataSource.Create(PostgresDatabase.ReadUrl(
            $"{url}{(url.Contains('?', StringComparison.Ordinal) ? '&' : '?')}sslmode=verify-full")!);
        await Assert.ThrowsAsync<NpgsqlException>(async () => await encrypted.OpenConnectionAsync()); // this server has no TLS
    }
}
