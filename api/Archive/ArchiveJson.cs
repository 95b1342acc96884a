using System.Text.Json;
using System.Text.Json.Serialization;
using CapOrleans.Contracts.Archive;

namespace CapOrleans.Api.Archive;

[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    PropertyNameCaseInsensitive = false, // case-insensitive names would give one signed text two meanings
    NumberHandling = JsonNumberHandling.Strict,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(CheckRequest))]
[JsonSerializable(typeof(CheckAnswer))]
internal sealed partial class ArchiveJson : JsonSerializerContext;
