using System.Security.Cryptography;
using System.Text;
using CapOrleans.Notify;

namespace CapOrleans.Tests.Notify;

public sealed class WebhookSecretTests
{
    [Fact]
    public void Every_endpoint_and_every_generation_has_a_secret_of_its_own_that_stays()
    {
        var deployment = WebhookSecret.Parse(WebhookSecret.Create());
        var secrets = new[] { ("a1", 1), ("a1", 2), ("a", 11), ("b2", 1) }.Select(of => deployment.Derive(of.Item1, of.Item2).Export())
            .ToList();
        Assert.Equal(4, secrets.Append(deployment.Export()).Distinct().Count() - 1);
        Assert.Equal(secrets[1], new EndpointSecrets(deployment).Export("a1", 2));
        Assert.DoesNotContain(secrets[0], $"{deployment.Derive("a1", 1)}", StringComparison.Ordinal);
    }

    [Fact]
    public void A_secret_is_an_HMAC_that_other_programs_can_compute()
    {
        var key = Enumerable.Range(0, 32).Select(i => (byte)i).ToArray();
        var derived = WebhookSecret.Parse("whsec_" + Convert.ToBase64String(key)).Derive("0123456789ab", 7);
        Assert.Equal("whsec_" + Convert.ToBase64String(
            HMACSHA256.HashData(key, Encoding.ASCII.GetBytes("webhook-endpoint|0123456789ab|7"))), derived.Export());
        Assert.Equal(derived.Sign("id", 1, "{}"u8), WebhookSecret.Parse(derived.Export()).Sign("id", 1, "{}"u8));
    }
}
