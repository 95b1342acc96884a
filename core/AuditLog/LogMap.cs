using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace CapOrleans.Core.AuditLog;

/// <summary>
/// Maps a CapID to the log that has its entries. The number of logs is fixed when the database is created: with another
/// one, a CapID could continue in a log that does not have its history.
/// </summary>
/// <param name="Count">1 to 64.</param>
public sealed record LogMap(int Count)
{
    public const int MaxCount = 64;

    /// <summary>Returns the first four bytes of the CapID's SHA-256, big-endian, modulo the number of logs.</summary>
    public int Of(string capId) =>
        Count == 1 ? 0 : (int)(BinaryPrimitives.ReadUInt32BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(capId))) % (uint)Count);
}
