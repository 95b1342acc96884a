using CapOrleans.Api.Answers;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;

namespace CapOrleans.Api.Reads;

/// <summary>Form in which a block is returned: the service's own plain form, or one of a trustless gateway.</summary>
internal enum GatewayForm
{
    /// <summary>The block, with the media type of its codec.</summary>
    Plain,

    /// <summary>The block, to be verified by the client.</summary>
    Raw,

    /// <summary>A CAR file: the root, then what it links to.</summary>
    Car,
}

/// <summary>
/// What a gateway request asks for: the query decides, then <c>Accept</c>, by quality and then by order. The default is
/// <see cref="GatewayForm.Plain"/>.
/// </summary>
/// <param name="WithLinks">Whether a CAR includes the blocks that the root links to.</param>
/// <param name="WithDuplicates">Whether a CAR repeats a block as often as it is linked.</param>
internal sealed record GatewayRequest(GatewayForm Form, bool WithLinks = false, bool WithDuplicates = false)
{
    public const string RawType = "application/vnd.ipld.raw";

    private const string CarType = "application/vnd.ipld.car";

    /// <summary>Parameters of a CAR, by their query's name without the prefix, and the supported values.</summary>
    private static readonly (string Name, string[] Values)[] CarParameters = [("version", ["1"]), ("order", ["dfs", "unk"]), ("dups", ["n", "y"])];

    public string ContentType(string plainType) => Form switch
    {
        GatewayForm.Raw => RawType,
        GatewayForm.Car => $"{CarType}; version=1; order=dfs; dups={(WithDuplicates ? 'y' : 'n')}",
        _ => plainType,
    };

    /// <summary>The entity tag without quotes; two responses with the same tag have the same bytes.</summary>
    public string EntityTag(string cid) => Form switch
    {
        GatewayForm.Raw => $"{cid}.raw",
        GatewayForm.Car => $"{cid}.car.{(WithLinks ? "all" : "block")}.{(WithDuplicates ? 'y' : 'n')}",
        _ => cid,
    };

    /// <summary>The query that returns this form and no other.</summary>
    public string Query => Form switch
    {
        GatewayForm.Raw => "?format=raw",
        GatewayForm.Car => $"?format=car&dag-scope={(WithLinks ? "all" : "block")}&car-version=1&car-order=dfs&car-dups={(WithDuplicates ? 'y' : 'n')}",
        _ => "",
    };

    /// <summary>Whether a CAR may be requested; also true for some requests that do not get one.</summary>
    public static bool MayBeCar(HttpRequest request) =>
        request.Query["format"] == "car" || request.Headers.Accept.ToString().Contains(CarType, StringComparison.OrdinalIgnoreCase);

    /// <param name="plainType">Media type of the block's codec.</param>
    /// <returns>Exactly one of the two.</returns>
    public static (GatewayRequest? Wanted, ProblemHttpResult? Refused) Read(HttpRequest request, string plainType)
    {
        var query = request.Query;
        if (FaultOf(query, "format", ["raw", "car"]) is { } unknown)
        {
            return (null, unknown);
        }

        var ranges = MediaTypeHeaderValue.TryParseList(request.Headers.Accept, out var parsed)
            ? parsed.Where(range => range.Quality != 0).OrderByDescending(range => range.Quality ?? 1).ThenBy(range => range.MatchesAllSubTypes).ToList()
            : [];
        var car = ranges.FirstOrDefault(range => IsCar(range) && IsSupported(range, query));
        var form = query["format"] == "raw" ? GatewayForm.Raw
            : query["format"] == "car" ? GatewayForm.Car
            : ranges.Select(range => FormOf(range, range == car, plainType)).FirstOrDefault(form => form is not null);
        if ((form is null && ranges.Any(IsIpfsType)) || (form == GatewayForm.Car && car is null && ranges.Any(IsCar)))
        {
            return (null, Problems.Of(StatusCodes.Status406NotAcceptable, "not-acceptable", "Accept",
                $"{RawType}, or {CarType} with version=1, order=dfs or unk, dups=n or y; or anything else for {plainType}"));
        }

        if (form != GatewayForm.Car)
        {
            return (new GatewayRequest(form ?? GatewayForm.Plain), null);
        }

        var fault = FaultOf(query, "dag-scope", ["block", "entity", "all"])
            ?? CarParameters.Select(parameter => FaultOf(query, $"car-{parameter.Name}", parameter.Values)).FirstOrDefault(fault => fault is not null);
        // An entity is a UnixFS file or folder, else the block alone; entity-bytes requests a range of it.
        var withLinks = query["dag-scope"].ToString() is var scope && (scope == "all" || (scope.Length == 0 && !query.ContainsKey("entity-bytes")));
        return fault is null ? (new GatewayRequest(GatewayForm.Car, withLinks, Parameter(car, query, "dups") == "y"), null) : (null, fault);
    }

    private static GatewayForm? FormOf(MediaTypeHeaderValue range, bool isCar, string plainType) =>
        isCar ? GatewayForm.Car
        : range.MediaType.Equals(RawType, StringComparison.OrdinalIgnoreCase) ? GatewayForm.Raw
        : range.MatchesAllTypes || range.MediaType.Equals("application/*", StringComparison.OrdinalIgnoreCase)
            || range.MediaType.Equals(plainType, StringComparison.OrdinalIgnoreCase) ? GatewayForm.Plain
        : null;

    private static bool IsCar(MediaTypeHeaderValue range) => range.MediaType.Equals(CarType, StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// Whether the type is one of IPFS. Browsers and legacy clients list many types and accept any; a client that names
    /// one of these means it.
    /// </summary>
    private static bool IsIpfsType(MediaTypeHeaderValue range) =>
        range.MediaType.StartsWith("application/vnd.ipld.", StringComparison.OrdinalIgnoreCase)
            || range.MediaType.StartsWith("application/vnd.ipfs.", StringComparison.OrdinalIgnoreCase);

    private static bool IsSupported(MediaTypeHeaderValue car, IQueryCollection query) =>
        CarParameters.All(parameter => Parameter(car, query, parameter.Name) is var value
            && (value.Length == 0 || query.ContainsKey($"car-{parameter.Name}") || parameter.Values.Contains(value)));

    /// <summary>Returns a CAR parameter: from the query, else from the media type.</summary>
    private static string Parameter(MediaTypeHeaderValue? car, IQueryCollection query, string name) =>
        query.TryGetValue($"car-{name}", out var asked) ? asked.ToString()
        : car?.Parameters.FirstOrDefault(parameter => parameter.Name.Equals(name, StringComparison.OrdinalIgnoreCase))?.GetUnescapedValue().ToString() ?? "";

    private static ProblemHttpResult? FaultOf(IQueryCollection query, string name, string[] values) =>
        query[name].ToString() is var value && (value.Length == 0 || values.Contains(value))
            ? null
            : Problems.Of(StatusCodes.Status400BadRequest, "invalid-query", name, string.Join(" or ", values));
}
