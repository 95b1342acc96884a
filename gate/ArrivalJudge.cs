using System.Net;
using System.Security.Cryptography;
using System.Text;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Signatures;
using CapOrleans.Gate.Forward;
using CapOrleans.Gate.Keys;
using CapOrleans.Gate.Settings;
using CapOrleans.Gate.Spool;

namespace CapOrleans.Gate;

/// <param name="Refused">Why the incident is refused; null when it is taken.</param>
/// <param name="Queue">The queue within which order is kept, see <see cref="Spool.Arrival"/>.</param>
/// <param name="IsVouched">
/// Whether a list of keys, however old, authorises the signer, or the queue is proven, see <see cref="ProvenQueues"/>.
/// </param>
/// <param name="MayPage">Whether the incident may run the escalation command and post to the escalation URL.</param>
internal sealed record ArrivalRuling(Ruling? Refused, string Queue, bool IsVouched, bool MayPage)
{
    /// <summary>
    /// The address that the signature proves, in EIP-55 spelling; null for an unsigned report, and while a contract
    /// wallet is still to be asked.
    /// </summary>
    public string? Signer { get; init; }

    /// <summary>
    /// Whether a contract wallet must be asked first, so that no signer is proven yet; see <see cref="WalletClaim"/>.
    /// </summary>
    public bool IsWalletClaim { get; init; }

    /// <param name="line">The request body on one line.</param>
    /// <param name="chainId">The chain that a full-v2 signature must name.</param>
    public Arrival ToArrival(IncidentReport report, byte[] line, long chainId)
    {
        var arrival = new Arrival(Queue, report.CapId, report.IncidentId, line, IsVouched)
        {
            IsCritical = report.SeverityClaimed == Severity.Critical,
            TakesAnySeverity = report.TakesAnySeverity && !Severity.IsOnLadder(report.SeverityClaimed),
        };
        if (IsWalletClaim)
        {
            return arrival with { IsWalletClaim = true, Content = SHA256.HashData([.. Encoding.UTF8.GetBytes($"{Queue}\n"), .. line]) };
        }

        return Signer is not { } signer ? arrival : arrival with
        {
            Content = SHA256.HashData([.. Admission.SignedHash(report, chainId), .. Encoding.UTF8.GetBytes(signer)]),
            StatementHash = Admission.ContentHash(report, report.Scheme, chainId),
        };
    }
}

/// <summary>
/// Decides what can be decided at the gate: an incident's form and signature and, with a list of keys, the signer's
/// authority.
/// </summary>
internal sealed class ArrivalJudge(KeyLists keys, ProvenQueues proven, GateOptions options, TimeProvider time)
{
    private static readonly Ruling Busy =
        Ruling.Refuse(Verdict.Busy, "busy", "", "The cluster did not answer in time which keys may report for the " +
            "CapID; retry the request.");

    /// <param name="address">The host's, as <see cref="Core.Access.ClientAddress"/> normalises it.</param>
    public async Task<ArrivalRuling> JudgeAsync(IncidentReport report, IPAddress address)
    {
        var (proof, refused) = Admission.Prove(report, options.Policy);
        var claim = proof is null ? WalletClaim.Of(report) : null;
        if (proof is null && claim is null)
        {
            return new ArrivalRuling(refused, "", IsVouched: false, MayPage: false);
        }

        // A proven report keeps its CapID's order. A wallet claim proves nothing until the wallet was asked, and anyone
        // can make one: it waits behind claims from its own address only, never behind a stranger's.
        var queue = claim is null ? report.CapId : $"{report.CapId} {claim.Wallet} {address}";
        var lookup = await keys.FindAsync(report.CapId, address, KeyLists.MaxAgeToAllow);
        if (lookup.List is { } list && time.GetElapsedTime(list.At) > KeyLists.MaxAgeToRefuse && Judge(list) is not null)
        {
            lookup = await keys.FindAsync(report.CapId, address, KeyLists.MaxAgeToRefuse); // the key may have been added since
        }

        if (lookup.List is { } fresh && Judge(fresh) is { } no)
        {
            return new ArrivalRuling(no, queue, IsVouched: false, MayPage: false);
        }

        // Without a list that is fresh enough, the last one can still grant authority. It never denies it: a cluster
        // that cannot be reached has refused no one.
        var last = lookup.List ?? keys.FindCached(report.CapId);
        var lastListAllows = last is not null && Judge(last) is null;
        if (!lastListAllows && lookup.Verdict == LookupVerdict.Busy)
        {
            return new ArrivalRuling(Busy, queue, IsVouched: false, MayPage: false);
        }

        // No list of keys vouches for an unsigned report, nor for a wallet that was not asked yet.
        var isSigned = proof is { Signer: not null };
        var isVouched = lastListAllows && isSigned;
        var mayPage = isVouched || (options.Escalation.UnknownKeys && isSigned && last is null);
        var isProven = claim is not null && proven.Contains(queue);
        return new ArrivalRuling(null, queue, isVouched || isProven, mayPage) { Signer = proof?.Signer, IsWalletClaim = claim is not null };

        Ruling? Judge(KeyList list) => proof is not null
            ? Admission.Judge(list.Context, report, proof, time.GetUtcNow())
            : list.Context?.Keys.Any(key => key.IsContract && key.Address == $"{claim!.Wallet}") == true ? null : refused;
    }
}
