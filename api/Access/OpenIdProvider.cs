using System.Security.Claims;
using System.Text.Json;
using CapOrleans.Contracts.Access;
using CapOrleans.Core.Access;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Authorization;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace CapOrleans.Api.Access;

/// <summary>An OpenID provider whose tokens operators may use instead of API keys.</summary>
/// <param name="Authority">Base URL of its discovery document; https, or loopback.</param>
/// <param name="Audience">Required audience of a token.</param>
/// <param name="ScopeClaim">
/// Claim with <c>read</c>, <c>operate</c> or <c>admin</c>, as one of several words or values.
/// </param>
public sealed record OpenIdProvider(Uri Authority, string Audience, string ScopeClaim);

/// <summary>
/// Authenticates the provider's tokens (signature, issuer, audience, type and lifetime) and reads the scope from the
/// claim.
/// </summary>
internal static class OpenIdAccess
{
    /// <summary>Maximum length of a subject, which log entries record permanently.</summary>
    public const int MaxSubjectLength = 256;

    /// <summary>
    /// Tolerated difference between the provider's clock and ours, before and after the times in a token.
    /// </summary>
    public static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(60);

    private const string Scheme = "openid";

    /// <summary>Maximum size of one document from the provider.</summary>
    private const int MaxDocumentBytes = 1 << 20;

    public static void AddOpenId(this IServiceCollection services, OpenIdProvider provider)
    {
        services.AddSingleton<IAuthenticationConfigurationProvider, NoConfiguration>();
        services.AddSingleton(root => new OpenIdKeys(
            provider,
            new HttpClient(new SocketsHttpHandler { SslOptions = { CertificateChainPolicy = CertificatePolicy.TrustingMachine() } }) { Timeout = Timeout.InfiniteTimeSpan, MaxResponseContentBufferSize = MaxDocumentBytes },
            root.GetRequiredService<TimeProvider>(), root.GetRequiredService<ILogger<OpenIdKeys>>()));
        services.AddOptions<JwtBearerOptions>(Scheme).Configure<OpenIdKeys>((options, keys) => options.ConfigurationManager = keys);
        new AuthenticationBuilder(services).AddJwtBearer(Scheme, options =>
        {
            options.Authority = provider.Authority.ToString();
            options.Audience = provider.Audience;
            options.RequireHttpsMetadata = !provider.Authority.IsLoopback;
            options.MapInboundClaims = false;
            options.TokenValidationParameters.ClockSkew = ClockSkew;
            options.TokenValidationParameters.TypeValidator = (type, token, _) => IsAccessToken(type, (JsonWebToken)token)
                ? type
                : throw new SecurityTokenInvalidTypeException("The token's header must have typ JWT, at+jwt or none, " +
                    "and must not have crit.");
            options.Events = new JwtBearerEvents
            {
                OnMessageReceived = async context =>
                {
                    if (!await context.HttpContext.RequestServices.GetRequiredService<OpenIdKeys>().IsReadyAsync())
                    {
                        context.Fail("The provider's keys are not known."); // fail before the handler writes a stack trace for each token
                    }
                },
                OnTokenValidated = context =>
                {
                    if (context.Principal!.FindAll("sub").ToList() is not [{ Value: var subject }] || !IsSubject(subject))
                    {
                        context.Fail($"sub must be {PrintableText.Rule(MaxSubjectLength)}.");
                        return Task.CompletedTask;
                    }

                    // Use these claims only: a claim in the token must not pass for one of ours.
                    context.Principal = new ClaimsPrincipal(new ClaimsIdentity(
                        [
                            new Claim(ClaimTypes.Name, subject),
                            new Claim(OperatorAccess.ScopeClaim, $"{ScopeOf(context.Principal!, provider.ScopeClaim)}"),
                        ],
                        OperatorAccess.Scheme));
                    return Task.CompletedTask;
                },
                OnAuthenticationFailed = context =>
                {
                    context.Fail(context.Exception); // also when the provider is unavailable: its tokens are refused then
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

    /// <summary>Whether the header has a token: three parts separated by dots. An API key contains no dot.</summary>
    private static bool IsToken(string header) => header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) && header.Count('.') == 2;

    /// <summary>
    /// Accepts <c>JWT</c>, <c>at+jwt</c> (RFC 9068) or no type: a token made for another purpose is not accepted.
    /// <c>crit</c> lists extensions that a recipient must refuse unless it understands them, and none are supported
    /// here.
    /// </summary>
    private static bool IsAccessToken(string? type, JsonWebToken token)
    {
        using var header = JsonDocument.Parse(Base64UrlEncoder.DecodeBytes(token.EncodedHeader));
        return !header.RootElement.TryGetProperty("crit", out _) && (string.IsNullOrEmpty(type)
            || type.Equals("JWT", StringComparison.OrdinalIgnoreCase) || type.Equals("at+jwt", StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>
    /// Whether the subject is printable, without invisible characters or any that change the writing direction.
    /// </summary>
    internal static bool IsSubject(string text) => PrintableText.IsValid(text, MaxSubjectLength);

    private static OperatorScope ScopeOf(ClaimsPrincipal user, string claim)
    {
        var words = user.FindAll(claim).SelectMany(held => held.Value.Split(' ')).ToHashSet(StringComparer.Ordinal);
        return words.Contains("admin") ? OperatorScope.Admin
            : words.Contains("operate") ? OperatorScope.Operate
            : words.Contains("read") ? OperatorScope.Read
            : OperatorScope.None;
    }

    /// <summary>Empty: everything that the handler needs is set in <see cref="AddOpenId"/>.</summary>
    private sealed class NoConfiguration : IAuthenticationConfigurationProvider
    {
        public IConfiguration AuthenticationConfiguration { get; } = new ConfigurationBuilder().Build();
    }
}
