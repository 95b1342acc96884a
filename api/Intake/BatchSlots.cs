using CapOrleans.Api.Answers;
using CapOrleans.HttpEdge.Limits;

namespace CapOrleans.Api.Intake;

/// <summary>Limits concurrent batches: one that waits for the rest of its body occupies memory.</summary>
internal sealed class BatchSlots(TimeProvider time)
{
    /// <summary>Maximum concurrent batches of up to 1 MiB, in all and per address.</summary>
    public const int Bodies = 128, BodiesPerAddress = 32;

    private readonly FairSlots slots = new(Bodies, BodiesPerAddress, time);

    /// <summary>
    /// Takes a slot, to be kept until the batch is read, decided and answered. A batch that waits, for its client or
    /// for a turn, may lose its slot to another one.
    /// </summary>
    /// <returns>Null when there is no slot.</returns>
    public FairSlots.Slot? Take(HttpContext context) => slots.TryTake(AddressRateLimit.AddressOf(context), context.Abort);

    public static IResult Refuse(HttpContext context)
    {
        context.Response.Headers.RetryAfter = Problems.RetryAfterSeconds;
        return Problems.Of(StatusCodes.Status429TooManyRequests, "too-many-requests", "", $"At most {BodiesPerAddress} batches at once from one address, {Bodies} in all.");
    }
}
