using System.Buffers;
using System.IO.Pipelines;
using CapOrleans.HttpEdge.Answers;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.DependencyInjection;

namespace CapOrleans.HttpEdge.Bodies;

/// <summary>
/// Reads a request body within a size limit and a timeout; a larger one is refused before it is read whole.
/// </summary>
public static class BoundedBody
{
    /// <summary>Time for the whole body to arrive. 30 seconds.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    /// <returns>
    /// The body, or the problem to answer with. When the task completes, nothing reads the request any more, whatever
    /// the outcome.
    /// </returns>
    public static async Task<(byte[]? Body, ProblemHttpResult? Refused)> ReadAsync(HttpContext context, int maxBytes)
    {
        if (context.Request.Headers.ContentEncoding is { Count: > 0 } encoding && encoding.ToString() is not ("" or "identity"))
        {
            context.Response.Headers.AcceptEncoding = "identity";
            return (null, HttpProblem.Of(StatusCodes.Status415UnsupportedMediaType, "content-encoding", "Content-Encoding",
                "Send the body uncompressed, without Content-Encoding."));
        }

        if (context.Request.ContentLength > maxBytes)
        {
            return (null, TooLarge(maxBytes));
        }

        try
        {
            return await ReadAsync(context.Request, maxBytes);
        }
        catch (BadHttpRequestException fault)
        {
            return (null, HttpProblem.Of(fault.StatusCode, "bad-request", "", fault.Message));
        }
        catch (Exception fault) when (fault is IOException or OperationCanceledException)
        {
            return (null, Late()); // the client has gone
        }
    }

    private static async Task<(byte[]? Body, ProblemHttpResult? Refused)> ReadAsync(HttpRequest request, int maxBytes)
    {
        // A caller that hangs up midway must leave no read under way: the server would trip over it and log a stack
        // trace. So the reader itself ends a read, never a token, and all that was read is consumed immediately: the
        // server cannot cancel a read that follows one of which a part was left. Test:
        // A_body_that_is_broken_off_logs_nothing.
        using var timeout = new CancellationTokenSource(Timeout, request.HttpContext.RequestServices.GetRequiredService<TimeProvider>());
        await using var late = timeout.Token.Register(() => EndRead(request.BodyReader));
        var taken = new ArrayBufferWriter<byte>();
        while (true)
        {
            var read = await request.BodyReader.ReadAsync(CancellationToken.None);
            var isTooLarge = taken.WrittenCount + read.Buffer.Length > maxBytes;
            if (!isTooLarge)
            {
                foreach (var part in read.Buffer)
                {
                    taken.Write(part.Span);
                }
            }

            request.BodyReader.AdvanceTo(read.Buffer.End);
            if (isTooLarge || read.IsCanceled)
            {
                return (null, isTooLarge ? TooLarge(maxBytes) : Late());
            }

            if (read.IsCompleted)
            {
                return (taken.WrittenSpan.ToArray(), null);
            }
        }
    }

    /// <summary>
    /// Runs on a timer's thread, where an exception would end the process: the reader of an aborted connection throws,
    /// and its read has already ended.
    /// </summary>
    private static void EndRead(PipeReader reader)
    {
        try
        {
            reader.CancelPendingRead();
        }
        catch (Exception)
        {
            // The caller of the read gets the fault from the reader.
        }
    }

    private static ProblemHttpResult Late() => HttpProblem.Of(
        StatusCodes.Status408RequestTimeout, "body-late", "", "The body was incomplete, or did not arrive within " +
            $"{Timeout.TotalSeconds:0} seconds.");

    private static ProblemHttpResult TooLarge(int maxBytes) => HttpProblem.Of(
        StatusCodes.Status413PayloadTooLarge, "too-large", "", $"A request body may have at most {maxBytes} bytes.");
}
