using System.Net;
using CapOrleans.HttpEdge.Limits;

namespace CapOrleans.Api.Intake;

/// <summary>Who sent incidents.</summary>
/// <param name="Address">As limits count it.</param>
/// <param name="Asker">As turns at contract wallets count it.</param>
internal sealed record Caller(IPAddress Address, string Asker)
{
    /// <summary>
    /// <c>proven</c> in a request makes its caller another one for wallets, with questions of its own: so what a gate passes on of hosts whose
    /// wallet took a claim lately does not wait behind what strangers send through it. Of what it is not, it gives nobody more.
    /// </summary>
    private const string ClaimsHeader = "X-Cap-Claims", Proven = "proven";

    public static Caller Of(HttpContext context)
    {
        var address = AddressRateLimit.AddressOf(context);
        return new Caller(address, context.Request.Headers[ClaimsHeader] == Proven ? $"{address} {Proven}" : $"{address}");
    }
}
