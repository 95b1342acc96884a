using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CapOrleans.Core.Access;
using CapOrleans.Core.Incidents;

namespace CapOrleans.Silo.Settings;

/// <summary>The settings whose names begin with <c>Gate__</c>.</summary>
public sealed partial class SettingsReader
{
    private GateSettings ReadGate()
    {
        var gate = ReadGateAlone();
        if (gate is { ApiKeyFile: not null, ExposesApiKey: true })
        {
            faults.Add($"Gate__Api is '{Text("Gate__Api")}', and the key of Gate__ApiKeyFile would go there readable for anyone on the way: "
                + "choose https, or Gate__PlainHttpToApi=true within a VPN.");
        }

        return gate;
    }

    private GateSettings ReadGateAlone() => new()
    {
        Name = Parse("Gate__Name", text => Identifiers.IsId(text) ? text : null, Identifiers.Rule) ?? Host,
        Bind = Address("Gate__Bind"),
        Apis = Urls("Gate__Api"),
        ApiKeyFile = Parse("Gate__ApiKeyFile", text => File.Exists(text) && ApiKey.TryParse(File.ReadAllText(text).Trim(), out _) ? text : null, "a file with an API key; see 'cap operator create'"),
        PlainHttpToApi = Choice("Gate__PlainHttpToApi", "false", "true", "false") == "true",
        SpoolMegabytes = (int)Number("Gate__SpoolMegabytes", 1024, 1, 1_048_576),
        SpoolHours = (int)Number("Gate__SpoolHours", 168, 1, 8760),
        EscalateCommand = Text("Gate__EscalateCommand"),
        EscalateUrl = Url("Gate__EscalateUrl"),
        EscalateUnknownKeys = Choice("Gate__EscalateUnknownKeys", "false", "true", "false") == "true",
        Tls = ReadTls(),
    };

    /// <summary>This machine's name, of which a gate's may not have every character.</summary>
    private static string Host => string.Concat(Environment.MachineName.Where(letter => Identifiers.IsId($"{letter}") || letter == '.')) is var name && Identifiers.IsId(name) ? name : "gate";

    private GateTls? ReadTls()
    {
        var (certificate, key) = (Text("Gate__TlsCertificate"), Text("Gate__TlsKey"));
        if (certificate is null && key is null && Text("Gate__ClientAuthorities") is null)
        {
            return null;
        }

        if (certificate is null || key is null)
        {
            faults.Add("Gate__TlsCertificate and Gate__TlsKey belong together: name a PEM file with the certificate and one with its key.");
            return null;
        }

        var own = Load("Gate__TlsCertificate", () => X509Certificate2.CreateFromPemFile(certificate, key));
        var chain = Load("Gate__TlsCertificate", () => Import(certificate));
        var clients = Text("Gate__ClientAuthorities") is { } file ? Load("Gate__ClientAuthorities", () => Import(file)) : [];
        return own is null || chain is null || clients is null ? null : new GateTls(own, chain, clients);
    }

    private static X509Certificate2Collection Import(string file)
    {
        var certificates = new X509Certificate2Collection();
        certificates.ImportFromPemFile(file);
        return certificates.Count > 0 ? certificates : throw new CryptographicException("it holds no certificate");
    }

    private T? Load<T>(string name, Func<T> load)
        where T : class
    {
        try
        {
            return load();
        }
        catch (Exception fault) when (fault is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            faults.Add($"{name} is '{Text(name)}', which cannot be used: {fault.Message}");
            return null;
        }
    }

    private IPAddress? Address(string name) => Parse(name, text => IPAddress.TryParse(text, out var address) ? address : null, "an IP address such as 127.0.0.1");
}
