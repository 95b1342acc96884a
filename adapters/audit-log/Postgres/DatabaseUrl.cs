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
    private static readonly Dictionary<string, Action<NpgsqlConnectionStringBuilder, string>> Parameters = new(StringComparer.Ordinal)
    {
        ["host"] = (builder, text) => builder.Host = text,
        ["port"] = (builder, text) => builder.Port = Number(text, 1, ushort.MaxValue),
        ["dbname"] = (builder, text) => builder.Database = text,
        ["user"] = (builder, text) => builder.Username = text,
        ["password"] = (builder, text) => builder.Password = text,
        ["passfile"] = (builder, text) => builder.Passfile = text,
        ["application_name"] = (builder, text) => builder.ApplicationName = text,
        ["client_encoding"] = (builder, text) => builder.ClientEncoding = text,
        ["options"] = (builder, text) => builder.Options = text,
        ["connect_timeout"] = (builder, text) => builder.Timeout = Number(text, 0, 1024),
        ["keepalives"] = (builder, text) => builder.TcpKeepAlive = text is "0" or "1" ? text == "1" : throw Expected("0 or 1"),
        ["keepalives_idle"] = (builder, text) => builder.TcpKeepAliveTime = Number(text, 0, 86_400),
        ["keepalives_interval"] = (builder, text) => builder.TcpKeepAliveInterval = Number(text, 0, 86_400),
        ["sslmode"] = (builder, text) => builder.SslMode = text switch
        {
            "disable" => SslMode.Disable,
            "allow" => SslMode.Allow,
            "prefer" => SslMode.Prefer,
            "require" => SslMode.Require,
            "verify-ca" => SslMode.VerifyCA,
            "verify-full" => SslMode.VerifyFull,
            _ => throw Expected("disable, allow, prefer, require, verify-ca or verify-full"),
        },
        ["sslrootcert"] = (builder, text) => builder.RootCertificate = text,
        ["sslcert"] = (builder, text) => builder.SslCertificate = text,
        ["sslkey"] = (builder, text) => builder.SslKey = text,
        ["sslpassword"] = (builder, text) => builder.SslPassword = text,
        ["sslnegotiation"] = (builder, text) => builder.SslNegotiation = text switch
        {
            "postgres" => SslNegotiation.Postgres,
            "direct" => SslNegotiation.Direct,
            _ => throw Expected("postgres or direct"),
        },
        ["channel_binding"] = (builder, text) => builder.ChannelBinding = text switch
        {
            "disable" => ChannelBinding.Disable,
            "prefer" => ChannelBinding.Prefer,
            "require" => ChannelBinding.Require,
            _ => throw Expected("disable, prefer or require"),
        },
        ["gssencmode"] = (builder, text) => builder.GssEncryptionMode = text switch
        {
            "disable" => GssEncryptionMode.Disable,
            "prefer" => GssEncryptionMode.Prefer,
            "require" => GssEncryptionMode.Require,
            _ => throw Expected("disable, prefer or require"),
        },
        ["target_session_attrs"] = (_, text) =>
        {
            if (text is not ("any" or "read-write" or "primary"))
            {
                throw Expected("any, read-write or primary, since the log is written to");
            }
        },
        ["require_auth"] = (builder, text) => builder.RequireAuth = text switch
        {
            "scram-sha-256" => "ScramSHA256",
            "md5" => "MD5",
            "password" => "Password",
            "none" => "None",
            _ => throw Expected("scram-sha-256, md5, password or none"),
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
        var builder = new NpgsqlConnectionStringBuilder
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
            Set(builder, name, value);
        }

        Verify(builder);
        return builder;
    }

    private static void Set(NpgsqlConnectionStringBuilder builder, string name, string value)
    {
        if (name == "ssl" && value == "true")
        {
            (name, value) = ("sslmode", "require"); // JDBC's spelling, which libpq accepts as well
        }

        if (!Parameters.TryGetValue(name, out var set))
        {
            var shown = name.Length <= 40 && name.All(character => char.IsAsciiLetterOrDigit(character) || character == '_')
                ? $"'{name}'" : "a query parameter";
            throw new FormatException($"{shown} is not supported; supported are: {string.Join(", ", Parameters.Keys)}.");
        }

        try
        {
            set(builder, value);
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
    private static void Verify(NpgsqlConnectionStringBuilder builder)
    {
        if (builder.RootCertificate == SystemAuthorities)
        {
            builder.RootCertificate = null;
            if (builder.SslMode != SslMode.VerifyFull)
            {
                throw new FormatException("'sslrootcert=system' requires 'sslmode=verify-full'.");
            }
        }
        else if (builder is { RootCertificate: not null, SslMode: SslMode.Require })
        {
            builder.SslMode = SslMode.VerifyCA;
        }
    }

    private static int Number(string text, int min, int max) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max ? value
            : throw Expected(string.Create(CultureInfo.InvariantCulture, $"a whole number from {min} to {max}"));

    private static FormatException Expected(string rule) => new(rule);
}
