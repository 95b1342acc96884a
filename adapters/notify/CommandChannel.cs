using System.Diagnostics;
using System.Globalization;
using System.Text;
using CapOrleans.Contracts.Webhooks;
using CapOrleans.Core.Webhooks;

namespace CapOrleans.Notify;

/// <summary>
/// Runs a program of this node for deliveries to <c>command:NAME</c>, without a shell: the body on standard input, a few
/// names in the environment. What senders write never becomes part of a command line.
/// </summary>
/// <param name="programs">Absolute paths by name.</param>
public sealed class CommandChannel(IReadOnlyDictionary<string, string> programs, TimeProvider time) : IDeliveryChannel
{
    private static readonly TimeSpan StreamsLinger = TimeSpan.FromMilliseconds(500);

    public string Scheme => "command";

    public bool MayReach(Uri url) => programs.ContainsKey(NameIn(url));

    public async Task<DeliveryOutcome> SendAsync(Delivery delivery, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        using var process = Process.Start(StartOf(programs[NameIn(delivery.Url)], delivery))!;
        using var reading = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            var answer = ReadStartAsync(process.StandardError.BaseStream, reading.Token);
            var printed = ReadStartAsync(process.StandardOutput.BaseStream, reading.Token);
            await WriteAsync(process, delivery.Body, cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            if (process.ExitCode == 0)
            {
                return new DeliveryOutcome(DeliveryFault.None, null, time.GetElapsedTime(started));
            }

            // What it started may hold the stream open for ever; what it wrote itself is there already.
            await Task.WhenAny(answer, Task.Delay(StreamsLinger, time, cancellationToken));
            await reading.CancelAsync();
            return new DeliveryOutcome(
                DeliveryFault.Status, null, time.GetElapsedTime(started),
                Answer: $"exit {process.ExitCode.ToString(CultureInfo.InvariantCulture)}: {await answer}");
        }
        finally
        {
            await reading.CancelAsync();
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    private static ProcessStartInfo StartOf(string program, Delivery delivery)
    {
        var start = new ProcessStartInfo(program)
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/",
        };
        // Our own environment has secrets.
        start.Environment.Clear();
        start.Environment["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        start.Environment["WEBHOOK_ID"] = delivery.Id;
        start.Environment["TITLE"] = delivery.Title;
        return start;
    }

    /// <summary>A program need not read its input.</summary>
    private static async Task WriteAsync(Process process, byte[] body, CancellationToken cancellationToken)
    {
        try
        {
            await process.StandardInput.BaseStream.WriteAsync(body, cancellationToken);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It closed its end.
        }
    }

    /// <summary>Reads to the end, so that the program never waits for us, or until cancelled; keeps the start.</summary>
    private static async Task<string> ReadStartAsync(Stream stream, CancellationToken cancellationToken)
    {
        var (kept, length, buffer) = (new byte[AnswerExcerpt.MaxLength], 0, new byte[4096]);
        try
        {
            while (await stream.ReadAsync(buffer, cancellationToken) is > 0 and var read)
            {
                var taken = Math.Min(read, kept.Length - length);
                buffer.AsSpan(0, taken).CopyTo(kept.AsSpan(length));
                length += taken;
            }
        }
        catch (Exception fault) when (fault is OperationCanceledException or IOException or ObjectDisposedException)
        {
            // Nobody waits for more.
        }

        return Encoding.UTF8.GetString(kept, 0, length).Trim();
    }

    private static string NameIn(Uri url) => url.GetComponents(UriComponents.Path, UriFormat.Unescaped);
}
