using System.Net;

namespace CapOrleans.HttpEdge.Limits;

/// <summary>
/// Limits how many slow operations are under way. When all slots are taken, the address with the most gives one up for
/// a newcomer with fewer, whatever that slot waits for: a few addresses, however slow, lock no one out.
/// </summary>
/// <param name="most">Slots in all.</param>
/// <param name="mostEach">Slots of one address.</param>
public sealed class FairSlots(int most, int mostEach, TimeProvider time)
{
    /// <summary>
    /// After this, a slot is given up even to a newcomer who would then have as many slots. 5 seconds.
    /// </summary>
    public static readonly TimeSpan OverdueAfter = TimeSpan.FromSeconds(5);

    private readonly Lock gate = new();
    private readonly Dictionary<IPAddress, LinkedList<Slot>> byAddress = [];
    private int taken;

    private long Now => time.GetTimestamp();

    /// <param name="giveWay">Ends the work when the slot is given up.</param>
    /// <returns>Null when no slot is available.</returns>
    public Slot? TryTake(IPAddress address, Action giveWay)
    {
        Slot? evicted = null;
        Slot? slot = null;
        lock (gate)
        {
            var own = byAddress.GetValueOrDefault(address)?.Count ?? 0;
            evicted = own >= mostEach ? Oldest(address, onlyOverdue: true) : taken >= most ? FromLargestAddress(own) : null;
            if (evicted is not null || (own < mostEach && taken < most))
            {
                Remove(evicted);
                slot = new Slot(this, address, giveWay, Now);
                (byAddress.TryGetValue(address, out var list) ? list : byAddress[address] = new LinkedList<Slot>()).AddLast(slot);
                taken++;
            }
        }

        evicted?.GiveWay();
        return slot;
    }

    private Slot? FromLargestAddress(int own) => byAddress.Where(holder => holder.Value.Count > own).OrderByDescending(holder => holder.Value.Count)
        .Select(holder => Oldest(holder.Key, onlyOverdue: holder.Value.Count == own + 1)).FirstOrDefault(slot => slot is not null);

    private Slot? Oldest(IPAddress address, bool onlyOverdue) =>
        byAddress[address].FirstOrDefault(slot => !onlyOverdue || time.GetElapsedTime(slot.TakenAt) > OverdueAfter);

    private void Remove(Slot? slot)
    {
        if (slot is null || !byAddress.TryGetValue(slot.Address, out var own) || !own.Remove(slot))
        {
            return; // it was given up before
        }

        taken--;
        if (own.Count == 0)
        {
            byAddress.Remove(slot.Address);
        }
    }

    /// <summary>To be disposed when the work is done.</summary>
    public sealed class Slot : IDisposable
    {
        private readonly FairSlots slots;
        private readonly Action giveWay;

        internal Slot(FairSlots slots, IPAddress address, Action giveWay, long takenAt) =>
            (this.slots, Address, this.giveWay, TakenAt) = (slots, address, giveWay, takenAt);

        internal IPAddress Address { get; }

        internal long TakenAt { get; }

        /// <summary>False once it was given up or disposed.</summary>
        public bool IsHeld
        {
            get
            {
                lock (slots.gate)
                {
                    return slots.byAddress.TryGetValue(Address, out var own) && own.Contains(this);
                }
            }
        }

        public void Dispose()
        {
            lock (slots.gate)
            {
                slots.Remove(this);
            }
        }

        internal void GiveWay() => giveWay();
    }
}
