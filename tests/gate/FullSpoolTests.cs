using System.Net;
using System.Text.Json;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Tests.Gate;

public sealed class FullSpoolTests : IDisposable
{
    private readonly TempDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task What_a_full_spool_does_not_take_is_refused_with_a_time_to_come_again()
    {
        await using var gate = await LoneGate.StartAsync(new Uri($"http://127.0.0.1:{Child.FreePort()}"), directory.Path, spoolBytes: 400);
        using var answer = await gate.Http.PostAsync(
            "/v1/incidents", NodeFixture.Json(TestIncident.Signed(PrivateKey.Create(), "Z-001", "I-1", TimeProvider.System.GetUtcNow())));
        var problem = JsonElement.Parse(await answer.Content.ReadAsStringAsync());
        Assert.Equal((HttpStatusCode.InsufficientStorage, "urn:caporleans:problem:spool-full"), (answer.StatusCode, problem.Text("type")));
        Assert.Equal(TimeSpan.FromMinutes(1), answer.Headers.RetryAfter?.Delta);
    }
}
