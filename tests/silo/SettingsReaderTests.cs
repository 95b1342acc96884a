using CapOrleans.Silo.Settings;

namespace CapOrleans.Tests.Silo;

public sealed class SettingsReaderTests
{
    [Fact]
    public void Nothing_set_gives_the_documented_defaults()
    {
        var settings = Read([]);
        Assert.Equal(("127.0.0.1", 8787, 8989, 31337L, "SYS-CORE"), (settings.Bind.ToString(), settings.ApiPort, settings.GatePort, settings.ChainId, settings.CapId));
        Assert.Null(settings.RpcUrl);
        Assert.True(settings.IsLoopback);
    }

    [Fact]
    public void All_faults_are_in_one_message_and_no_secret_is()
    {
        var fault = Assert.Throws<SettingsException>(() => Read(new()
        {
            ["PRIVATE_KEY"] = "0xdeadbeef-secret",
            ["RPC_URL"] = "not a url with key abc",
            ["CONTRACT_ADDRESS"] = "0x12",
            ["API_PORT"] = "80800",
            ["GATE_PORT"] = "x",
            ["BIND"] = "everywhere",
            ["CHAIN_ID"] = "0",
            ["CAP_ID"] = "a|b",
            ["Intake__Unsigned"] = "Maybe",
            ["Anchor__Interval"] = "fast",
            ["DATABASE_URL"] = "postgres://x",
            ["IPFS_API"] = "ipfs",
        }));
        foreach (var name in (string[])["PRIVATE_KEY", "RPC_URL", "CONTRACT_ADDRESS", "API_PORT", "GATE_PORT", "BIND", "CHAIN_ID", "CAP_ID", "Intake__Unsigned", "Anchor__Interval", "DATABASE_URL", "IPFS_API"])
        {
            Assert.Contains(fault.Faults, line => line.StartsWith(name, StringComparison.Ordinal));
        }

        Assert.DoesNotContain("deadbeef", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("abc", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_chain_of_one_s_own_needs_a_key_and_a_contract() =>
        Assert.Equal(2, Assert.Throws<SettingsException>(() => Read(new() { ["RPC_URL"] = "https://rpc.example" })).Faults.Count);

    [Fact]
    public void The_chain_writer_may_lie_under_a_passphrase()
    {
        using var directory = new TempDirectory();
        var key = CapOrleans.Core.Signatures.PrivateKey.Create();
        File.WriteAllText(directory.File("writer.json"), CapOrleans.Core.Signatures.Keystore.Write(key, "s3cret-phrase"));
        File.WriteAllText(directory.File("passphrase"), "s3cret-phrase\n");
        Dictionary<string, string> settings = new() { ["KEYSTORE"] = directory.File("writer.json"), ["KEYSTORE_PASSPHRASE_FILE"] = directory.File("passphrase") };
        Assert.Equal(key.Address, Read(settings).ChainWriter!.Address);
        File.WriteAllText(directory.File("passphrase"), "another-phrase");
        Assert.DoesNotContain("another-phrase", Assert.Throws<SettingsException>(() => Read(settings)).Message, StringComparison.Ordinal);
        settings.Remove("KEYSTORE_PASSPHRASE_FILE");
        Assert.StartsWith("KEYSTORE is set", Assert.Throws<SettingsException>(() => Read(settings)).Faults[0], StringComparison.Ordinal);
        Assert.StartsWith("KEYSTORE cannot be opened", Assert.Throws<SettingsException>(() => Read(new() { ["KEYSTORE"] = "/nowhere", ["KEYSTORE_PASSPHRASE_FILE"] = "/nowhere" })).Faults[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Every_setting_is_explained_in_the_example_file()
    {
        var example = File.ReadAllText(Repository.File(".env.example"));
        var source = File.ReadAllText(Repository.File("silo", "Settings", "SettingsReader.cs")) + File.ReadAllText(Repository.File("cli", "CapEnvironment.cs"));
        var names = System.Text.RegularExpressions.Regex.Matches(source, "\"([A-Z_]{3,}|[A-Z][A-Za-z]+__[A-Za-z]+)\"").Select(match => match.Groups[1].Value).Distinct();
        foreach (var name in names.Except(["DEV_CHAIN_URL", "CAP_HOME"])) // set by ./run and ./cap themselves
        {
            Assert.Contains($"{name}=", example, StringComparison.Ordinal);
        }
    }

    private static NodeSettings Read(Dictionary<string, string> settings) => SettingsReader.Read(settings.GetValueOrDefault);

    [Theory]
    [InlineData("silo,api", "", "DATABASE_URL")]
    [InlineData("api", "", "DATABASE_URL")]
    [InlineData("silo,pilot", "postgres://me@db/cap", "ROLES")]
    public void Parts_of_a_cluster_need_its_database_and_real_names(string roles, string database, string fault)
    {
        var settings = new Dictionary<string, string> { ["ROLES"] = roles, ["DATABASE_URL"] = database };
        Assert.Contains(fault, Assert.Single(Assert.Throws<SettingsException>(() => SettingsReader.Read(settings.GetValueOrDefault)).Faults), StringComparison.Ordinal);
    }

    [Fact]
    public void A_gate_needs_nothing_but_its_role()
    {
        var settings = new Dictionary<string, string> { ["ROLES"] = "gate", ["Gate__Api"] = "http://10.0.0.7:8787" };
        var read = SettingsReader.Read(settings.GetValueOrDefault);
        Assert.Equal((NodeRoles.Gate, new Uri("http://10.0.0.7:8787")), (read.Roles, Assert.Single(read.Gate.Apis)));
    }

    [Theory]
    [InlineData("http://10.0.0.7:8787", "", false)]
    [InlineData("https://10.0.0.7:8787,http://cluster.example", "", false)]
    [InlineData("http://10.0.0.7:8787", "true", true)]
    [InlineData("https://cluster.example", "", true)]
    [InlineData("http://127.0.0.1:8787,http://localhost:8787", "", true)]
    [InlineData("", "", true)]
    public void A_gate_s_API_key_goes_over_no_plain_HTTP_off_loopback(string api, string plainHttp, bool isTaken)
    {
        using var directory = new TempDirectory();
        File.WriteAllText(directory.File("key"), CapOrleans.Core.Access.ApiKey.Create().Export());
        var settings = new Dictionary<string, string>
        {
            ["ROLES"] = "gate", ["Gate__Api"] = api, ["Gate__ApiKeyFile"] = directory.File("key"), ["Gate__PlainHttpToApi"] = plainHttp,
        };
        if (isTaken)
        {
            Assert.False(Read(settings).Gate.ExposesApiKey);
            return;
        }

        var fault = Assert.Single(Assert.Throws<SettingsException>(() => Read(settings)).Faults);
        Assert.Contains("Gate__Api is", fault, StringComparison.Ordinal);
        Assert.Contains("Gate__ApiKeyFile", fault, StringComparison.Ordinal);
        settings.Remove("Gate__ApiKeyFile");
        Assert.True(Read(settings).Gate.ExposesApiKey); // DATA_DIR/admin-token does not go there either
    }
}
