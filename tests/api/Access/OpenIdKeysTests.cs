using System.Net;
using CapOrleans.Api.Access;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace CapOrleans.Tests.Api.Access;

/// <summary>Strangers send what looks like tokens while the provider does not answer.</summary>
public sealed class OpenIdKeysTests : HttpMessageHandler
{
    private readonly FakeTimeProvider time = new();
    private readonly HttpClient http;
    private readonly OpenIdKeys keys;
    private volatile bool isSilent = true;
    private int asked;

    public OpenIdKeysTests()
    {
        http = new HttpClient(this, disposeHandler: false) { Timeout = Timeout.InfiniteTimeSpan };
        keys = new OpenIdKeys(
            new OpenIdProvider(new Uri("https://login.example/ops"), "caporleans", "scope"), http, time, NullLogger<OpenIdKeys>.Instance);
    }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        http.Dispose();
    }

    [Fact]
    public async Task A_silent_provider_gets_one_request_at_a_time_and_only_its_caller_waits()
    {
        var first = keys.IsReadyAsync();
        for (var i = 0; i < 100; i++)
        {
            var other = keys.IsReadyAsync();
            Assert.True(other.IsCompleted);
            Assert.False(await other);
        }

        await EndAsync(first);
        Assert.False(await first);
        Assert.False(await keys.IsReadyAsync());
        Assert.Equal(1, asked);

        time.Advance(OpenIdKeys.RetryInterval);
        isSilent = false;
        Assert.True(await keys.IsReadyAsync());
        Assert.Equal("https://login.example/ops", (await keys.GetConfigurationAsync(CancellationToken.None)).Issuer);
    }

    [Fact]
    public async Task The_provider_s_last_keys_stay_in_use_while_it_is_silent()
    {
        isSilent = false;
        Assert.True(await keys.IsReadyAsync());
        isSilent = true;
        var before = asked;
        time.Advance(OpenIdKeys.MaxAge);
        for (var i = 0; i < 100; i++)
        {
            var ready = keys.IsReadyAsync();
            Assert.True(ready.IsCompleted);
            Assert.True(await ready);
        }

        await Eventually.TrueAsync(() => asked == before + 1);
    }

    [Fact]
    public async Task Unknown_keys_cause_one_request_a_minute_to_the_provider()
    {
        isSilent = false;
        Assert.True(await keys.IsReadyAsync());
        var before = asked;
        keys.RequestRefresh();
        Assert.Equal(before, asked);
        time.Advance(OpenIdKeys.RefreshInterval);
        for (var i = 0; i < 100; i++)
        {
            keys.RequestRefresh();
        }

        await Eventually.TrueAsync(() => asked == before * 2);
        await Eventually.TrueAsync(async () => await keys.IsReadyAsync());
        Assert.Equal(before * 2, asked);
    }

    [Theory]
    [InlineData("somebody", true)]
    [InlineData("Zoë O'Neil (ops) \U0001F600", true)]
    [InlineData("", false)]
    [InlineData("a\nb", false)]
    [InlineData("a\u001b[2J", false)]
    [InlineData("a\u202eb", false)]
    [InlineData("a\u200bb", false)]
    [InlineData("a\ud800", false)]
    [InlineData("somebody ", false)]
    public void A_subject_is_printable_text(string subject, bool isTaken) => Assert.Equal(isTaken, OpenIdAccess.IsSubject(subject));

    [Fact]
    public void A_subject_has_256_characters_at_most()
    {
        Assert.True(OpenIdAccess.IsSubject(new string('a', 256)));
        Assert.False(OpenIdAccess.IsSubject(new string('a', 257)));
    }

    private Task EndAsync(Task<bool> asking) => Eventually.TrueAsync(() =>
    {
        time.Advance(asking.IsCompleted ? TimeSpan.Zero : OpenIdKeys.Timeout);
        return asking.IsCompleted;
    });

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref asked);
        if (isSilent)
        {
            await new TaskCompletionSource().Task.WaitAsync(cancellationToken);
        }

        return new HttpResponseMessage(HttpStatusCode.OK)
        {
            Content = new StringContent(request.RequestUri!.AbsolutePath.EndsWith("/keys", StringComparison.Ordinal)
                ? """{"keys":[]}"""
                : """{"issuer":"https://login.example/ops","jwks_uri":"https://login.example/ops/keys"}"""),
        };
    }
}
