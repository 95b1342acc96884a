using System.Buffers;

namespace CapOrleans.Api;

/// <summary>Reads a request body that has a limit; a longer one is refused before it is taken in.</summary>
internal static class BoundedBody
{
    public static async Task<(byte[]? Body, IResult? Refused)> ReadAsync(
        HttpContext context, int maxBytes, CancellationToken cancellationToken = default)
    {
        var request = context.Request;
        if (request.ContentLength > maxBytes)
        {
            return (null, TooLarge(maxBytes));
        }

        try
        {
            return await ReadAsync(request, maxBytes, cancellationToken == default ? context.RequestAborted : cancellationToken);
        }
        catch (BadHttpRequestException fault)
        {
            return (null, Problems.Of(fault.StatusCode, "bad-request", "", fault.Message));
        }
        catch (Exception fault) when (fault is IOException or OperationCanceledException)
        {
            return (null, Problems.Of(StatusCodes.Status408RequestTimeout, "body-late", "", "The body did not arrive whole, or not in time."));
        }
    }

    private static async Task<(byte[]? Body, IResult? Refused)> ReadAsync(HttpRequest request, int maxBytes, CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await request.BodyReader.ReadAsync(cancellationToken);
            if (read.Buffer.Length > maxBytes)
            {
                request.BodyReader.AdvanceTo(read.Buffer.End);
                return (null, TooLarge(maxBytes));
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

    private static Microsoft.AspNetCore.Http.HttpResults.ProblemHttpResult TooLarge(int maxBytes) => Problems.Of(
        StatusCodes.Status413PayloadTooLarge, "too-large", "", $"A request has at most {maxBytes} bytes.");
}
