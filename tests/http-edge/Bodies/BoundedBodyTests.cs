using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Text;
using CapOrleans.HttpEdge.Bodies;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace CapOrleans.Tests.HttpEdge.Bodies;

/// <summary>Bodies that are too long, late or never complete, on a real server.</summary>
public sealed class BoundedBodyTests : IAsyncLifetime
{
    private const int MaxBytes = 1000;

    private readonly FakeTimeProvider time = new();
    private readonly LogLines lines = new();
    private readonly SemaphoreSlim read = new(0);
    private WebApplication app = null!;
    private int port;

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().AddProvider(lines).SetMinimumLevel(LogLevel.Warning);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Services.AddSingleton<TimeProvider>(time);
        app = builder.Build();
        app.MapPost("/", async (HttpContext context) =>
        {
            var reading = BoundedBody.ReadAsync(context, MaxBytes);
            read.Release();
            var (body, refused) = await reading;
            await (refused ?? (IResult)TypedResults.Text($"{body!.Length}")).ExecuteAsync(context);
            read.Release();
        });
        await app.StartAsync();
        port = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()).Port;
    }

    public async Task DisposeAsync() => await app.DisposeAsync();

    [Theory]
    [InlineData("Content-Length: 500", "{\"task_id\"", true)]
    [InlineData("Content-Length: 500", "{\"task_id\"", false)]
    [InlineData("Content-Length: 500", "", true)]
    [InlineData("Transfer-Encoding: chunked", "4\r\n{\"ta\r\n", true)]
    [InlineData("Transfer-Encoding: chunked", "4\r\n{\"ta\r\n", false)]
    [InlineData("Transfer-Encoding: chunked", "40\r\n{\"ta", true)]
    public async Task A_body_that_is_broken_off_logs_nothing(string header, string part, bool isReset)
    {
        for (var i = 0; i < 20; i++)
        {
            using (var socket = await SendAsync(header, part))
            {
                await read.WaitAsync();
                socket.LingerState = new LingerOption(isReset, 0);
            }

            await read.WaitAsync();
        }

        await app.StopAsync(); // by then every connection has ended and sent its answers
        Assert.True(lines.Written.IsEmpty, lines.Written.FirstOrDefault());
    }

    [Fact]
    public async Task A_body_that_is_late_is_refused_with_408_and_leaves_no_line_in_the_log()
    {
        using var client = await SendAsync("Content-Length: 500", "{");
        await read.WaitAsync();
        time.Advance(BoundedBody.Timeout);
        await read.WaitAsync();
        await client.GetStream().WriteAsync(new byte[499]);
        Assert.Contains("body-late", await AnswerAsync(client, "HTTP/1.1 408"), StringComparison.Ordinal);
        await app.StopAsync();
        Assert.True(lines.Written.IsEmpty, lines.Written.FirstOrDefault());
    }

    /// <summary>The abort throws on the timer's thread, where nothing catches it.</summary>
    [Fact]
    public async Task A_connection_that_is_aborted_as_its_time_ends_does_not_end_the_process()
    {
        var (context, reader) = (new DefaultHttpContext { RequestServices = app.Services }, new AbortedReader());
        context.Features.Set<IRequestBodyPipeFeature>(reader);
        var reading = BoundedBody.ReadAsync(context, MaxBytes);
        time.Advance(BoundedBody.Timeout);
        reader.End();
        Assert.Equal(StatusCodes.Status408RequestTimeout, (await reading).Refused!.StatusCode);
    }

    [Theory]
    [InlineData("Content-Length: 1001", "{", "HTTP/1.1 413")]
    [InlineData("Transfer-Encoding: chunked", "3e9\r\n", "HTTP/1.1 413")]
    [InlineData("Transfer-Encoding: chunked", "zz\r\n", "HTTP/1.1 400")]
    [InlineData("Content-Length: 3", "abc", "HTTP/1.1 200")]
    public async Task A_body_is_accepted_while_it_stays_within_its_limit(string header, string body, string status)
    {
        using var client = await SendAsync(header, body.StartsWith("3e9", StringComparison.Ordinal) ? body + new string('x', 1001) + "\r\n" : body);
        await AnswerAsync(client, status);
        await client.Client.DisconnectAsync(reuseSocket: false);
        await app.StopAsync();
        Assert.True(lines.Written.IsEmpty, lines.Written.FirstOrDefault());
    }

    private async Task<TcpClient> SendAsync(string header, string body)
    {
        var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"POST / HTTP/1.1\r\nHost: x\r\n{header}\r\n\r\n{body}"));
        return client;
    }

    private static async Task<string> AnswerAsync(TcpClient client, string status)
    {
        var buffer = new byte[4096];
        var text = "";
        while (!text.Contains("\r\n0\r\n", StringComparison.Ordinal) && !text.EndsWith("\r\n3", StringComparison.Ordinal))
        {
            var count = await client.GetStream().ReadAsync(buffer);
            if (count == 0)
            {
                break;
            }

            text += Encoding.UTF8.GetString(buffer, 0, count);
        }

        Assert.StartsWith(status, text, StringComparison.Ordinal);
        return text;
    }

    /// <summary>Acts as Kestrel's reader does after <c>HttpContext.Abort</c>, until its caller has noticed.</summary>
    private sealed class AbortedReader : PipeReader, IRequestBodyPipeFeature
    {
        private readonly TaskCompletionSource<ReadResult> read = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public PipeReader Reader => this;

        public void End() => read.SetException(new ConnectionAbortedException());

        public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) => new(read.Task);

        public override void CancelPendingRead() => throw new ConnectionAbortedException();

        public override bool TryRead(out ReadResult result) => throw new ConnectionAbortedException();

        public override void AdvanceTo(SequencePosition consumed)
        {
        }

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
        {
        }

        public override void Complete(Exception? exception = null)
        {
        }
    }
}
