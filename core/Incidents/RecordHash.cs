using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using CapOrleans.Core.CanonicalJson;
using CapOrleans.Core.DeltaCap;
using CapOrleans.Core.Signatures;

namespace CapOrleans.Core.Incidents;

/// <summary>
/// The hash that legacy readers find on chain as <c>incidentHash</c>: Keccak-256 over the reference canonical JSON of
/// the incident with <c>cap_feedback</c>, its dCap as a float, added (or replaced).
/// </summary>
public static class RecordHash
{
    private const string FeedbackMember = "cap_feedback";

    public static byte[] Of(string request, decimal deltaCap)
    {
        using var original = StrictJson.Parse(Encoding.UTF8.GetBytes(request));
        var output = new ArrayBufferWriter<byte>(request.Length + 64);
        using (var writer = new Utf8JsonWriter(output))
        {
            writer.WriteStartObject();
            foreach (var member in original.RootElement.EnumerateObject())
            {
                if (!member.NameEquals(FeedbackMember))
                {
                    member.WriteTo(writer);
                }
            }

            writer.WritePropertyName(FeedbackMember);
            writer.WriteRawValue(ReferenceJson.Repr(double.Parse(DecimalText.Of(deltaCap), CultureInfo.InvariantCulture)));
            writer.WriteEndObject();
        }

        using var extended = StrictJson.Parse(output.WrittenMemory);
        return Keccak256.Hash(ReferenceJson.Canonicalize(extended.RootElement));
    }
}
