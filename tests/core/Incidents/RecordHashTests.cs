using System.Text;
using CapOrleans.Core.Incidents;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Tests.Core.Incidents;

public sealed class RecordHashTests
{
    [Theory]
    [InlineData("""{"task_id":"INC-1","cap_id":"Z"}""", 0.39, """{"cap_feedback": 0.39, "cap_id": "Z", "task_id": "INC-1"}""")]
    [InlineData("""{"task_id":"INC-1","cap_feedback":7,"x":1.50}""", -0.9, """{"cap_feedback": -0.9, "task_id": "INC-1", "x": 1.5}""")]
    [InlineData("""{"a":1}""", 0, """{"a": 1, "cap_feedback": 0.0}""")]
    [InlineData("""{"a":"ä"}""", 1200, """{"a": "\u00e4", "cap_feedback": 1200.0}""")]
    public void The_hash_on_chain_covers_the_incident_with_its_dCap(string request, double deltaCap, string canonical) =>
        Assert.Equal(Keccak256.Hash(Encoding.ASCII.GetBytes(canonical)), RecordHash.Of(request, (decimal)deltaCap));
}
