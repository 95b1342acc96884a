namespace CapOrleans.Silo.Settings;

/// <summary>Reads where else archived CIDs are looked for.</summary>
public sealed partial class SettingsReader
{
    private const int MaxGateways = 8;

    private Uri[] ReadGateways()
    {
        var gateways = Urls("Archive__Gateways");
        if (gateways.Length > MaxGateways || Array.Exists(gateways, gateway => gateway.Query.Length > 0 || gateway.Fragment.Length > 0))
        {
            faults.Add($"Archive__Gateways cannot be used: choose at most {MaxGateways} base URLs of IPFS gateways, " +
                "such as https://ipfs.io/ipfs/, without ? and #.");
            return [];
        }

        return Array.ConvertAll(gateways, gateway => gateway.AbsolutePath.EndsWith('/') ? gateway : new Uri($"{gateway}/"));
    }
}
