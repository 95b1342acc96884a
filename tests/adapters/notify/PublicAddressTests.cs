using System.Net;
using CapOrleans.Notify;

namespace CapOrleans.Tests.Notify;

public sealed class PublicAddressTests
{
    [Theory]
    [InlineData("0.0.0.0", "0.255.255.255")]
    [InlineData("10.0.0.0", "10.255.255.255")]
    [InlineData("100.64.0.0", "100.127.255.255")]
    [InlineData("100.100.100.200")] // Alibaba's metadata service
    [InlineData("127.0.0.1", "127.255.255.255")]
    [InlineData("168.63.129.16")]
    [InlineData("169.254.0.0", "169.254.169.254", "169.254.255.255")]
    [InlineData("172.16.0.0", "172.31.255.255")]
    [InlineData("192.0.0.0", "192.0.0.192", "192.0.2.1", "192.88.99.1")]
    [InlineData("192.168.0.0", "192.168.255.255")]
    [InlineData("198.18.0.0", "198.19.255.255", "198.51.100.1", "203.0.113.255")]
    [InlineData("224.0.0.1", "239.255.255.255", "240.0.0.0", "255.255.255.255")]
    [InlineData("::", "::1", "::8.8.8.8", "::127.0.0.1")]
    [InlineData("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:0:0", "::ffff:169.254.169.254")]
    [InlineData("::ffff:0:127.0.0.1")] // IPv4-translated
    [InlineData("64:ff9b::127.0.0.1", "64:ff9b::169.254.169.254", "64:ff9b:1::8.8.8.8")]
    [InlineData("2002:7f00:1::", "2002:a9fe:a9fe::1", "2002:c0a8:101::1")] // 127.0.0.1, 169.254.169.254, 192.168.1.1 by 6to4
    [InlineData("2001:0:7f00:1::f7f7:f7f7", "2001:0:808:808::80ff:fffe")] // Teredo: 127.0.0.1 as the server, and as the client
    [InlineData("2001:2::1", "2001:10::1", "2001:20::1", "2001:db8::1", "3fff::1")]
    [InlineData("100::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fdff::1", "fe80::1", "fe80::1%1", "febf::1", "fec0::1", "ff02::1")]
    public void Addresses_outside_the_public_internet_are_refused(params string[] addresses) =>
        Assert.All(addresses, address => Assert.False(PublicAddress.IsPublic(IPAddress.Parse(address)), address));

    [Theory]
    [InlineData("1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.1")]
    [InlineData("169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0", "223.255.255.255")]
    [InlineData("2606:4700:4700::1111", "2a00:1450:4001::1", "2001:4860:4860::8888", "3ffe::1")]
    [InlineData("::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1", "2001:0:808:808::f7f7:f7f7")]
    public void Addresses_of_the_public_internet_are_accepted(params string[] addresses) =>
        Assert.All(addresses, address => Assert.True(PublicAddress.IsPublic(IPAddress.Parse(address)), address));
}
