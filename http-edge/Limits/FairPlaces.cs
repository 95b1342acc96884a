using System.Net;

namespace CapOrleans.HttpEdge.Limits;

/// <summary>
/// How much of something slow is under way at once. When all places are taken, whoever holds the most gives one up for a newcomer who holds
/// less, whatever it is waiting for: so that few addresses, however slow they are, keep nobody out.
/// </summary>
/// <param name="most">Places in all.</param>
/// <param name="mostEach">Places of one address.</param>
public sealed class FairPlaces(int most, int mostEach, TimeProvider time)
{
    /// <summary>After this, a place is given up also for one who would hold as many. 5 seconds.</summary>
    public static readonly TimeSpan OverdueAfter = TimeSpan.FromSeconds(5);

    private readonly Lock gate = new();
    private readonly Dictionary<IPAddress, LinkedList<Place>> held = [];
    private int taken;

    private long Now => time.GetTimestamp();

    /// <param name="giveWay">Ends the work of who loses the place.</param>
    /// <returns>Null when there is no place.</returns>
    public Place? TryTake(IPAddress address, Action giveWay)
    {
        Place? evicted = null;
        Place? place = null;
        lock (gate)
        {
            var own = held.GetValueOrDefault(address)?.Count ?? 0;
            evicted = own >= mostEach ? Oldest(address, onlyOverdue: true) : taken >= most ? OfLarger(own) : null;
            if (evicted is not null || (own < mostEach && taken < most))
            {
                Remove(evicted);
                place = new Place(this, address, giveWay, Now);
                (held.TryGetValue(address, out var list) ? list : held[address] = new LinkedList<Place>()).AddLast(place);
                taken++;
            }
        }

        evicted?.GiveWay();
        return place;
    }

    private Place? OfLarger(int own) => held.Where(holder => holder.Value.Count > own).OrderByDescending(holder => holder.Value.Count)
        .Select(holder => Oldest(holder.Key, onlyOverdue: holder.Value.Count == own + 1)).FirstOrDefault(place => place is not null);

    private Place? Oldest(IPAddress address, bool onlyOverdue) =>
        held[address].FirstOrDefault(place => !onlyOverdue || time.GetElapsedTime(place.TakenAt) > OverdueAfter);

    private void Remove(Place? place)
    {
        if (place is null || !held.TryGetValue(place.Address, out var own) || !own.Remove(place))
        {
            return; // it gave way before
        }

        taken--;
        if (own.Count == 0)
        {
            held.Remove(place.Address);
        }
    }

    /// <summary>To be disposed of when what it is for is done.</summary>
    public sealed class Place : IDisposable
    {
        private readonly FairPlaces places;
        private readonly Action giveWay;

        internal Place(FairPlaces places, IPAddress address, Action giveWay, long takenAt) =>
            (this.places, Address, this.giveWay, TakenAt) = (places, address, giveWay, takenAt);

        internal IPAddress Address { get; }

        internal long TakenAt { get; }

        /// <summary>False when it was given up.</summary>
        public bool IsHeld
        {
            get
            {
                lock (places.gate)
                {
                    return places.held.TryGetValue(Address, out var own) && own.Contains(this);
                }
            }
        }

        public void Dispose()
        {
            lock (places.gate)
            {
                places.Remove(this);
            }
        }

        internal void GiveWay() => giveWay();
    }
}
