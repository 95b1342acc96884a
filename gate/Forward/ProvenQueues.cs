using CapOrleans.Core;

namespace CapOrleans.Gate.Forward;

/// <summary>
/// The last 10,000 queues of wallets' claims (a CapID, its wallet and the address that sent them) of which the cluster accepted a new
/// one. What comes next of such a queue is vouched for: strangers can name any wallet, and cannot sign for it. It calls nobody for that.
/// </summary>
internal sealed class ProvenQueues
{
    private readonly RecentSet<string> queues = new(10_000);

    public bool Contains(string queue) => queues.Contains(queue);

    public void Add(string queue) => queues.Refresh(queue);
}
