using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using CapOrleans.Contracts.Anchors;
using CapOrleans.Contracts.Archive;
using CapOrleans.Contracts.Operations;

namespace CapOrleans.Client;

/// <summary>
/// The API over HTTP. Keeps no state of its own: one instance per server is enough, and creating one is cheap.
/// </summary>
/// <param name="http">The caller chooses its timeout and handler. It should not follow redirects.</param>
/// <param name="api">The API's URL.</param>
public sealed partial class CapOrleansClient(HttpClient http, Uri api, ClientOptions? options = null) : ICapOrleansClient
{
    private readonly ServerConnection server = new(http, api, options ?? new ClientOptions());

    public async Task<IReadOnlyList<LinkView>> CheckArchiveAsync(IReadOnlyList<string> cids, CancellationToken cancellationToken)
    {
        var call = Call.Post("v1/archive/check", isRepeatable: true).With(new CheckRequest(cids), RequestJson.Default.CheckRequest);
        return (await server.SendAsync(call, ClientJson.Default.CheckAnswer, cancellationToken)).Items;
    }

    public Task<AnchorRestart> RestartAnchorsAsync(int log, CancellationToken cancellationToken) =>
        server.SendAsync(Call.Post(Path($"v1/logs/{log}/anchors/restart")), ClientJson.Default.AnchorRestart, cancellationToken);

    public async Task<long> GetChainIdAsync(CancellationToken cancellationToken)
    {
        var answer = await server.SendAsync(Call.Get("v1/signing/typed-data"), cancellationToken);
        return answer.Json is { ValueKind: JsonValueKind.Object } json && json.TryGetProperty("domain", out var domain)
            && domain.ValueKind == JsonValueKind.Object && domain.TryGetProperty("chainId", out var chain)
            && long.TryParse(chain.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            ? id
            : throw server.UnexpectedAnswer(answer.Status, answer.RetryAfter);
    }

    public Task<Readiness> GetReadinessAsync(bool isDetailed, CancellationToken cancellationToken) =>
        server.SendAsync(Call.Get("health/ready", isDetailed ? CallAccess.Operate : CallAccess.Open), ClientJson.Default.Readiness,
            cancellationToken);

    public Task<IReadOnlyList<Limit>> ListLimitsAsync(CancellationToken cancellationToken) =>
        server.SendAsync(Call.Get("v1/limits"), ClientJson.Default.IReadOnlyListLimit, cancellationToken);

    /// <summary>
    /// Reads page after page, and throws when the pages form a cycle: the server is not trusted to end them.
    /// </summary>
    private IAsyncEnumerable<TItem> PagesAsync<TPage, TItem>(
        Func<string?, string> path, JsonTypeInfo<TPage> type, Func<TPage, (IReadOnlyList<TItem> Items, string? Next)> read,
        CancellationToken cancellationToken)
        where TPage : notnull => PagesAsync(path, CallAccess.Read, type, read, cancellationToken);

    private async IAsyncEnumerable<TItem> PagesAsync<TPage, TItem>(
        Func<string?, string> path, CallAccess access, JsonTypeInfo<TPage> type,
        Func<TPage, (IReadOnlyList<TItem> Items, string? Next)> read, [EnumeratorCancellation] CancellationToken cancellationToken)
        where TPage : notnull
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (string? next = null; ;)
        {
            var page = read(await server.SendAsync(Call.Get(path(next), access), type, cancellationToken));
            foreach (var item in page.Items)
            {
                yield return item;
            }

            next = page.Next;
            if (next is null)
            {
                yield break;
            }

            if (!seen.Add(next))
            {
                throw new NoAnswerException($"{api.Authority} returned pages that form a loop.");
            }
        }
    }

    /// <summary>Builds a path from the format, with each argument escaped.</summary>
    private static string Path(FormattableString path) => string.Format(
        CultureInfo.InvariantCulture, path.Format,
        [.. path.GetArguments().Select(part => (object)Uri.EscapeDataString(Convert.ToString(part, CultureInfo.InvariantCulture) ?? ""))]);
}
