using System.Security.Cryptography;
using System.Text;

namespace CapOrleans.Gate.Spool;

/// <summary>CapIDs are divided into lanes; in each, one request is under way at a time, so that a CapID's incidents keep their order.</summary>
internal static class Lanes
{
    public const int Count = 4;

    public static int Of(string queue) => SHA256.HashData(Encoding.UTF8.GetBytes(queue))[0] % Count;
}
