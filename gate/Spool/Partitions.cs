using System.Security.Cryptography;
using System.Text;

namespace CapOrleans.Gate.Spool;

/// <summary>
/// CapIDs are divided into partitions; in each, one request is under way at a time, so that a CapID's incidents keep their order. What
/// contract wallets must be asked about has partitions of its own: a wallet takes its time, and strangers can have it asked. So what is of
/// addresses of which the wallet took one lately stands apart.
/// </summary>
internal static class Partitions
{
    public const int Claims = 4, Proven = 5, Count = 6;

    public static int Of(string queue) => SHA256.HashData(Encoding.UTF8.GetBytes(queue))[0] % Claims;
}
