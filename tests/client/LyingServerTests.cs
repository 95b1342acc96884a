using System.Net;
using System.Text;
using System.Text.Json;
using CapOrleans.Client;
using CapOrleans.Contracts.Caps;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Tests.Client;

/// <summary>An API, or something in between, that names another CapID than the one requested.</summary>
public sealed class LyingServerTests : HttpMessageHandler
{
    private readonly List<HttpMethod> asked = [];

    [Fact]
    public async Task An_admin_key_signs_nothing_for_a_CapID_that_only_the_server_named()
    {
        using var http = new HttpClient(this, disposeHandler: false);
        var client = new CapOrleansClient(http, new Uri("http://api.example/"));
        var change = new ContextChange(AddKey: new KeyDefinition($"{PrivateKey.Create().Address}", null, null, null));
        var fault = await Assert.ThrowsAsync<NoAnswerException>(() => client.ChangeCapAsync("OWNER", change, PrivateKey.Create(), default));
        Assert.Contains("another CapID", fault.Message, StringComparison.Ordinal);
        Assert.Equal([HttpMethod.Get], asked);
    }

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        asked.Add(request.Method);
        var other = new CapView("OTHER", 1, "Other", 1, 1, 1, [], 0, 0, CapPolicy.Default, "caporleans-1/log/0");
        return Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK)
        {
            Content = new StringContent(JsonSerializer.Serialize(other, ClientJson.Default.CapView), Encoding.UTF8, "application/json"),
        });
    }
}
