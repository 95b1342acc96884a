using System.Numerics;
using System.Runtime.CompilerServices;
using SharpFuzz.Common;

namespace CapOrleans.Fuzz.Engine;

/// <summary>
/// Which edges of the instrumented code an input ran through, and roughly how often, in AFL's hit-count buckets.
/// Without instrumentation no edge is ever new, and inputs are derived from the seeds alone.
/// </summary>
internal sealed unsafe class Coverage
{
    private const int Edges = 1 << 16;

    private readonly byte[] counts = GC.AllocateArray<byte>(Edges, pinned: true);
    private readonly byte[] seen = new byte[Edges];

    /// <summary>Lets the instrumented code count here from now on.</summary>
    public void Use() => Trace.SharedMem = (byte*)Unsafe.AsPointer(ref counts[0]);

    /// <summary>Number of edges that any input ran through.</summary>
    public int Reached => seen.Count(classes => classes != 0);

    public void Clear()
    {
        Array.Clear(counts);
        Trace.PrevLocation = 0;
    }

    /// <returns>Whether the input since <see cref="Clear"/> hit an edge, or hit it as often, as no earlier one
    /// did.</returns>
    public bool IsNew()
    {
        var isNew = false;
        for (var at = 0; at < Edges; at += Vector<byte>.Count)
        {
            if (Vector.EqualsAll(new Vector<byte>(counts, at), Vector<byte>.Zero))
            {
                continue;
            }

            for (var edge = at; edge < at + Vector<byte>.Count; edge++)
            {
                var times = ClassOf(counts[edge]);
                isNew |= (times & ~seen[edge]) != 0;
                seen[edge] |= times;
            }
        }

        return isNew;
    }

    /// <returns>One bit each for 1, 2, 3, 4 to 7, 8 to 15, 16 to 31, 32 to 127, and more; 0 for 0.</returns>
    private static byte ClassOf(byte count) => count switch
    {
        0 => 0,
        <= 3 => (byte)(1 << (count - 1)),
        <= 7 => 8,
        <= 15 => 16,
        <= 31 => 32,
        <= 127 => 64,
        _ => 128,
    };
}
