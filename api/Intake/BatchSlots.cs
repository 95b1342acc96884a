using CapOrleans.Api.Answers;
using CapOrleans.HttpEdge.Limits;

namespace CapOrleans.Api.Intake;

/// <summary>How many batches are taken in at once: what waits for the rest of its body holds memory.</summary>
internal sealed class BatchSlots(TimeProvider time)
{
    /// <summary>Batches of a mebibyte that may be taken in at once.</summary>
    public const int Bodies = 128, BodiesPerAddress = 32;

    private readonly FairSlots slots = new(Bodies, BodiesPerAddress, time);

    /// <summary>
    /// Held while a batch is taken in, ruled on and answered: one that waits, for its sender or for a turn, may have to give way.
    /// </summary>
    public FairSlots.Slot? Take(HttpContext context) => slots.TryTake(AddressRateLimit.AddressOf(context), context.Abort);

    public static IResult Refuse(HttpContext context)
    {
        context.Response.Headers.RetryAfter = Problems.RetryAfterSeconds;
        return Problems.Of(StatusCodes.Status429TooManyRequests, "too-many-requests", "", $"At most {BodiesPerAddress} batches at once from one address, {Bodies} in all.");
    }
}
