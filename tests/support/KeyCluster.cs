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

/// <summary>A cluster that answers requests for key lists as a test decides, on the test's clock.</summary>
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

    public SiloTime Time { get; } = new(new DateTimeOffset(2026, 11, 28, 12, 0, 0, TimeSpan.Zero));

    public GateOptions Options { get; }

    public LookupHealth Health { get; }

    public KeyLists Lists { get; }

    /// <summary>The CapIDs that were asked for, one per request.</summary>
    public ConcurrentQueue<string> Asked { get; } = new();

    /// <summary>Replaces the answer; null for the key list, or 404 for a CapID that is not registered.</summary>
    public Func<string, Task<HttpResponseMessage>>? Answer { get; set; }

    public void Register(string capId, params PrivateKey[] reporters) => caps[capId] = reporters;

    public HttpResponseMessage ListOf(string capId) => caps.TryGetValue(capId, out var reporters)
        ? new HttpResponseMessage(HttpStatusCode.OK) { Content = JsonContent.Create(TestKeyList.Of(capId, reporters)) }
        : new HttpResponseMessage(HttpStatusCode.NotFound)
        {
            Content = JsonContent.Create(new JsonObject { ["type"] = "urn:caporleans:problem:cap-unknown" }),
        };

    /// <summary>Advances the clock so that the look-ups in progress time out.</summary>
    /// <param name="asked">Number of requests to wait for first.</param>
    public async Task TimeOutAsync(int asked)
    {
        await Eventually.TrueAsync(() => Asked.Count >= asked);
        Time.Advance(KeySource.Timeout);
    }

    /// <summary>Advances the clock until the gate itself finds that the cluster is unreachable.</summary>
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
