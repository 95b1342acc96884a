using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.CanonicalJson;
using CapOrleans.GrainInterfaces;

namespace CapOrleans.Grains.Integrations;

[GenerateSerializer, Alias("cap.integrations-state.v1")]
internal sealed class IntegrationsState
{
    [Id(0)] public List<Integration> Integrations { get; set; } = [];
}

/// <summary>The list of integrations; it is short, and every API process fetches it every few seconds.</summary>
internal sealed class IntegrationsGrain(
    [PersistentState("integrations")] IPersistentState<IntegrationsState> stored, TimeProvider time) : Grain, IIntegrationsGrain
{
    public Task<IReadOnlyList<Integration>> ListAsync() => Task.FromResult<IReadOnlyList<Integration>>(stored.State.Integrations);

    public async Task<bool> AddAsync(Integration integration, Actor actor)
    {
        var known = stored.State.Integrations;
        if (known.Count >= ClusterLimits.MaxIntegrations || known.Exists(other => other.Id == integration.Id))
        {
            return false;
        }

        await LogAsync(EntryKinds.IntegrationCreated, integration, actor);
        await WriteAsync([.. known, integration]);
        return true;
    }

    public async Task<bool> RemoveAsync(string id, Actor actor)
    {
        if (stored.State.Integrations.Find(one => one.Id == id) is not { } found)
        {
            return false;
        }

        await LogAsync(EntryKinds.IntegrationRemoved, found, actor);
        await WriteAsync([.. stored.State.Integrations.Where(one => one != found)]);
        return true;
    }

    /// <remarks>
    /// Crash after the append: the log names a change that was not made, and the caller got a fault. A retry makes the
    /// change and logs it again.
    /// </remarks>
    private async Task LogAsync(string kind, Integration integration, Actor actor)
    {
        var log = GrainFactory.GetGrain<IAuditLogGrain>(0);
        var outcome = await log.AppendAsync(new Append
        {
            Entries =
            [
                Entry.Write(kind, (await log.HeadAsync()).Origin, time.GetUtcNow(), new CanonicalObject().AddActor(actor)
                    .Add("capId", integration.CapId).Add("integration", integration.Id).Add("name", integration.Name)),
            ],
        });
        if (outcome.Verdict != AppendVerdict.Appended)
        {
            throw new TimeoutException($"The log did not accept the entry ({outcome.Verdict}); nothing was changed. Try again.");
        }
    }

    private Task WriteAsync(List<Integration> next) =>
        stored.ReplaceAsync(new IntegrationsState { Integrations = next }, DeactivateOnIdle);
}
