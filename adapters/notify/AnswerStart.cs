using System.Text;

namespace CapOrleans.Notify;

/// <summary>How an answer begins, for whoever asks why a delivery was refused; whatever a receiver sends, it delays nothing.</summary>
internal static class AnswerStart
{
    private const int MaxBytes = 256;

    private static readonly TimeSpan ReadTimeout = TimeSpan.FromSeconds(1);

    /// <returns>Without control characters; null for nothing.</returns>
    public static async Task<string?> ReadAsync(HttpContent content, TimeProvider time, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(ReadTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        var bytes = new byte[MaxBytes];
        var length = 0;
        try
        {
            await using var stream = await content.ReadAsStreamAsync(either.Token);
            while (length < bytes.Length && await stream.ReadAsync(bytes.AsMemory(length), either.Token) is > 0 and var read)
            {
                length += read;
            }
        }
        catch (Exception fault) when (fault is IOException or HttpRequestException or OperationCanceledException)
        {
            // The status has said it all; this is what came of the rest.
        }

        var text = string.Concat(Encoding.UTF8.GetString(bytes.AsSpan(0, length)).Where(c => !char.IsControl(c))).Trim();
        return text.Length == 0 ? null : text;
    }
}
