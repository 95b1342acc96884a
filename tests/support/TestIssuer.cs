using System.Security.Claims;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace CapOrleans.Tests.Support;

/// <summary>An OpenID provider on this machine: a discovery document, a key, and tokens.</summary>
public sealed class TestIssuer : IAsyncDisposable
{
    public const string Audience = "caporleans";

    private readonly RsaSecurityKey key = new(RSA.Create(2048)) { KeyId = "one" };
    private readonly WebApplication host;

    private TestIssuer(WebApplication host, Uri url) => (this.host, Url) = (host, url);

    public Uri Url { get; }

    public static async Task<TestIssuer> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var port = Child.FreePort();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenLocalhost(port));
        var issuer = new TestIssuer(builder.Build(), new Uri($"http://127.0.0.1:{port}"));
        var jwk = JsonWebKeyConverter.ConvertFromRSASecurityKey(new RsaSecurityKey(issuer.key.Rsa.ExportParameters(false)) { KeyId = "one" });
        issuer.host.MapGet("/.well-known/openid-configuration", () => TypedResults.Text(
            $$"""{"issuer":"{{issuer.Url}}","jwks_uri":"{{issuer.Url}}keys"}""", "application/json"));
        issuer.host.MapGet("/keys", () => TypedResults.Text(
            $$"""{"keys":[{"kty":"RSA","use":"sig","kid":"one","n":"{{jwk.N}}","e":"{{jwk.E}}"}]}""", "application/json"));
        await issuer.host.StartAsync();
        return issuer;
    }

    /// <param name="otherKey">Signs with a key that the provider does not know.</param>
    /// <param name="critical">Name of a header parameter to list in <c>crit</c>; null for none.</param>
    public string Token(string scope, string audience = Audience, DateTimeOffset? until = null, bool otherKey = false, string? issuer = null, (string Name, string Value)? claim = null,
        string? subject = "somebody", string type = "JWT", string? critical = null)
    {
        var now = TimeProvider.System.GetUtcNow();
        return new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
        {
            Issuer = issuer ?? Url.ToString(),
            Audience = audience,
            IssuedAt = now.UtcDateTime.AddHours(-2),
            NotBefore = now.UtcDateTime.AddHours(-2),
            Expires = (until ?? now.AddHours(1)).UtcDateTime,
            TokenType = type,
            AdditionalHeaderClaims = critical is null ? null : new Dictionary<string, object> { ["crit"] = new[] { critical }, [critical] = true },
            Subject = new ClaimsIdentity([.. subject is null ? [] : new[] { new Claim("sub", subject) }, new Claim("scope", scope), new Claim(claim?.Name ?? "other", claim?.Value ?? "")]),
            SigningCredentials = new SigningCredentials(otherKey ? new RsaSecurityKey(RSA.Create(2048)) { KeyId = "one" } : key, SecurityAlgorithms.RsaSha256),
        });
    }

    public async ValueTask DisposeAsync()
    {
        await host.DisposeAsync();
        key.Rsa.Dispose();
    }
}
