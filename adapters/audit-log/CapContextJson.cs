using System.Text.Json;
using System.Text.Json.Serialization;
using CapOrleans.Contracts.Caps;

namespace CapOrleans.AuditLog;

/// <summary>JSON form of a CapID's context, as stored in the database.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(CapContext))]
internal sealed partial class CapContextJson : JsonSerializerContext
{
    public static string Write(CapContext context) => JsonSerializer.Serialize(context, Default.CapContext);

    public static CapContext Read(string json) => JsonSerializer.Deserialize(json, Default.CapContext)!;
}
