using System.Security.Claims;
using CapOrleans.Contracts.Access;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Authorization;

namespace CapOrleans.Api.Access;

/// <summary>An OpenID provider whose tokens operators may use beside API keys.</summary>
/// <param name="Authority">Where its discovery document is found; https, or loopback.</param>
/// <param name="Audience">What a token must be for.</param>
/// <param name="ScopeClaim">The claim that holds <c>read</c>, <c>operate</c> or <c>admin</c>, as one of several words or values.</param>
public sealed record OpenIdProvider(Uri Authority, string Audience, string ScopeClaim);

/// <summary>Tokens of the provider: signature by its keys, issuer, audience, time; the claim gives the scope.</summary>
internal static class OpenIdAccess
{
    private const string Scheme = "openid";

    public static void AddOpenId(this IServiceCollection services, OpenIdProvider provider)
    {
        services.AddSingleton<IAuthenticationConfigurationProvider, NoConfiguration>();
        new AuthenticationBuilder(services).AddJwtBearer(Scheme, options =>
        {
            options.Authority = provider.Authority.ToString();
            options.Audience = provider.Audience;
            options.RequireHttpsMetadata = !provider.Authority.IsLoopback;
            options.MapInboundClaims = false;
            options.Events = new JwtBearerEvents
            {
                OnTokenValidated = context =>
                {
                    // Only what is said here: a claim of the token must not pass for one of ours.
                    context.Principal = new ClaimsPrincipal(new ClaimsIdentity(
                        [
                            new Claim(ClaimTypes.Name, context.Principal!.FindFirstValue("sub") ?? ""),
                            new Claim(OperatorAccess.ScopeClaim, $"{ScopeOf(context.Principal!, provider.ScopeClaim)}"),
                        ],
                        OperatorAccess.Scheme));
                    return Task.CompletedTask;
                },
                OnAuthenticationFailed = context =>
                {
                    context.Fail(context.Exception); // also when the provider is away: then nobody is let in by it
                    return Task.CompletedTask;
                },
            };
        });
        services.Configure<AuthenticationSchemeOptions>(OperatorAccess.Scheme, options =>
        {
            options.ForwardDefaultSelector = context => context.GetEndpoint()?.Metadata.GetMetadata<IAuthorizeData>() is not null && IsToken(context.Request.Headers.Authorization.ToString()) ? Scheme : null;
            (options.ForwardChallenge, options.ForwardForbid) = (OperatorAccess.Scheme, OperatorAccess.Scheme);
        });
    }

    /// <summary>Three parts with dots between them; no API key has one.</summary>
    private static bool IsToken(string header) => header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) && header.Count('.') == 2;

    private static OperatorScope ScopeOf(ClaimsPrincipal user, string claim)
    {
        var words = user.FindAll(claim).SelectMany(held => held.Value.Split(' ')).ToHashSet(StringComparer.Ordinal);
        return words.Contains("admin") ? OperatorScope.Admin
            : words.Contains("operate") ? OperatorScope.Operate
            : words.Contains("read") ? OperatorScope.Read
            : OperatorScope.None;
    }

    /// <summary>Whatever the handler needs to know is said here.</summary>
    private sealed class NoConfiguration : IAuthenticationConfigurationProvider
    {
        public IConfiguration AuthenticationConfiguration { get; } = new ConfigurationBuilder().Build();
    }
}
