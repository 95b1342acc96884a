using System.Text.Json.Serialization;

namespace CapOrleans.Gate.Spool;

/// <summary>Lists that go into a question to the spool's file.</summary>
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(IReadOnlyCollection<string>))]
[JsonSerializable(typeof(List<long>))]
internal sealed partial class SpoolJson : JsonSerializerContext;
