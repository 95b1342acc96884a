using System.Text;
using CapOrleans.Core.Webhooks;

namespace CapOrleans.Notify;

/// <summary>
/// Reads the beginning of a receiver's answer, which shows why a delivery was refused. At most 256 bytes and 1 second,
/// so that no receiver can delay anything.
/// </summary>
internal static class ResponseExcerpt
{
    private static readonly TimeSpan ReadTimeout = TimeSpan.FromSeconds(1);

    /// <returns>The text without control characters; null when it is empty.</returns>
    public static async Task<string?> ReadAsync(HttpContent content, TimeProvider time, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(ReadTimeout, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        var bytes = new byte[AnswerExcerpt.MaxLength];
        var length = 0;
        try
        {
            await using var stream = await content.ReadAsStreamAsync(linked.Token);
            while (length < bytes.Length && await stream.ReadAsync(bytes.AsMemory(length), linked.Token) is > 0 and var read)
            {
                length += read;
            }
        }
        catch (Exception fault) when (fault is IOException or HttpRequestException or OperationCanceledException)
        {
            // The status is what counts; the text is whatever arrived until then.
        }

        return AnswerExcerpt.Of(Encoding.UTF8.GetString(bytes.AsSpan(0, length)));
    }
}
