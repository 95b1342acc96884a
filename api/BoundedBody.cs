using System.Buffers;
using CapOrleans.Core.Incidents;

namespace CapOrleans.Api;

/// <summary>Reads a request body of at most 64 KiB; a longer one is refused before it is taken in.</summary>
internal static class BoundedBody
{
    public static async Task<(byte[]? Body, IResult? Refused)> ReadAsync(HttpContext context)
    {
        var request = context.Request;
        if (request.ContentLength > IncidentReader.MaxRequestBytes)
        {
            return (null, TooLarge());
        }

        try
        {
            return await ReadAsync(request, context.RequestAborted);
        }
        catch (BadHttpRequestException fault)
        {
            return (null, Problems.Of(fault.StatusCode, "bad-request", "", fault.Message));
        }
    }

    private static async Task<(byte[]? Body, IResult? Refused)> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await request.BodyReader.ReadAsync(cancellationToken);
            if (read.Buffer.Length > IncidentReader.MaxRequestBytes)
            {
                request.BodyReader.AdvanceTo(read.Buffer.End);
                return (null, TooLarge());
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

    private static Microsoft.AspNetCore.Http.HttpResults.ProblemHttpResult TooLarge() => Problems.Of(
        StatusCodes.Status413PayloadTooLarge, "too-large", "", $"A request has at most {IncidentReader.MaxRequestBytes} bytes.");
}
