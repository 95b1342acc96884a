using System.Globalization;
using Npgsql;

namespace CapOrleans.AuditLog.Postgres;

/// <summary>
/// Reads a <c>postgres://</c> URL as PostgreSQL's own client does (libpq, "Connection URIs" and "Parameter Key Words"):
/// each part of its query is honoured, or refused by name. Messages never repeat a value.
/// </summary>
internal static class DatabaseUrl
{
    private const string SystemAuthorities = "system";

    /// <summary>
    /// The supported parameters. Any other is refused, even if libpq has it: ignoring it would do something other than
    /// what was asked.
    /// </summary>
    private static readonly Dictionary<string, Action<NpgsqlConnectionStringBuilder, string>> Parts = new(StringComparer.Ordinal)
    {
        ["host"] = (read, text) => read.Host = text,
        ["port"] = (read, text) => read.Port = Number(text, 1, ushort.MaxValue),
        ["dbname"] = (read, text) => read.Database = text,
        ["user"] = (read, text) => read.Username = text,
        ["password"] = (read, text) => read.Password = text,
        ["passfile"] = (read, text) => read.Passfile = text,
        ["application_name"] = (read, text) => read.ApplicationName = text,
        ["client_encoding"] = (read, text) => read.ClientEncoding = text,
        ["options"] = (read, text) => read.Options = text,
        ["connect_timeout"] = (read, text) => read.Timeout = Number(text, 0, 1024),
        ["keepalives"] = (read, text) => read.TcpKeepAlive = text is "0" or "1" ? text == "1" : throw Wrong("0 or 1"),
        ["keepalives_idle"] = (read, text) => read.TcpKeepAliveTime = Number(text, 0, 86_400),
        ["keepalives_interval"] = (read, text) => read.TcpKeepAliveInterval = Number(text, 0, 86_400),
        ["sslmode"] = (read, text) => read.SslMode = text switch
        {
            "disable" => SslMode.Disable,
            "allow" => SslMode.Allow,
            "prefer" => SslMode.Prefer,
            "require" => SslMode.Require,
            "verify-ca" => SslMode.VerifyCA,
            "verify-full" => SslMode.VerifyFull,
            _ => throw Wrong("disable, allow, prefer, require, verify-ca or verify-full"),
        },
        ["sslrootcert"] = (read, text) => read.RootCertificate = text,
        ["sslcert"] = (read, text) => read.SslCertificate = text,
        ["sslkey"] = (read, text) => read.SslKey = text,
        ["sslpassword"] = (read, text) => read.SslPassword = text,
        ["sslnegotiation"] = (read, text) => read.SslNegotiation = text switch
        {
            "postgres" => SslNegotiation.Postgres,
            "direct" => SslNegotiation.Direct,
            _ => throw Wrong("postgres or direct"),
        },
        ["channel_binding"] = (read, text) => read.ChannelBinding = text switch
        {
            "disable" => ChannelBinding.Disable,
            "prefer" => ChannelBinding.Prefer,
            "require" => ChannelBinding.Require,
            _ => throw Wrong("disable, prefer or require"),
        },
        ["gssencmode"] = (read, text) => read.GssEncryptionMode = text switch
        {
            "disable" => GssEncryptionMode.Disable,
            "prefer" => GssEncryptionMode.Prefer,
            "require" => GssEncryptionMode.Require,
            _ => throw Wrong("disable, prefer or require"),
        },
        ["target_session_attrs"] = (_, text) =>
        {
            if (text is not ("any" or "read-write" or "primary"))
            {
                throw Wrong("any, read-write or primary, since the log is written to");
            }
        },
        ["require_auth"] = (read, text) => read.RequireAuth = text switch
        {
            "scram-sha-256" => "ScramSHA256",
            "md5" => "MD5",
            "password" => "Password",
            "none" => "None",
            _ => throw Wrong("scram-sha-256, md5, password or none"),
        },
    };

    /// <exception cref="FormatException">An unknown parameter, or a value that it does not accept.</exception>
    public static NpgsqlConnectionStringBuilder Read(Uri url)
    {
        if (url.Fragment.Length > 0)
        {
            throw new FormatException("it contains a '#'; in a password, write it as %23.");
        }

        var user = url.UserInfo.Split(':', 2);
        var read = new NpgsqlConnectionStringBuilder
        {
            Host = url.DnsSafeHost,
            Port = url.IsDefaultPort ? 5432 : url.Port,
            Database = Uri.UnescapeDataString(url.AbsolutePath.TrimStart('/')),
            Username = Uri.UnescapeDataString(user[0]),
            Password = user.Length > 1 ? Uri.UnescapeDataString(user[1]) : null,
        };
        foreach (var part in url.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var (name, value) = part.IndexOf('=', StringComparison.Ordinal) is > 0 and var at ? (part[..at], Uri.UnescapeDataString(
                part[(at + 1)..]))
                : throw new FormatException("a query parameter has no '='.");
            Set(read, name, value);
        }

        Verify(read);
        return read;
    }

    private static void Set(NpgsqlConnectionStringBuilder read, string name, string value)
    {
        if (name == "ssl" && value == "true")
        {
            (name, value) = ("sslmode", "require"); // JDBC's spelling, which libpq accepts as well
        }

        if (!Parts.TryGetValue(name, out var set))
        {
            var shown = name.Length <= 40 && name.All(character => char.IsAsciiLetterOrDigit(character) || character == '_')
                ? $"'{name}'" : "a query parameter";
            throw new FormatException($"{shown} is not supported; supported are: {string.Join(", ", Parts.Keys)}.");
        }

        try
        {
            set(read, value);
        }
        catch (Exception fault) when (fault is FormatException or ArgumentException)
        {
            throw new FormatException($"'{name}' must be {(fault is FormatException ? fault.Message : "a different value")}.", fault);
        }
    }

    /// <summary>
    /// As in libpq: with a file of root certificates, <c>require</c> verifies the certificate too; the system's
    /// authorities are allowed with <c>verify-full</c> only.
    /// </summary>
    private static void Verify(NpgsqlConnectionStringBuilder read)
    {
        if (read.RootCertificate == SystemAuthorities)
        {
            read.RootCertificate = null;
            if (read.SslMode != SslMode.VerifyFull)
            {
                throw new FormatException("'sslrootcert=system' requires 'sslmode=verify-full'.");
            }
        }
        else if (read is { RootCertificate: not null, SslMode: SslMode.Require })
        {
            read.SslMode = SslMode.VerifyCA;
        }
    }

    private static int Number(string text, int min, int max) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max ? value
            : throw Wrong(string.Create(CultureInfo.InvariantCulture, $"a whole number from {min} to {max}"));

    private static FormatException Wrong(string rule) => new(rule);
}
