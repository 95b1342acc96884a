using System.Text.Json.Serialization;

namespace CapOrleans.Gate.Spool;

/// <summary>JSON of the lists that are parameters of the spool's queries, and of text.</summary>
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(IReadOnlyCollection<string>))]
[JsonSerializable(typeof(List<long>))]
internal sealed partial class SpoolJson : JsonSerializerContext;
