using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.Caps;
using CapOrleans.Contracts.Incidents;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Caps;
using CapOrleans.GrainInterfaces;
using CapOrleans.Grains.AuditLog;

namespace CapOrleans.Grains.Incidents;

/// <summary>
/// Updates of the incident after its acceptance: the signature is checked here, the authority at the CapID.
/// </summary>
internal sealed partial class IncidentGrain
{
    public Task<UpdateRuling> UpdateAsync(UpdateRequest request, Actor actor) => AnswerAsync(() => RuleAsync(request, actor));

    private async Task<UpdateRuling> RuleAsync(UpdateRequest request, Actor actor)
    {
        if (IncidentUpdates.Fault(request) is { } fault)
        {
            return new UpdateRuling(CapVerdict.Malformed, null, fault);
        }

        var (capId, incidentId) = Key();
        if (await log.FindIncidentAsync(capId, incidentId, CancellationToken.None) is not { } entry)
        {
            return new UpdateRuling(CapVerdict.Unknown, null, CapRefusals.IncidentUnknown);
        }

        var accepted = AcceptedIncident.Read(entry.Bytes);
        var (by, name, signedAt) = (actor.Id, actor.Name, (DateTimeOffset?)null);
        if (request.Signature is not null)
        {
            (request, var signer, var at, var refusal) =
                IncidentUpdates.Prove(request, IncidentViews.OriginOf(entry), capId, incidentId, time.GetUtcNow());
            if (refusal is not null)
            {
                return new UpdateRuling(CapVerdict.Malformed, null, refusal);
            }

            (by, name, signedAt) = (signer!, null, at);
        }

        var ruling = await GrainFactory.Cap(capId).UpdateAsync(new ProvenUpdate(
            request, incidentId, entry.Index, accepted.Severity, accepted.PagingFloor, accepted.Signer, by, name, signedAt));
        if (ruling is { Verdict: CapVerdict.Unauthorised, Refusal: { } unauthorised } && request.Timestamp is { } timestamp)
        {
            // A signature over another text recovers another signer, so show the text to sign.
            var text = IncidentUpdates.Text(IncidentViews.OriginOf(entry), capId, incidentId, request.Action, timestamp, request.Note);
            return new UpdateRuling(ruling.Verdict, null, unauthorised with { Rule = $"{unauthorised.Rule} A " +
                $"signature over any other text recovers another address; the text to sign is: {text}" });
        }

        return new UpdateRuling(ruling.Verdict, ruling.Refusal is null ? (await views.OfAsync([entry], CancellationToken.None))[0] : null, ruling.Refusal);
    }
}
