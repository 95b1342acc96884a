using CapOrleans.Core.Archive;

namespace CapOrleans.Cli.Ipfs;

/// <summary>The links of a dag-pb block: in a node (<c>PBNode</c>) field 2 is a link (<c>PBLink</c>), and in that field 1 the CID's bytes.</summary>
internal static class ProtobufLinks
{
    private const ulong LinksOfNode = 2, HashOfLink = 1;

    /// <exception cref="CliFaultException">
    /// The block is not such a node, or links to what cannot be checked.
    /// </exception>
    public static List<Cid> Of(Cid cid, byte[] block)
    {
        try
        {
            return [.. Fields(block, LinksOfNode).Select(link => Cid.TryRead(Fields(link.Span, HashOfLink).FirstOrDefault().Span, out var found)
                ? found
                : throw new CliFaultException(ExitCodes.Misconfigured, $"{cid} links to a CID that is not over sha2-256, or of a codec unknown here."))];
        }
        catch (FormatException)
        {
            throw new CliFaultException(ExitCodes.Refused, $"not valid: {cid} has its hash, but is no dag-pb block.");
        }
    }

    /// <summary>Returns the values of a field; dag-pb has only byte strings (wire type 2) and numbers (0).</summary>
    private static List<ReadOnlyMemory<byte>> Fields(ReadOnlySpan<byte> message, ulong wanted)
    {
        var values = new List<ReadOnlyMemory<byte>>();
        while (message.Length > 0)
        {
            var tag = ReadVarint(ref message);
            var value = ReadVarint(ref message);
            switch (tag & 7)
            {
                case 0:
                    break;
                case 2 when value <= (ulong)message.Length:
                    if (tag >> 3 == wanted)
                    {
                        values.Add(message[..(int)value].ToArray());
                    }

                    message = message[(int)value..];
                    break;
                default:
                    throw new FormatException();
            }
        }

        return values;
    }

    /// <summary>
    /// Reads a varint: seven bits in each byte, the lowest first; the last byte has its top bit clear.
    /// </summary>
    private static ulong ReadVarint(ref ReadOnlySpan<byte> from)
    {
        ulong number = 0;
        for (var i = 0; i < Math.Min(from.Length, 10); i++)
        {
            number |= (ulong)(from[i] & 0x7F) << (7 * i);
            if (from[i] < 0x80)
            {
                from = from[(i + 1)..];
                return number;
            }
        }

        throw new FormatException();
    }
}
