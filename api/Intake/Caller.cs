using System.Net;
using CapOrleans.HttpEdge.Limits;

namespace CapOrleans.Api.Intake;

/// <summary>The caller that sent incidents.</summary>
/// <param name="Address">Address that rate limits count.</param>
/// <param name="WalletQuotaKey">Identity that limits of queries to contract wallets count.</param>
internal sealed record Caller(IPAddress Address, string WalletQuotaKey)
{
    /// <summary>
    /// A request with <c>proven</c> counts as a different caller for contract wallets, with queries of its own. A gate
    /// sends it for hosts from which a wallet recently accepted a claim, so that these do not queue behind what
    /// strangers send through the gate. Sent by anyone else, it gives no more than a second address would.
    /// </summary>
    private const string ClaimsHeader = "X-Cap-Claims", Proven = "proven";

    public static Caller Of(HttpContext context)
    {
        var address = AddressRateLimit.AddressOf(context);
        return new Caller(address, context.Request.Headers[ClaimsHeader] == Proven ? $"{address} {Proven}" : $"{address}");
    }
}
