using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Sealing;
using CapOrleans.Core.Signatures;
using CapOrleans.Gate;
using CapOrleans.Gate.Forward;
using CapOrleans.Gate.Keys;
using CapOrleans.Gate.Settings;
using CapOrleans.Gate.Spool;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace CapOrleans.Tests.Support;

/// <summary>A cluster that is asked for lists of keys and answers what the test wants, on a clock that the test sets.</summary>
internal sealed class KeyCluster : HttpMessageHandler
{
    private readonly ConcurrentDictionary<string, PrivateKey[]> caps = new();
    private readonly HttpClient http;

    public KeyCluster(bool acceptUnsigned = false, bool escalateUnknownKeys = false)
    {
        http = new HttpClient(this, disposeHandler: false);
        Options = new GateOptions(
            [new Uri("http://cluster.example")], () => null, GateToken.Create(), IsOpen: true, new AdmissionPolicy(acceptUnsigned), "",
            new SpoolLimits(1, TimeSpan.Zero), 1, new EscalationOptions(null, null, escalateUnknownKeys),
            new GateIdentity("edge", PrivateKey.Create()), [X25519PrivateKey.Create()]);
        Health = new LookupHealth(Time);
        var link = new ClusterLink(http, Options, Time, NullLogger<ClusterLink>.Instance);
        Lists = new KeyLists(new KeySource(http, link, Options, Time), Health, Time);
    }

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 11, 28, 12, 0, 0, TimeSpan.Zero));

    public GateOptions Options { get; }

    public LookupHealth Health { get; }

    public KeyLists Lists { get; }

    /// <summary>The CapIDs that were asked for, one for each request.</summary>
    public ConcurrentQueue<string> Asked { get; } = new();

    /// <summary>Instead of the list; the default answers with it, or with 404.</summary>
    public Func<string, Task<HttpResponseMessage>>? Answer { get; set; }

    public void Register(string capId, params PrivateKey[] reporters) => caps[capId] = reporters;

    public HttpResponseMessage ListOf(string capId) => caps.TryGetValue(capId, out var reporters)
        ? new HttpResponseMessage(HttpStatusCode.OK) { Content = JsonContent.Create(TestKeyList.Of(capId, reporters)) }
        : new HttpResponseMessage(HttpStatusCode.NotFound)
        {
            Content = JsonContent.Create(new JsonObject { ["type"] = "urn:caporleans:problem:cap-unknown" }),
        };

    /// <summary>Lets so much time pass that the next look-up that is under way is late.</summary>
    /// <param name="asked">Requests that must have come before.</param>
    public async Task TimeOutAsync(int asked)
    {
        await Eventually.TrueAsync(() => Asked.Count >= asked);
        Time.Advance(KeySource.Timeout);
    }

    /// <summary>Lets the gate find out by itself that the cluster is away.</summary>
    public Task OutageAsync() => Eventually.TrueAsync(() =>
    {
        Time.Advance(TimeSpan.FromMilliseconds(250));
        return Health.IsPaused;
    });

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var capId = request.RequestUri!.Segments[^1];
        var answer = Answer;
        Asked.Enqueue(capId);
        return answer is null ? ListOf(capId) : await answer(capId).WaitAsync(cancellationToken);
    }

    protected override void Dispose(bool disposing)
    {
        Lists.Dispose();
        http.Dispose();
        base.Dispose(disposing);
    }
}
