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

/// <param name="Refused">Why it is not taken; null when it is.</param>
/// <param name="Queue">What keeps its order, see <see cref="Spool.Arrival"/>.</param>
/// <param name="IsVouched">
/// A list of keys, the last one however old, says that its signer may report; or it is of a queue that is proven.
/// </param>
/// <param name="MayPage">It may call people.</param>
internal sealed record Standing(Ruling? Refused, string Queue, bool IsVouched, bool MayPage)
{
    /// <summary>Whom the signature proves, in EIP-55 spelling; null for an unsigned report, and while a wallet is to be asked.</summary>
    public string? Signer { get; init; }

    /// <summary>A contract wallet must be asked, so that nobody is proven yet; see <see cref="WalletClaim"/>.</summary>
    public bool IsClaim { get; init; }

    /// <param name="line">The report's request, on one line.</param>
    /// <param name="chainId">That a full-v2 signature is for.</param>
    public Arrival ToArrival(IncidentReport report, byte[] line, long chainId)
    {
        var arrival = new Arrival(Queue, report.CapId, report.IncidentId, line, IsVouched)
        {
            IsCritical = report.SeverityClaimed == Severity.Critical,
            TakesAnySeverity = report.TakesAnySeverity && !Severity.IsOnLadder(report.SeverityClaimed),
        };
        if (IsClaim)
        {
            return arrival with { IsClaim = true, Content = SHA256.HashData([.. Encoding.UTF8.GetBytes($"{Queue}\n"), .. line]) };
        }

        return Signer is not { } signer ? arrival : arrival with
        {
            Content = SHA256.HashData([.. Admission.SignedHash(report, chainId), .. Encoding.UTF8.GetBytes(signer)]),
            StatementHash = Admission.ContentHash(report, report.Scheme, chainId),
        };
    }
}

/// <summary>What can be decided about an incident at the gate: form and signature, and with a list of keys also authority.</summary>
internal sealed class ArrivalJudge(KeyLists keys, ProvenQueues proven, GateOptions options, TimeProvider time)
{
    private static readonly Ruling Busy =
        Ruling.Refuse(Verdict.Busy, "busy", "", "The cluster did not say in time who may speak for the CapID; send the same again.");

    /// <param name="address">Of the host, as <see cref="Core.Access.ClientAddress"/> gives it.</param>
    public async Task<Standing> JudgeAsync(IncidentReport report, IPAddress address)
    {
        var (proof, refused) = Admission.Prove(report, options.Policy);
        var claim = proof is null ? WalletClaim.Of(report) : null;
        if (proof is null && claim is null)
        {
            return new Standing(refused, "", IsVouched: false, MayPage: false);
        }

        // What is proven keeps its CapID's order. A wallet's claim is nobody's until the wallet was asked, and anyone can make one: it
        // waits behind those of its own address, and behind no stranger's.
        var queue = claim is null ? report.CapId : $"{report.CapId} {claim.Wallet} {address}";
        var lookup = await keys.FindAsync(report.CapId, address, KeyLists.ForYes);
        if (lookup.List is { } list && time.GetElapsedTime(list.At) > KeyLists.ForNo && Judge(list) is not null)
        {
            lookup = await keys.FindAsync(report.CapId, address, KeyLists.ForNo); // the key may have been added since
        }

        if (lookup.List is { } fresh && Judge(fresh) is { } no)
        {
            return new Standing(no, queue, IsVouched: false, MayPage: false);
        }

        // Without a list that is new enough, the last one may say yes. It says no to nobody: who cannot be asked has not refused.
        var last = lookup.List ?? keys.Last(report.CapId);
        var says = last is not null && Judge(last) is null;
        if (!says && lookup.Verdict == LookupVerdict.Busy)
        {
            return new Standing(Busy, queue, IsVouched: false, MayPage: false);
        }

        // Nobody vouches for who did not sign, nor for a wallet that was not asked yet.
        var isSigned = proof is { Signer: not null };
        var isVouched = says && isSigned;
        var mayPage = isVouched || (options.Escalation.UnknownKeys && isSigned && last is null);
        var isProven = claim is not null && proven.Contains(queue);
        return new Standing(null, queue, isVouched || isProven, mayPage) { Signer = proof?.Signer, IsClaim = claim is not null };

        Ruling? Judge(KeyList list) => proof is not null
            ? Admission.Judge(list.Context, report, proof, time.GetUtcNow())
            : list.Context?.Keys.Any(key => key.IsContract && key.Address == $"{claim!.Wallet}") == true ? null : refused;
    }
}
