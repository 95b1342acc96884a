using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace CapOrleans.Core.AuditLog;

/// <summary>
/// Which log a CapID's entries stand in. The number of logs is fixed when the database is made: with another one, a CapID
/// would go on in a log that knows nothing of it.
/// </summary>
/// <param name="Count">1 to 64.</param>
public sealed record LogMap(int Count)
{
    public const int MaxCount = 64;

    /// <summary>The first four bytes of the CapID's SHA-256, big-endian, modulo the number of logs.</summary>
    public int Of(string capId) =>
        Count == 1 ? 0 : (int)(BinaryPrimitives.ReadUInt32BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(capId))) % (uint)Count);
}
