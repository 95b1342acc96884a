using System.Net;
using CapOrleans.Core.Access;
using CapOrleans.Core.Incidents;
using CapOrleans.Silo.Files;
using CapOrleans.Silo.Tls;

namespace CapOrleans.Silo.Settings;

/// <summary>Reads the settings whose names begin with <c>Gate__</c>.</summary>
public sealed partial class SettingsReader
{
    private GateSettings ReadGate()
    {
        var gate = ReadGateAlone();
        if (gate is { ApiKeyFile: not null, ExposesApiKey: true })
        {
            faults.Add("Gate__Api is not an https URL, so the key in Gate__ApiKeyFile could be read in transit: "
                + "choose https, or Gate__PlainHttpToApi=true within a VPN.");
        }

        if (gate.Apis.Any(api => api.UserInfo.Length > 0))
        {
            faults.Add("Gate__Api contains a user name or password, which no API asks for and the gate's status would " +
                "reveal: remove them; see Gate__ApiKeyFile.");
        }

        if (gate.Apis.Any(api => api.Query.Length > 0 || !api.AbsolutePath.EndsWith('/')))
        {
            faults.Add("Gate__Api has a query or a path without a trailing slash, which would be dropped: choose https://HOST or " +
                "https://HOST/PATH/.");
        }

        return gate;
    }

    private GateSettings ReadGateAlone() => new()
    {
        Name = Parse("Gate__Name", text => Identifiers.IsId(text) ? text : null, Identifiers.Rule) ?? Host,
        Bind = Address("Gate__Bind"),
        Apis = Urls("Gate__Api"),
        ApiKeyFile = Parse("Gate__ApiKeyFile", text => ApiKey.TryParse(RegularFile.TryReadText(text)?.Trim(), out _) ? text : null, "a regular file with an API key; see 'cap operator create'"),
        PlainHttpToApi = Choice("Gate__PlainHttpToApi", "false", "true", "false") == "true",
        TrustsLocalApi = Choice("Gate__TrustLocalApi", "false", "true", "false") == "true",
        ApiAuthorities = Text("Gate__ApiAuthorities") is { } file && CanUse("Gate__ApiAuthorities", () => ServerTls.Import(file)) ? file : null,
        ApiClient = ReadGateClientTls(),
        SpoolMegabytes = (int)Number("Gate__SpoolMegabytes", 1024, 1, 1_048_576),
        SpoolHours = (int)Number("Gate__SpoolHours", 168, 1, 8760),
        EscalateCommand = Text("Gate__EscalateCommand"),
        EscalateUrl = Url("Gate__EscalateUrl"),
        EscalateUnknownKeys = Choice("Gate__EscalateUnknownKeys", "false", "true", "false") == "true",
        Tls = ReadTls("Gate__TlsCertificate", "Gate__TlsKey", "Gate__ClientAuthorities"),
    };

    /// <summary>This machine's name, without the characters that a gate's name may not have.</summary>
    private static string Host => string.Concat(Environment.MachineName.Where(letter => Identifiers.IsId($"{letter}") || letter == '.')) is var name && Identifiers.IsId(name) ? name : "gate";

    private IPAddress? Address(string name) => Parse(name, text => IPAddress.TryParse(text, out var address) ? address : null, "an IP address such as 127.0.0.1");
}
