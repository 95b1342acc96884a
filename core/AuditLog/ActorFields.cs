using CapOrleans.Contracts.Access;
using CapOrleans.Core.CanonicalJson;

namespace CapOrleans.Core.AuditLog;

/// <summary>How an entry names who asked for it.</summary>
public static class ActorFields
{
    /// <summary>Adds <c>by</c> and <c>byName</c>.</summary>
    public static CanonicalObject AddActor(this CanonicalObject body, Actor actor) => body.Add("by", actor.Id).Add("byName", actor.Name);
}
