using System.Buffers;

namespace CapOrleans.Api;

/// <summary>Reads a request body that has a limit and a time; a longer one is refused before it is taken in.</summary>
internal static class BoundedBody
{
    /// <summary>For a whole body to arrive. 30 seconds.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static async Task<(byte[]? Body, IResult? Refused)> ReadAsync(HttpContext context, int maxBytes)
    {
        var request = context.Request;
        if (request.ContentLength > maxBytes)
        {
            return (null, TooLarge(maxBytes));
        }

        try
        {
            return await ReadAsync(request, maxBytes);
        }
        catch (BadHttpRequestException fault)
        {
            return (null, Problems.Of(fault.StatusCode, "bad-request", "", fault.Message));
        }
        catch (IOException)
        {
            return (null, Late());
        }
    }

    private static async Task<(byte[]? Body, IResult? Refused)> ReadAsync(HttpRequest request, int maxBytes)
    {
        // A read is ended by the reader itself, never by a token: the server could not go on with the connection. Whoever hangs up ends it, too.
        using var patience = new CancellationTokenSource();
        await using var late = patience.Token.Register(request.BodyReader.CancelPendingRead);
        var isTimed = false;
        while (true)
        {
            var waiting = request.BodyReader.ReadAsync(CancellationToken.None);
            if (!waiting.IsCompleted && !isTimed)
            {
                patience.CancelAfter(Patience);
                isTimed = true;
            }

            var read = await waiting;
            if (read.Buffer.Length > maxBytes || read.IsCanceled)
            {
                request.BodyReader.AdvanceTo(read.Buffer.End);
                return (null, read.IsCanceled ? Late() : TooLarge(maxBytes));
            }

            if (read.IsCompleted)
            {
                var body = read.Buffer.ToArray();
                request.BodyReader.AdvanceTo(read.Buffer.End);
                return (body, null);
            }

            request.BodyReader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    private static Microsoft.AspNetCore.Http.HttpResults.ProblemHttpResult Late() => Problems.Of(
        StatusCodes.Status408RequestTimeout, "body-late", "", $"The body did not arrive whole, or not within {Patience.TotalSeconds:0} seconds.");

    private static Microsoft.AspNetCore.Http.HttpResults.ProblemHttpResult TooLarge(int maxBytes) => Problems.Of(
        StatusCodes.Status413PayloadTooLarge, "too-large", "", $"A request has at most {maxBytes} bytes.");
}
