using CapOrleans.Silo.Settings;

namespace CapOrleans.Tests.Silo;

public sealed class SettingsReaderTests
{
    [Fact]
    public void Without_settings_the_documented_defaults_apply()
    {
        var settings = Read([]);
        Assert.Equal(("127.0.0.1", 8787, 8989, 31337L, "SYS-CORE"), (settings.Bind.ToString(), settings.ApiPort, settings.GatePort, settings.ChainId, settings.CapId));
        Assert.Empty(settings.RpcUrls);
        Assert.True(settings.IsLoopback);
    }

    [Fact]
    public void All_faults_are_in_one_message_and_no_secret_is_in_it()
    {
        var fault = Assert.Throws<SettingsException>(() => Read(new()
        {
            ["PRIVATE_KEY"] = "0xdeadbeef-secret",
            ["RPC_URL"] = "not a url with key abc",
            ["CONTRACT_ADDRESS"] = "0x12",
            ["CAP_NFT_ADDRESS"] = "0x13",
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
        foreach (var name in (string[])["PRIVATE_KEY", "RPC_URL", "CONTRACT_ADDRESS", "CAP_NFT_ADDRESS", "API_PORT", "GATE_PORT", "BIND", "CHAIN_ID", "CAP_ID", "Intake__Unsigned", "Anchor__Interval", "DATABASE_URL", "IPFS_API"])
        {
            Assert.Contains(fault.Faults, line => line.StartsWith(name, StringComparison.Ordinal));
        }

        Assert.DoesNotContain("deadbeef", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("abc", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Gate__Api", "https://api.example/cap", "Gate__Api has a query or a path without a trailing slash")]
    [InlineData("Gate__Api", "https://api.example/?key=1", "Gate__Api has a query or a path without a trailing slash")]
    [InlineData("RPC_URL", "https://node.example/#key", "RPC_URL cannot be read: choose one or more http or https URLs, "
        + "comma-separated, without #.")]
    [InlineData("IPFS_API", "http://127.0.0.1:5001/?auth=1", "IPFS_API has a query, which would be dropped")]
    [InlineData("DATABASE_URL", "postgres://me@db/cap?sslmod=require", "DATABASE_URL: 'sslmod' is not supported; supported are: ")]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317",
        "OTEL_EXPORTER_OTLP_ENDPOINT is 'collector:4317': choose the http or https URL")]
    public void A_part_of_a_value_that_would_have_no_effect_is_a_fault(string name, string text, string fault) => Assert.Contains(
        Assert.Throws<SettingsException>(() => Read(new() { [name] = text })).Faults, line => line.StartsWith(fault,
            StringComparison.Ordinal));

    [Fact]
    public void Gateways_of_the_archive_are_URLs_under_which_CIDs_stand()
    {
        Assert.Equal(["https://ipfs.io/ipfs/", "http://127.0.0.1:8080/ipfs/"],
            Read(new() { ["Archive__Gateways"] = "https://ipfs.io/ipfs/, http://127.0.0.1:8080/ipfs" }).ArchiveGateways.Select(gateway => $"{gateway}"));
        var settings = Read([]);
        Assert.Equal((0, 7, 60), (settings.ArchiveGateways.Count, settings.ArchiveCheckDays, settings.ArchiveChecksPerHour));
        Assert.Equal((24, 64), (settings.ArchiveExportHours, settings.ArchiveExportMegabytes));
        foreach (var (name, value) in new[]
        {
            ("Archive__Gateways", "ftp://ipfs.io/"), ("Archive__Gateways", "https://ipfs.io/?cid="), ("Archive__Gateways", string.Join(',', Enumerable.Repeat("https://ipfs.io/", 9))),
            ("Archive__CheckDays", "0"), ("Archive__ExportHours", "0"), ("Archive__ExportHours", "8761"), ("Archive__ExportMegabytes", "1025"), ("Archive__ChecksPerHour", "1801"),
        })
        {
            Assert.StartsWith(name, Assert.Single(Assert.Throws<SettingsException>(() => Read(new() { [name] = value })).Faults), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_chain_other_than_the_dev_chain_needs_a_key_and_a_contract() =>
        Assert.Equal(2, Assert.Throws<SettingsException>(() => Read(new() { ["RPC_URL"] = "https://rpc.example" })).Faults.Count);

    [Fact]
    public void Mirroring_is_off_until_a_contract_is_named_and_needs_a_chain()
    {
        const string Address = "0x00000000000000000000000000000000000000aa";
        Assert.Null(Read([]).CapNft);
        Assert.Equal("CAP_NFT_ADDRESS is set but RPC_URL is not: set RPC_URL, or leave CAP_NFT_ADDRESS " +
            "empty.", Assert.Single(Assert.Throws<SettingsException>(() => Read(new() { ["CAP_NFT_ADDRESS"] = Address })).Faults));
        Assert.NotNull(Read(new() { ["CAP_NFT_ADDRESS"] = Address, ["DEV_CHAIN_URL"] = "http://127.0.0.1:8545" }).CapNft);
    }

    [Fact]
    public void The_chain_writer_s_key_may_be_protected_by_a_passphrase()
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
        foreach (var name in Names(NodeSources()).Concat(Names(CapSources())).Except(["DEV_CHAIN_URL", "DEV_CHAIN_TOKEN_FILE", "CAP_HOME"])) // set by ./run and ./cap themselves
        {
            Assert.Contains($"{name}=", example, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("10.1.0.0/16", "10.1.0.0/16")]
    [InlineData("192.168.1.7, fd00::/8,::1", "192.168.1.7/32 fd00::/8 ::1/128")]
    [InlineData("", "")]
    public void Networks_for_webhooks_are_parsed(string text, string networks) =>
        Assert.Equal(networks, string.Join(' ', Read(new() { ["Webhooks__AllowedNetworks"] = text }).AllowedNetworks));

    [Theory]
    [InlineData("10")]
    [InlineData("10.0.0.0/33")]
    [InlineData("10.0.0.0/8,")]
    [InlineData("0x7f.1")]
    [InlineData("localhost")]
    public void An_invalid_network_is_one_clear_fault(string text) =>
        Assert.StartsWith($"Webhooks__AllowedNetworks is '{text}'",
            Assert.Single(Assert.Throws<SettingsException>(() => Read(new() { ["Webhooks__AllowedNetworks"] = text })).Faults),
            StringComparison.Ordinal);

    [Fact]
    public void Mail_and_programs_for_webhooks_are_read()
    {
        var settings = Read(new()
        {
            ["Webhooks__Smtp"] = "smtp://desk%40local:s%3Ae@mail.example:2525", ["Webhooks__MailFrom"] = "caporleans@desk.example",
            ["Webhooks__Commands"] = "page=/bin/true, log=/bin/cat",
        });
        Assert.Equal(("mail.example", 2525, "caporleans@desk.example"), (settings.Mail!.Server.Host, settings.Mail.Server.Port,
            settings.Mail.From));
        Assert.Equal("mail.example", $"{settings.Mail}"); // without the password
        Assert.Equal(["/bin/true", "/bin/cat"], [settings.Commands["page"], settings.Commands["log"]]);
        Assert.Null(Read([]).Mail);
    }

    [Theory]
    [InlineData("Webhooks__Smtp", "http://secret:secret@mail.example")]
    [InlineData("Webhooks__Smtp", "smtp://mail.example/secret")]
    [InlineData("Webhooks__MailFrom", "Desk <a@b.example>")]
    [InlineData("Webhooks__Commands", "page")]
    [InlineData("Webhooks__Commands", "page=bin/true")]
    [InlineData("Webhooks__Commands", "page=/no/such/program")]
    [InlineData("Webhooks__Commands", "a/b=/bin/true")]
    [InlineData("Webhooks__Commands", "page=/bin/true,page=/bin/cat")]
    [InlineData("Webhooks__Smtp", "smtp://mail.example")] // without Webhooks__MailFrom
    public void Wrong_mail_and_programs_are_one_clear_fault(string name, string value)
    {
        var fault = Assert.Single(Assert.Throws<SettingsException>(() => Read(new() { [name] = value })).Faults);
        Assert.StartsWith(name, fault, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void The_example_file_explains_only_settings_that_are_read() =>
        Assert.Empty(SettingNames.Known.Except(Names(NodeSources()).Concat(Names(CapSources())).Concat(["POSTGRES_PORT", "CHAIN_PORT"])));

    /// <summary>If the wrapper left out a setting of the project's .env, ./cap and ./run would disagree.</summary>
    [Fact]
    public void The_wrapper_of_cap_takes_every_setting_of_cap_from_the_project_s_file()
    {
        var wrapper = File.ReadAllText(Repository.File("cap"));
        Assert.All(Names(CapSources()).Except(["CAP_HOME"]), name => Assert.Matches($@"[ (]{name}[ )\n]", wrapper));
    }

    private static IEnumerable<string> NodeSources() => Directory.EnumerateFiles(Repository.File("silo", "Settings"), "*.cs");

    private static IEnumerable<string> CapSources() => new[] { "CapEnvironment.cs", "Credentials.cs", "TlsSettings.cs" }.Select(file => Repository.File("cli", file));

    private static IEnumerable<string> Names(IEnumerable<string> files) => files.SelectMany(file =>
        System.Text.RegularExpressions.Regex.Matches(File.ReadAllText(file), "\"([A-Z_]{3,}|[A-Z][A-Za-z]+(?:__[A-Za-z]+)+)\"").Select(match => match.Groups[1].Value)).Distinct();

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

    [Theory]
    [InlineData("BIND", "0.0.0.0", "silo,api,gate")]
    [InlineData("Gate__Bind", "10.86.0.1", "gate")]
    [InlineData("BIND", "10.0.0.7", "api")]
    [InlineData("SILO_ADDRESS", "10.0.0.7", "silo")]
    public void A_node_that_others_can_reach_needs_an_explicit_chain_id(string name, string address, string roles)
    {
        var settings = new Dictionary<string, string> { [name] = address, ["ROLES"] = roles, ["Api__TlsTerminatedByProxy"] = "true" };
        if (roles is "api" or "silo")
        {
            settings["DATABASE_URL"] = "postgres://me@db/cap";
        }

        var fault = Assert.Single(Assert.Throws<SettingsException>(() => Read(settings)).Faults);
        Assert.StartsWith("CHAIN_ID is not set", fault, StringComparison.Ordinal);
        settings["CHAIN_ID"] = "31337";
        Assert.Equal(31337, Read(settings).ChainId);
    }

    [Fact]
    public void An_address_that_is_not_listened_on_needs_no_chain_id()
    {
        Assert.Equal(31337, Read(new() { ["BIND"] = "::1" }).ChainId);
        Assert.Equal(31337, Read(new() { ["SILO_ADDRESS"] = "10.0.0.7" }).ChainId); // without a database no silo listens there
    }

    [Fact]
    public void The_dev_chain_s_token_is_for_the_dev_chain_alone()
    {
        Assert.Equal("t", Read(new() { ["DEV_CHAIN_URL"] = "http://127.0.0.1:8545", ["DEV_CHAIN_TOKEN_FILE"] = "t" }).DevChainTokenFile);
        Assert.Null(Read(new() { ["DEV_CHAIN_TOKEN_FILE"] = "t" }).DevChainTokenFile);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("1000001")]
    [InlineData("1.5")]
    public void A_fee_limit_is_a_whole_number_of_gwei_in_its_range(string text)
    {
        var fault = Assert.Throws<SettingsException>(() => Read(new() { ["Chain__MaxFeeGwei"] = text }));
        Assert.StartsWith("Chain__MaxFeeGwei", Assert.Single(fault.Faults), StringComparison.Ordinal);
    }

    [Fact]
    public void A_gate_needs_nothing_but_its_role()
    {
        var settings = new Dictionary<string, string> { ["ROLES"] = "gate", ["Gate__Api"] = "http://10.0.0.7:8787" };
        var read = SettingsReader.Read(settings.GetValueOrDefault);
        Assert.Equal((NodeRoles.Gate, new Uri("http://10.0.0.7:8787")), (read.Roles, Assert.Single(read.Gate.Apis)));
    }

    [Fact]
    public void An_API_s_address_holds_no_password_since_the_status_shows_it()
    {
        var settings = new Dictionary<string, string> { ["ROLES"] = "gate", ["Gate__Api"] = "https://user:hunter2@api.example" };
        var fault = Assert.Throws<SettingsException>(() => Read(settings)).Message;
        Assert.Contains("Gate__Api contains a user name or password", fault, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://10.0.0.7:8787", "", false)]
    [InlineData("https://10.0.0.7:8787,http://cluster.example", "", false)]
    [InlineData("http://10.0.0.7:8787", "true", true)]
    [InlineData("https://cluster.example", "", true)]
    [InlineData("http://127.0.0.1:8787,http://localhost:8787", "", true)]
    [InlineData("", "", true)]
    public void A_gate_s_API_key_is_not_sent_over_plain_HTTP_off_loopback(string api, string plainHttp, bool isTaken)
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
        Assert.True(Read(settings).Gate.ExposesApiKey); // DATA_DIR/admin-token is not sent there either
    }
}
