using System.Security.Cryptography;
using System.Text;

namespace CapOrleans.Gate.Spool;

/// <summary>
/// Divides CapIDs into partitions. Each has one request under way at a time, so that a CapID's incidents keep their
/// order. Wallet claims have partitions of their own, since wallets are slow and strangers can have them asked; for the
/// same reason, claims from addresses from which the wallet recently accepted one (<see cref="Proven"/>) are kept apart
/// from all others.
/// </summary>
internal static class Partitions
{
    public const int Claims = 4, Proven = 5, Count = 6;

    public static int Of(string queue) => SHA256.HashData(Encoding.UTF8.GetBytes(queue))[0] % Claims;
}
