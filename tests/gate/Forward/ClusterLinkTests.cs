using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using CapOrleans.Contracts;
using CapOrleans.Gate.Forward;
using CapOrleans.Gate.Spool;
using Microsoft.Extensions.Logging.Abstractions;

namespace CapOrleans.Tests.Gate.Forward;

/// <summary>Two addresses of the cluster's API, the first of which is faulty.</summary>
public sealed class ClusterLinkTests : HttpMessageHandler
{
    private static readonly Uri First = new("http://first.example"), Second = new("http://second.example");

    private readonly KeyCluster cluster = new();
    private readonly List<string> asked = [];
    private readonly List<string> claims = [];
    private Func<string, string, HttpResponseMessage> answer = (_, line) => Accept(line);

    [Fact]
    public async Task An_address_that_does_not_answer_is_abandoned_by_all_and_not_returned_to()
    {
        answer = (host, line) => host == First.Host ? throw new HttpRequestException("no route") : Accept(line);
        var link = Link();
        // Concurrently.
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => link.SendAsync([Waiting("A")], areProven: false, default)));
        Assert.Equal(Second, link.Api);
        answer = (_, _) => new HttpResponseMessage(HttpStatusCode.ServiceUnavailable); // temporary, from the address that is up
        Assert.True((await link.SendAsync([Waiting("A")], areProven: false, default)).IsRetryable);
        Assert.Equal(Second, link.Api);
        cluster.Time.Advance(TimeSpan.FromMinutes(1));
        await link.SendAsync([Waiting("A")], areProven: false, default);
        Assert.Equal(First, link.Api);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(200)]
    [InlineData(403)]
    [InlineData(503)]
    public async Task What_something_in_between_does_to_one_incident_moves_no_other_to_another_address(int status)
    {
        answer = (host, line) => host == Second.Host ? throw new HttpRequestException("away")
            : !line.Contains("BAD", StringComparison.Ordinal) ? Accept(line)
            : status == 0 ? throw new HttpRequestException("reset")
            : new HttpResponseMessage((HttpStatusCode)status) { Content = new StringContent("<html>") };
        var link = Link();
        Assert.Null((await link.SendAsync([Waiting("BAD")], areProven: false, default)).Verdicts);
        await link.CheckAndSwitchAsync(First); // a look-up of a name that strangers chose failed
        Assert.Equal(First, link.Api);
        Assert.NotNull((await link.SendAsync([Waiting("GOOD")], areProven: false, default)).Verdicts);
    }

    [Fact]
    public async Task An_incident_that_stepped_aside_tries_each_address_that_is_up()
    {
        answer = (host, line) => line.Length > 0 && host == First.Host ? new HttpResponseMessage(HttpStatusCode.Forbidden) : Accept(line);
        var link = Link();
        var aside = Waiting("A") with { Queue = Waiting("A").QueueAside };
        var verdicts = 0;
        for (var i = 0; i < 4; i++)
        {
            verdicts += (await link.SendAsync([aside], areProven: false, default)).Verdicts is null ? 0 : 1;
        }

        Assert.Equal((2, First), (verdicts, link.Api));
        answer = (host, line) => host == First.Host ? Accept(line) : throw new HttpRequestException("away");
        for (var i = 0; i < 4; i++)
        {
            Assert.NotNull((await link.SendAsync([aside], areProven: false, default)).Verdicts);
        }
    }

    [Fact]
    public async Task A_Retry_After_delays_only_when_there_is_no_other_address()
    {
        answer = (host, line) => host == Second.Host ? Accept(line) : Wait(TimeSpan.FromMinutes(10));
        var link = Link();
        var first = await link.SendAsync([Waiting("A")], areProven: false, default);
        Assert.Equal((true, null, Second), (first.IsRetryable, first.RetryAfter, link.Api));
        Assert.NotNull((await link.SendAsync([Waiting("A")], areProven: false, default)).Verdicts);

        answer = (_, _) => Wait(TimeSpan.FromMinutes(10));
        var second = await link.SendAsync([Waiting("A")], areProven: false, default); // the first address has asked for a pause as well
        Assert.Equal((TimeSpan.FromMinutes(10), Second), (second.RetryAfter, link.Api));
    }

    [Theory]
    [InlineData("""{"line":1,"status":201}""")]
    [InlineData("""{"line":1,"status":200,"incident":{}}""")]
    [InlineData("""{"status":201,"problem":{}}""")]
    [InlineData("OTHER")]
    public async Task An_answer_that_is_not_the_incident_s_receipt_accepts_nothing(string line)
    {
        var body = line == "OTHER" ? $$"""{"line":1,"status":201,"incident":{{TestReceipt.Of("CAP", "B")}}}""" : line;
        answer = (_, _) => new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(body) };
        var sent = await Link().SendAsync([Waiting("A")], areProven: false, default);
        Assert.Equal((null, true), (sent.Verdicts, sent.IsRetryable));
    }

    [Fact]
    public async Task Of_an_oversized_problem_the_name_is_kept()
    {
        var problem = $$"""{"type":"urn:caporleans:problem:key-revoked","status":403,"rule":"{{new string('x', 100_000)}}"}""";
        var line = $$"""{"line":1,"status":403,"problem":{{problem}}}""";
        answer = (_, _) => new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(line) };
        var verdict = Assert.Single((await Link().SendAsync([Waiting("A")], areProven: false, default)).Verdicts!);
        Assert.Equal((403, "key-revoked"), (verdict.Status, ProblemTypes.NameIn(verdict.Problem!)));
        Assert.InRange(verdict.Problem!.Length, 1, 4096);
    }

    [Fact]
    public async Task Incidents_of_proven_hosts_are_marked_as_such()
    {
        await Link().SendAsync([Waiting("A")], areProven: false, default);
        await Link().SendAsync([Waiting("A")], areProven: true, default);
        Assert.Equal(["", "proven"], claims);
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var line = await request.Content!.ReadAsStringAsync(cancellationToken);
        lock (asked)
        {
            asked.Add(request.RequestUri!.Host);
            claims.Add(request.Headers.TryGetValues("X-Cap-Claims", out var claim) ? claim.Single() : "");
        }

        return answer(request.RequestUri.Host, line);
    }

    protected override void Dispose(bool disposing)
    {
        cluster.Dispose();
        base.Dispose(disposing);
    }

    private ClusterLink Link() => new(
        new HttpClient(this, disposeHandler: false), cluster.Options with { Apis = [First, Second] }, cluster.Time,
        NullLogger<ClusterLink>.Instance);

    private static HttpResponseMessage Accept(string line) => line.Length == 0
        ? new HttpResponseMessage(HttpStatusCode.BadRequest)
        {
            Content = new StringContent("""{"type":"urn:caporleans:problem:line-count","status":400}"""),
        }
        : new HttpResponseMessage(HttpStatusCode.OK)
        {
            Content = new StringContent($$"""{"line":1,"status":201,"incident":{{TestReceipt.Of(JsonElement.Parse(line))}}}"""),
        };

    private static HttpResponseMessage Wait(TimeSpan time)
    {
        var response = new HttpResponseMessage(HttpStatusCode.ServiceUnavailable);
        response.Headers.RetryAfter = new RetryConditionHeaderValue(time);
        return response;
    }

    private static Waiting Waiting(string id) => new(
        1, "CAP", "CAP", id, Encoding.UTF8.GetBytes($$"""{"cap_id":"CAP","task_id":"{{id}}"}"""), DateTimeOffset.UnixEpoch);
}
