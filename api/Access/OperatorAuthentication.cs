using System.Net.Http.Headers;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace CapOrleans.Api.Access;

/// <summary>Who may do what: operator calls need the admin token; reads need it unless they are open.</summary>
public static class OperatorAccess
{
    public const string Scheme = "operator";

    /// <summary>Needs the admin token, always.</summary>
    public const string Operator = "operator";

    /// <summary>Needs the admin token unless the service listens on loopback only.</summary>
    public const string Reader = "reader";

    /// <param name="adminToken">At least 32 characters.</param>
    public static IServiceCollection AddOperatorAccess(this IServiceCollection services, string adminToken, bool openReads)
    {
        // The core alone: there are no cookies here, so nothing needs the key ring that the whole package would bring.
        services.AddAuthenticationCore(options =>
        {
            options.DefaultScheme = Scheme;
            options.AddScheme<OperatorAuthentication>(Scheme, displayName: null);
        });
        services.AddWebEncoders();
        services.AddTransient<OperatorAuthentication>();
        services.AddOptions<OperatorAuthenticationOptions>(Scheme)
            .Configure(options => options.TokenHash = SHA256.HashData(Encoding.UTF8.GetBytes(adminToken)));
        services.AddAuthorizationBuilder()
            .AddPolicy(Operator, policy => policy.RequireAuthenticatedUser())
            .AddPolicy(Reader, policy => policy.RequireAssertion(context => openReads || context.User.Identity is { IsAuthenticated: true }));
        return services;
    }
}

public sealed class OperatorAuthenticationOptions : AuthenticationSchemeOptions
{
    public byte[] TokenHash { get; set; } = [];
}

/// <summary>The admin token as <c>Authorization: Bearer</c>, or as the password of <c>Basic</c>, which browsers can ask for.</summary>
internal sealed class OperatorAuthentication(
    IOptionsMonitor<OperatorAuthenticationOptions> options, ILoggerFactory logger, UrlEncoder encoder)
    : AuthenticationHandler<OperatorAuthenticationOptions>(options, logger, encoder)
{
    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (!AuthenticationHeaderValue.TryParse(Request.Headers.Authorization, out var header) || header.Parameter is null)
        {
            return Task.FromResult(AuthenticateResult.NoResult());
        }

        var token = header.Scheme.ToUpperInvariant() switch
        {
            "BEARER" => header.Parameter,
            "BASIC" => BasicPassword(header.Parameter),
            _ => null,
        };
        if (token is null || !CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(token)), Options.TokenHash))
        {
            return Task.FromResult(AuthenticateResult.Fail("The token is not the admin token."));
        }

        var identity = new ClaimsIdentity([new Claim(ClaimTypes.Name, "operator")], Scheme.Name);
        return Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), Scheme.Name)));
    }

    protected override async Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.Headers.WWWAuthenticate = "Basic realm=\"CapOrleans\", charset=\"UTF-8\"";
        await Problems.Of(StatusCodes.Status401Unauthorized, "unauthenticated", "Authorization",
            "The admin token, as Bearer or as the password of Basic; see DATA_DIR/admin-token.").ExecuteAsync(Context);
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
