using System.Globalization;
using System.Net;
using System.Net.Sockets;
using CapOrleans.Core.Settings;

namespace CapOrleans.Client;

/// <summary>
/// Determines whose program listens on a port of this machine. Any user can bind a port that the service has released,
/// ask for a key, and claim to have accepted what it received. The owner is therefore looked up once the connection is
/// established and before anything is sent: a program that hands over the port afterwards still keeps this connection.
/// </summary>
public static class LoopbackListener
{
    private const string Listening = "0A", Established = "01", Arriving = "03";
    private const int LocalField = 1, RemoteField = 2, StateField = 3, UserField = 7, InodeField = 9;

    /// <summary>
    /// Read in this order: while they are read, the owner of a socket can convert it from IPv6 to IPv4, but never back.
    /// </summary>
    private static readonly string[] Tables = ["/proc/net/tcp6", "/proc/net/tcp"];

    /// <summary>Whether both ends are on this machine.</summary>
    public static bool IsLocal(Socket connected) => EndpointsOf(connected) is var (server, client)
        && (IPAddress.IsLoopback(server.Address) || server.Address.Equals(client.Address));

    /// <summary>
    /// Checks that the program belongs to root, to the caller, or to the owner of a file. A connection that is in no
    /// table, such as that to a container's port that the kernel forwards, counts as someone else's.
    /// </summary>
    /// <param name="file">For example the file with the secret to send; null for none.</param>
    /// <returns>Why the program is not trusted; null when it is.</returns>
    public static string? FindFault(Socket connected, string? file)
    {
        var (server, client) = EndpointsOf(connected);
        return FindFault(UsersOf(ReadTable, server, client), server, file);
    }

    /// <inheritdoc cref="FindFault(Socket, string?)"/>
    public static string? FindFault(IReadOnlyList<uint> users, IPEndPoint server, string? file)
    {
        var others = users.Where(user => !IsTrusted(user, file)).Select(user => (uint?)user).ToList();
        return users.Count > 0 && others.Count == 0 ? null
            : others is [{ } user, ..]
            ? $"the program at {Plain(server)} belongs to {NameOf(user)}, who is neither root nor you" + (file is null ? "" : $", nor the owner of {file}")
            : $"the owner of the program at {Plain(server)} cannot be determined";
    }

    private static (IPEndPoint Server, IPEndPoint Client) EndpointsOf(Socket connected) =>
        (Plain((IPEndPoint)connected.RemoteEndPoint!), Plain((IPEndPoint)connected.LocalEndPoint!));

    private static bool IsTrusted(uint user, string? file) => user == 0 || user == FileStatus.EffectiveUser()
        || (file is not null && FileStatus.TryRead(file, out var status) && status.Owner == user);

    /// <param name="read">Returns a table as the system writes it, for example <c>/proc/net/tcp</c>.</param>
    /// <param name="server">The server's end of the connection.</param>
    /// <param name="client">The client's end of the connection.</param>
    /// <returns>
    /// The owner of the server's end, and of the listeners there: at the exact address or, when there are none, at the
    /// wildcard address. Both, since a program that accepted a connection may have handed over the port. Only for an
    /// established connection, and only listeners that it may have come through, which are in the same table. Once the
    /// server has closed its end, neither can be identified.
    /// </returns>
    public static IReadOnlyList<uint> UsersOf(Func<string, string> read, IPEndPoint server, IPEndPoint client)
    {
        var (to, from) = (Plain(server), Plain(client));
        var rows = Tables.SelectMany(table => read(table).Split('\n').Select(line => Row.Parse(line, table)).OfType<Row>()).Where(row => row.Local.Port == to.Port).ToList();
        var ends = rows.FindAll(row => row.State is Established or Arriving && row.Local.Equals(to) && row.Remote.Equals(from));
        var listeners = ends.SelectMany(end => ListenersOf(end, rows));
        return [.. ends.Where(end => end.IsOwned).Concat(listeners).Select(row => row.User).Distinct()];
    }

    private static IEnumerable<Row> ListenersOf(Row end, List<Row> rows)
    {
        IPAddress[] addresses = [end.Local.Address, end.Table == Tables[0] ? IPAddress.IPv6Any : IPAddress.Any];
        return addresses.Select(address => rows.Where(row => row.State == Listening && row.Table == end.Table && row.Local.Address.Equals(address)))
            .FirstOrDefault(found => found.Any()) ?? [];
    }

    /// <summary>Converts a mapped address to IPv4: IPv4 is written in either table.</summary>
    private static IPEndPoint Plain(IPEndPoint end) =>
        end.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(end.Address.MapToIPv4(), end.Port) : end;

    private static string ReadTable(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return ""; // a machine without IPv6, or a namespace without either
        }
    }

    private static string NameOf(uint user)
    {
        var number = user.ToString(CultureInfo.InvariantCulture);
        var line = ReadTable("/etc/passwd").Split('\n').Select(text => text.Split(':'))
            .FirstOrDefault(fields => fields.Length > 2 && fields[2] == number);
        return line is null ? $"the user with the id {number}" : $"the user {line[0]}";
    }

    /// <param name="IsOwned">
    /// Whether a program owns the socket: one that is not accepted yet, or closed already, has the inode 0.
    /// </param>
    private sealed record Row(string Table, IPEndPoint Local, IPEndPoint Remote, string State, uint User, bool IsOwned)
    {
        /// <returns>Null for the heading, and for anything else that is not a row.</returns>
        public static Row? Parse(string line, string table)
        {
            var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            return fields.Length > InodeField && End(fields[LocalField]) is { } local && End(fields[RemoteField]) is { } remote
                && uint.TryParse(fields[UserField], NumberStyles.None, CultureInfo.InvariantCulture, out var user)
                ? new Row(table, local, remote, fields[StateField], user, fields[InodeField] != "0")
                : null;
        }

        /// <summary>
        /// Parses an address, which is written as 32-bit words in the machine's byte order, and a port, which is a
        /// number.
        /// </summary>
        private static IPEndPoint? End(string text)
        {
            const int DigitsPerWord = 8;
            const NumberStyles Hex = NumberStyles.AllowHexSpecifier;
            var colon = text.IndexOf(':', StringComparison.Ordinal);
            if (colon is not (DigitsPerWord or 4 * DigitsPerWord)
                || !ushort.TryParse(text.AsSpan(colon + 1), Hex, CultureInfo.InvariantCulture, out var port))
            {
                return null;
            }

            var bytes = new List<byte>();
            for (var at = 0; at < colon; at += DigitsPerWord)
            {
                if (!uint.TryParse(text.AsSpan(at, DigitsPerWord), Hex, CultureInfo.InvariantCulture, out var word))
                {
                    return null;
                }

                bytes.AddRange(BitConverter.GetBytes(word));
            }

            return Plain(new IPEndPoint(new IPAddress(bytes.ToArray()), port));
        }
    }
}
