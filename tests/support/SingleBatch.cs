using CapOrleans.Contracts.Anchors;
using CapOrleans.Core.Anchors;

namespace CapOrleans.Tests.Support;

public static class SingleBatch
{
    public static async Task<AnchorConfirmation> AnchorAsync(this IAnchorContract contract, AnchorBatch batch, ISentTransactions sent, CancellationToken cancellationToken) =>
        (await contract.AnchorAsync([batch], sent, cancellationToken))[0];
}
