using System.Net;
using System.Net.Sockets;
using CapOrleans.Contracts.Webhooks;
using CapOrleans.Core.Webhooks;
using CapOrleans.Notify;

namespace CapOrleans.Tests.Notify;

/// <summary>Where deliveries may go, on real sockets: the connection is checked, whatever the URL is.</summary>
public sealed class ReceiverNetworksTests : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);

    public ReceiverNetworksTests() => listener.Start();

    private int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    public void Dispose() => listener.Dispose();

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("localhost")]
    [InlineData("LOCALHOST")]
    [InlineData("localhost.")]
    [InlineData("2130706433")]
    [InlineData("0x7f000001")]
    [InlineData("0x7f.1")]
    [InlineData("0177.0.0.1")]
    [InlineData("127.1")]
    [InlineData("127.0.0.1.")]
    [InlineData("127.000.000.001")]
    [InlineData("[::ffff:127.0.0.1]")]
    [InlineData("[::FFFF:7F00:1]")]
    [InlineData("[::ffff:7f00:1%1]")]
    [InlineData("１２７.0.0.1")]
    [InlineData("①②⑦.⓪.⓪.①")]
    [InlineData("127。0。0。1")]
    [InlineData("%31%32%37.0.0.1")]
    [InlineData("ⓛocalhost")]
    [InlineData("0.0.0.0")]
    [InlineData("0")]
    [InlineData("[::]")]
    [InlineData("[::1]")]
    public async Task No_spelling_of_this_machine_s_address_is_connected_to(string host)
    {
        if (!Uri.TryCreate($"http://{host}:{Port}/", UriKind.Absolute, out var url))
        {
            return; // it cannot be registered
        }

        var fault = await Assert.ThrowsAnyAsync<HttpRequestException>(() => PostAsync(new ReceiverNetworks([]), url));
        Assert.False(listener.Pending(), host);
        Assert.True(fault.InnerException is RefusedAddressException || fault.HttpRequestError == HttpRequestError.NameResolutionError, $"{fault}");
    }

    [Theory]
    [InlineData("http://127.0.0.1/", false)]
    [InlineData("http://2130706433/", false)]
    [InlineData("http://0x7f.1/", false)]
    [InlineData("http://127.0.0.1./", false)]
    [InlineData("http://[::ffff:169.254.169.254]/", false)]
    [InlineData("http://[fd00::1]/", false)]
    [InlineData("https://10.1.2.3/", false)]
    [InlineData("https://8.8.8.8/", true)]
    [InlineData("https://localhost/", true)] // a name is checked when it is connected to
    [InlineData("https://example.org/", true)]
    public void An_address_in_a_URL_is_judged_at_once_and_a_name_later(string url, bool isAllowed) =>
        Assert.Equal(isAllowed, new ReceiverNetworks([]).IsAllowed(new Uri(url)));

    [Fact]
    public void A_network_that_is_allowed_is_allowed_in_each_of_its_spellings_and_no_other_is()
    {
        var networks = new ReceiverNetworks([IPNetwork.Parse("10.1.0.0/16"), IPNetwork.Parse("fd00::/8")]);
        Assert.All(["10.1.255.255", "::ffff:10.1.0.1", "fd00::1"], address =>
            Assert.True(networks.IsAllowed(IPAddress.Parse(address)), address));
        Assert.All(["10.2.0.1", "64:ff9b::10.1.0.1", "2002:a01:1::1", "fc00::1", "127.0.0.1"], address =>
            Assert.False(networks.IsAllowed(IPAddress.Parse(address)), address));
    }

    [Theory]
    [InlineData("localhost")]
    [InlineData("127.0.0.1")]
    [InlineData("[::ffff:127.0.0.1]")]
    public async Task Where_loopback_is_allowed_its_names_are_connected_to(string host)
    {
        await using var receiver = await WebhookReceiver.StartAsync(refusals: 1);
        await PostAsync(new ReceiverNetworks(ReceiverNetworks.Loopback),
            new Uri(receiver.Url.Replace("127.0.0.1", host, StringComparison.Ordinal)));
        Assert.Equal(1, receiver.Attempts);
    }

    [Fact]
    public async Task A_refused_address_is_reported_as_such()
    {
        using var sender = new WebhookSender(new ReceiverNetworks([]), WebhookSecret.Parse(WebhookSecret.Create()), TimeProvider.System);
        var delivery = new Delivery("1", new Uri($"http://localhost:{Port}/"), [], "application/json", new SigningSecrets("a1", [1]));
        Assert.Equal(DeliveryFault.RefusedAddress, (await sender.TryAsync(delivery, CancellationToken.None)).Fault);
        Assert.False(listener.Pending());
    }

    private static async Task PostAsync(ReceiverNetworks networks, Uri url)
    {
        using var http = networks.CreateClient();
        using var answer = await http.PostAsync(url, null);
    }
}
