using CapOrleans.Contracts.Access;
using CapOrleans.Core.CanonicalJson;

namespace CapOrleans.Core.AuditLog;

/// <summary>The members of an entry that name the actor of a change.</summary>
public static class ActorFields
{
    /// <summary>Adds <c>by</c> and <c>byName</c>.</summary>
    public static CanonicalObject AddActor(this CanonicalObject body, Actor actor) => body.Add("by", actor.Id).Add("byName", actor.Name);
}
