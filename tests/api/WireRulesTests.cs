using System.Text.Json.Serialization;
using CapOrleans.Api;

namespace CapOrleans.Tests.Api;

/// <summary>Each feature of the API has a JSON context of its own; the rules are the same in all of them.</summary>
public sealed class WireRulesTests
{
    /// <summary>Problems are only written, never read; the legacy calls stay as they were.</summary>
    private static readonly string[] Others = ["LegacyJson", "ProblemsJson", "ReceivedJson"];

    [Fact]
    public void No_body_is_ambiguous()
    {
        var contexts = typeof(CapApi).Assembly.GetTypes()
            .Where(type => type.IsSubclassOf(typeof(JsonSerializerContext)) && !Others.Contains(type.Name)).ToList();
        Assert.InRange(contexts.Count, 8, 100);
        Assert.All(contexts, context =>
        {
            var options = ((JsonSerializerContext)context.GetProperty("Default")!.GetValue(null)!).Options;
            Assert.Equal(
                (false, JsonNumberHandling.Strict, JsonUnmappedMemberHandling.Disallow),
                (options.PropertyNameCaseInsensitive, options.NumberHandling, options.UnmappedMemberHandling));
        });
    }
}
