using System.Net;

namespace CapOrleans.Gate.Keys;

internal enum PlaceVerdict
{
    Undecided = 0,
    Taken = 1,

    /// <summary>Others have every place.</summary>
    Full = 2,

    /// <summary>The address has as many as it may.</summary>
    TooManyOfAddress = 3,
}

/// <summary>How many look-ups may be under way at once, and how many of them for one address.</summary>
internal sealed class LookupPlaces(int most, int mostPerAddress)
{
    private readonly Lock gate = new();
    private readonly Dictionary<IPAddress, int> taken = [];
    private int count;

    /// <param name="address">As <see cref="Core.Access.ClientAddress"/> gives it.</param>
    /// <returns>When a place was taken, whoever has it gives it back.</returns>
    public PlaceVerdict TryTake(IPAddress address)
    {
        lock (gate)
        {
            var own = taken.GetValueOrDefault(address);
            if (own >= mostPerAddress)
            {
                return PlaceVerdict.TooManyOfAddress;
            }

            if (count >= most)
            {
                return PlaceVerdict.Full;
            }

            taken[address] = own + 1;
            count++;
            return PlaceVerdict.Taken;
        }
    }

    public void Return(IPAddress address)
    {
        lock (gate)
        {
            count--;
            if (--taken[address] == 0)
            {
                taken.Remove(address);
            }
        }
    }
}
