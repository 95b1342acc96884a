using System.Text;
using CapOrleans.Core.AuditLog;
using CapOrleans.Core.Incidents;
using CsCheck;

namespace CapOrleans.Tests.Core.AuditLog;

public sealed class LogMapTests
{
    /// <summary>Numbers computed with sha256sum: the log that has a CapID's entries must never change.</summary>
    [Theory]
    [InlineData("SYS-CORE", 1, 0)]
    [InlineData("SYS-CORE", 4, 3)]
    [InlineData("SYS-CORE", 64, 19)]
    [InlineData("WEB-01", 4, 0)]
    [InlineData("WEB-01", 64, 36)]
    [InlineData("Z-001", 4, 3)]
    public void A_CapID_stays_in_its_log(string capId, int logs, int log) => Assert.Equal(log, new LogMap(logs).Of(capId));

    [Fact]
    public void Places_sort_by_log_and_then_by_index() =>
        Gen.Select(Gen.Int[0, 63], Gen.Long[0, 1L << 39], Gen.Int[0, 63], Gen.Long[0, 1L << 39]).Sample((log, index, otherLog, otherIndex) =>
            Assert.Equal((log, index).CompareTo((otherLog, otherIndex)), PackedPosition.Of(log, index).CompareTo(PackedPosition.Of(otherLog, otherIndex))));

    [Fact]
    public void Lines_may_have_Windows_line_ends() =>
        Assert.Equal(["a", "", "b"], BatchLines.Split("a\r\n\r\nb"u8.ToArray()).Select(line => Encoding.ASCII.GetString(line.Span)));

    [Fact]
    public void Joined_lines_split_back_into_the_same_lines() =>
        Gen.Byte[32, 126].Array[1, 20].Array[1, 30].Sample(lines =>
            Assert.Equal(lines.Select(Encoding.ASCII.GetString), BatchLines.Split(lines.Aggregate(Array.Empty<byte>(), (all, line) => [.. all, .. line, (byte)'\n'])).Select(line => Encoding.ASCII.GetString(line.Span))));
}
