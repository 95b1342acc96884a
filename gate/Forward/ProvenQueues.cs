using CapOrleans.Core;

namespace CapOrleans.Gate.Forward;

/// <summary>
/// The last 10,000 queues of wallet claims (a CapID, its wallet and the sending address) from which the cluster
/// accepted a new incident. Further claims in such a queue are vouched for: strangers can name any wallet, but cannot
/// sign for it. This alone does not let a claim page.
/// </summary>
internal sealed class ProvenQueues
{
    private readonly RecentSet<string> queues = new(10_000);

    public bool Contains(string queue) => queues.Contains(queue);

    public void Add(string queue) => queues.Refresh(queue);
}
