using System.Net.Http.Headers;
using System.Security.Claims;
using System.Text;
using System.Text.Encodings.Web;
using CapOrleans.Api.Answers;
using CapOrleans.Contracts.Access;
using CapOrleans.HttpEdge.Callers;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Options;

namespace CapOrleans.Api.Access;

/// <summary>
/// Authorization policies: each endpoint names the least scope that it needs; reads need none where they are open.
/// </summary>
public static class OperatorAccess
{
    public const string Scheme = "operator";

    /// <summary>Needs scope <c>read</c>, unless reads are open and the caller is local.</summary>
    public const string Reader = "read";

    /// <summary>Needs scope <c>operate</c>.</summary>
    public const string Operator = "operate";

    /// <summary>
    /// Needs scope <c>operate</c>, unless registration is open and the caller is local; legacy clients have no key.
    /// </summary>
    public const string OperatorOrOpen = "operate-or-open";

    public const string Admin = "admin";

    /// <summary>No scope is required; the endpoint itself decides, depending on the caller.</summary>
    public const string DecidedByEndpoint = "anyone";

    internal const string ScopeClaim = "cap-scope";

    /// <summary>Display name of an API key.</summary>
    private const string NameClaim = "cap-key-name";

    public static IServiceCollection AddOperatorAccess(this IServiceCollection services, bool openReads, bool openRegistration,
        OpenIdProvider? openId)
    {
        // The core alone: there are no cookies here, so the key ring that the whole package adds is not needed.
        services.AddAuthenticationCore(options =>
        {
            options.DefaultScheme = Scheme;
            options.AddScheme<OperatorAuthentication>(Scheme, displayName: null);
        });
        services.AddWebEncoders();
        if (openId is not null)
        {
            services.AddOpenId(openId);
        }

        services.AddSingleton<OperatorKeys>();
        services.AddTransient<OperatorAuthentication>();
        services.AddAuthorizationBuilder()
            .AddPolicy(Reader, policy => policy.RequireAssertion(context => (openReads && IsLocal(context)) || context.User.Has(OperatorScope.Read)))
            .AddPolicy(Operator, policy => policy.RequireAssertion(context => context.User.Has(OperatorScope.Operate)))
            .AddPolicy(OperatorOrOpen, policy =>
                policy.RequireAssertion(context => (openRegistration && IsLocal(context)) || context.User.Has(OperatorScope.Operate)))
            .AddPolicy(DecidedByEndpoint, policy => policy.RequireAssertion(_ => true))
            .AddPolicy(Admin, policy => policy.RequireAssertion(context => context.User.Has(OperatorScope.Admin)));
        return services;
    }

    public static bool Has(this ClaimsPrincipal user, OperatorScope scope) =>
        Enum.TryParse<OperatorScope>(user.FindFirstValue(ScopeClaim), out var held) && held >= scope;

    /// <summary>
    /// Whether the caller is local. An invalid key is refused with 401; it is never treated as an anonymous request.
    /// </summary>
    private static bool IsLocal(AuthorizationHandlerContext context) => context.Resource is HttpContext call && LocalCaller.Is(call)
        && !call.Items.ContainsKey(OperatorAuthentication.Refused);

    /// <returns>The caller, for the log entry of a change.</returns>
    public static Actor ToActor(this ClaimsPrincipal user) =>
        user.FindFirstValue(ClaimTypes.Name) is not { } id ? Actor.Anonymous
        : user.FindFirstValue(NameClaim) is { } name ? new Actor($"key:{id}", name)
        : new Actor($"openid:{id}", null);

    /// <summary>Claims that an API key grants.</summary>
    internal static IEnumerable<Claim> ClaimsOf(OperatorKey key) =>
        [new(ClaimTypes.Name, key.Id), new(NameClaim, key.Name), new(ScopeClaim, $"{key.Scope}")];
}

/// <summary>
/// Authenticates an API key, as <c>Authorization: Bearer</c> or as the password of <c>Basic</c>, which browsers can
/// prompt for.
/// </summary>
internal sealed class OperatorAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, OperatorKeys keys)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    /// <summary>Key in <c>HttpContext.Items</c> that marks a request with invalid credentials.</summary>
    public static readonly object Refused = new();

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (Context.GetEndpoint()?.Metadata.GetMetadata<IAuthorizeData>() is null)
        {
            return AuthenticateResult.NoResult(); // no authorization needed: intake must not wait for the list of keys
        }

        if (!AuthenticationHeaderValue.TryParse(Request.Headers.Authorization, out var header) || header.Parameter is null)
        {
            return AuthenticateResult.NoResult();
        }

        var text = header.Scheme.ToUpperInvariant() switch
        {
            "BEARER" => header.Parameter,
            "BASIC" => BasicPassword(header.Parameter),
            _ => null,
        };
        if (text is null || await keys.FindAsync(text) is not { } key)
        {
            Context.Items[Refused] = true;
            return AuthenticateResult.Fail("No such API key.");
        }

        var identity = new ClaimsIdentity(OperatorAccess.ClaimsOf(key), Scheme.Name);
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), Scheme.Name));
    }

    protected override async Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.Headers.WWWAuthenticate = "Basic realm=\"CapOrleans\", charset=\"UTF-8\"";
        await Problems.Of(StatusCodes.Status401Unauthorized, "unauthenticated", "Authorization",
            "Send an API key as the Bearer token or as the Basic password; the first key is in " +
                "DATA_DIR/admin-token.").ExecuteAsync(Context);
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties)
    {
        var needed = Context.GetEndpoint()?.Metadata.GetMetadata<IAuthorizeData>()?.Policy switch
        {
            OperatorAccess.Reader => OperatorAccess.Reader,
            OperatorAccess.Operator or OperatorAccess.OperatorOrOpen => OperatorAccess.Operator,
            _ => OperatorAccess.Admin,
        };
        var held = Context.User.FindFirstValue(OperatorAccess.ScopeClaim)?.ToLowerInvariant();
        return Problems.Of(StatusCodes.Status403Forbidden, "scope", "Authorization", $"This call needs scope {needed}; the key or token has {held}.").ExecuteAsync(Context);
    }

    private static string? BasicPassword(string parameter)
    {
        Span<byte> bytes = stackalloc byte[256];
        if (!Convert.TryFromBase64String(parameter, bytes, out var length))
        {
            return null;
        }

        var text = Encoding.UTF8.GetString(bytes[..length]);
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? null : text[(colon + 1)..];
    }
}
