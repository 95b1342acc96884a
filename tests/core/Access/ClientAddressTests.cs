using System.Net;
using CapOrleans.Core.Access;

namespace CapOrleans.Tests.Core.Access;

public sealed class ClientAddressTests
{
    [Theory]
    [InlineData("192.0.2.7", "192.0.2.7")]
    [InlineData("::ffff:192.0.2.7", "192.0.2.7")]
    [InlineData("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::")]
    [InlineData("2001:db8:1:2:ffff::1", "2001:db8:1:2::")]
    [InlineData("::1", "::")]
    public void Addresses_of_one_network_count_as_one(string address, string one) => Assert.Equal(IPAddress.Parse(one), ClientAddress.Of(IPAddress.Parse(address)));
}
