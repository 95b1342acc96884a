using CapOrleans.Cli.Commands;
using CapOrleans.Cli.Hooks;
using CsCheck;

namespace CapOrleans.Tests.Cli;

/// <summary>The output of a failed command stays in the log forever, so the usual secrets are masked.</summary>
public sealed class SecretMaskTests
{
    private const string Hex = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    [Theory]
    [InlineData("password=hunter2", "password=[masked]")]
    [InlineData("PGPASSWORD=hunter2 psql", "PGPASSWORD=[masked] psql")]
    [InlineData("DB_PASS=hunter2,x", "DB_PASS=[masked]")]
    [InlineData("password = 'hunter 2' now", "password = [masked] now")]
    [InlineData("password: \"hunter \\\" 2\" now", "password: [masked] now")]
    [InlineData("password='hunter 2", "password=[masked]")]
    [InlineData("""{"password":"hunter 2","user":"bob"}""", """{"password":[masked],"user":"bob"}""")]
    [InlineData("""{\"client_secret\":\"hunter 2\",\"user\":1}""", """{\"client_secret\":[masked],\"user\":1}""")]
    [InlineData("AWS_SECRET_ACCESS_KEY=hunter2", "AWS_SECRET_ACCESS_KEY=[masked]")]
    [InlineData("x-api-key: hunter2", "x-api-key: [masked]")]
    [InlineData("AccountKey=hunter2==;Endpoint", "AccountKey=[masked]")]
    [InlineData("GET /?token=hunter2&page=1 HTTP/1.1", "GET /?token=[masked] HTTP/1.1")]
    [InlineData("mysql --password hunter2 db", "mysql --password [masked] db")]
    [InlineData("tool --db-password 'hunter 2' db", "tool --db-password [masked] db")]
    [InlineData("curl -u bob:hunter2 https://h", "curl -u [masked] https://h")]
    [InlineData("> Authorization: Basic aHVudGVyMg==\n> Accept: */*", "> Authorization: [masked]\n> Accept: */*")]
    [InlineData("Set-Cookie: s=hunter2; Path=/\nx", "Set-Cookie: [masked]\nx")]
    [InlineData("sent bearer hunter2hunter2", "sent bearer [masked]")]
    [InlineData("postgres://bob:hunter2@db:5432/x failed", "postgres://[masked]@db:5432/x failed")]
    [InlineData("redis://:hunter@2@db/0", "redis://[masked]@db/0")]
    [InlineData("https://hunter2hunter2hunter2@host/x", "https://[masked]@host/x")]
    [InlineData("ssh://git@host/x", "ssh://git@host/x")]
    [InlineData("AKIAIOSFODNN7EXAMPLE is not valid", "[masked] is not valid")]
    [InlineData($"401 for cap_0123abcd_{Hex}.", "401 for [masked].")]
    [InlineData($"gate_{Hex}", "[masked]")]
    [InlineData("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "[masked]")]
    [InlineData("got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-_d!", "got [masked]!")]
    [InlineData("ghp_0123456789abcdefABCD", "[masked]")]
    [InlineData("invalid key sk_live_0123456789abcdefABCD", "invalid key [masked]")]
    [InlineData("npm_0123456789abcdefABCDEFGH, AIzaSy0123456789abcdefABCDEFGH0123456", "[masked], [masked]")]
    [InlineData("sk-proj-0123456789abcdefABCD", "[masked]")]
    [InlineData("""{"auths":{"r.io":{"auth":"aHVudGVyOjI="}}}""", """{"auths":{"r.io":{"auth":[masked]}}}""")]
    [InlineData("sent Basic aHVudGVyOjI= to h", "sent Basic [masked] to h")]
    [InlineData("-----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE KEY-----\nafter", "[masked]\nafter")]
    [InlineData("before\n-----BEGIN PRIVATE KEY-----\nhunter2", "before\n[masked]")]
    [InlineData("hunter2\nhunter2==\n-----END EC PRIVATE KEY-----\nafter", "[masked]\nafter")]
    [InlineData("mysql -u bob -phunter2 db", "mysql -u bob -p[masked] db")]
    [InlineData("+ mysqldump --all -p'hunter 2' > x", "+ mysqldump --all -p[masked] > x")]
    [InlineData("sshpass -phunter2 ssh -p 22 h", "sshpass -p[masked] ssh -p 22 h")]
    [InlineData("set password hunter2", "set password [masked]")]
    [InlineData("the passwd 'hunter' is wrong", "the passwd [masked] is wrong")]
    [InlineData("password is Hun!ter now", "password is [masked] now")]
    [InlineData("db_password huntEr", "db_password [masked]")]
    [InlineData("pass\u001b[31mword=hun\u001b[0mter2", "password=[masked]")]
    [InlineData("token=\u001b]8;;http://h\u0007hunter2\u001b]8;;\u001b\\ x", "token=[masked] x")]
    [InlineData("AKIA\u001b[1mIOSFODNN7\u200bEXAMPLE", "[masked]")]
    [InlineData("\u001b(Bpassword\u009b0m: hunter2", "password: [masked]")]
    public void The_usual_forms_are_masked_and_masking_again_changes_nothing(string text, string masked)
    {
        Assert.Equal(masked, SecretMask.Apply(text));
        Assert.Equal(masked, SecretMask.Apply(masked));
    }

    [Theory]
    [InlineData("nginx: [emerg] invalid port in \"99999\" of the \"listen\" directive in /etc/nginx/nginx.conf:2")]
    [InlineData("syntax error near unexpected token `('")]
    [InlineData("basic authentication failed; task-0123456789abcdef0123 ended; pass: 12, fail: 3")]
    [InlineData("Permission denied (publickey,password).")]
    [InlineData("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----")]
    [InlineData("http://127.0.0.1:8989/gate_receive answered 503; user@example.com")]
    [InlineData("gate_receive cap_id eyJ")]
    [InlineData("ssh -p2222 host; mkdir -pv a; ps -p1234; docker run -p8080:80 mysql")]
    [InlineData("mysql -p -P3306 db: access denied")]
    [InlineData("mysql: [Warning] Using a password on the command line interface can be insecure.")]
    [InlineData("FATAL: password authentication failed for user \"bob2\"")]
    [InlineData("your password has expired! password is required.\nnext1")]
    [InlineData("passwd was left as it is, the password unchanged\n2026-11-29 next line")]
    public void Ordinary_text_stays(string text) => Assert.Equal(text, SecretMask.Apply(text));

    /// <summary>Letters that cannot form any of the masked patterns.</summary>
    [Fact]
    public void Text_without_such_a_form_is_unchanged() =>
        Gen.String[Gen.Char["abdgilmnovx0189 \t\n.,;:()[]{}'\"=-_+/\\&?#$%ü"]].Sample(text => Assert.Equal(text, SecretMask.Apply(text)));

    [Fact]
    public async Task A_long_run_of_anything_is_processed_quickly()
    {
        foreach (var part in (string[])["a", "-", "password", "--a-", "eyJ", "://", "-----END ", "A\n", "\\\"", "token=", " "])
        {
            var text = string.Concat(Enumerable.Repeat(part, 65_536 / part.Length));
            await Task.Run(() => SecretMask.Apply(text)).WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System);
        }
    }

    [Theory]
    [InlineData("nginx -t", "nginx")]
    [InlineData("/usr/sbin/nginx -t", "nginx")]
    [InlineData("PGPASSWORD=hunter2 psql -c 'select 1'", "psql")]
    [InlineData("A='hunter 2' B=\"hunter \\\" 2\" C=hunter\\ 2 ./check.sh --token hunter2", "check.sh")]
    [InlineData("test ! -e /x; true", "test")]
    [InlineData("PASSWORD=hunter2", "check")]
    [InlineData("$(hunter2)", "check")]
    [InlineData("hunter2='a b'", "check")]
    public void A_check_is_named_by_its_program_only(string check, string name) => Assert.Equal(name, HookCommand.NameOf(check));
}
