using System.Text.RegularExpressions;

namespace CapOrleans.Cli.Hooks;

/// <summary>
/// Removes the usual forms of secrets from what a failed command printed, because log entries are permanent. It
/// recognizes forms, not secrets: what looks like ordinary text stays.
/// </summary>
internal static partial class SecretMask
{
    public const string Masked = "[masked]";

    /// <summary>Words that announce a secret.</summary>
    private const string Name =
        @"(?:password|passwd|pass(?==)|passphrase|pwd|secret|token|credentials?|auth(?=\\?""\s{0,8}:)|(?:api|access|account|private)[_-]?key)[\w.-]{0,32}";

    /// <summary>
    /// In quotes, in quotes within a JSON string, or up to the next white space or quote: rather too much than too
    /// little.
    /// </summary>
    private const string Value = """(?!\[masked\])(?:\\"[^"\r\n]*"?|"(?:[^"\\\r\n]|\\.)*"?|'[^'\r\n]*'?|[^\s"']+)""";

    private const RegexOptions AnyCase = RegexOptions.IgnoreCase | RegexOptions.CultureInvariant;

    /// <returns>
    /// The text with <see cref="Masked"/> in place of each secret, and without a terminal's escape sequences, which
    /// could occur within one. What is masked already stays as it is.
    /// </returns>
    public static string Apply(string text)
    {
        text = Printable.Text(Escape().Replace(text, ""));
        text = PrivateKeyBlock().Replace(text, Masked);
        text = PrivateKeyEnd().Replace(text, Masked);
        text = UserOfUrl().Replace(text, $"{Masked}@");
        text = Header().Replace(text, $"$1{Masked}");
        text = Bearer().Replace(text, $"$1$2{Masked}");
        text = KnownForm().Replace(text, Masked);
        text = Assignment().Replace(text, $"$1{Masked}");
        text = CommandOption().Replace(text, $"$1{Masked}");
        text = UserOption().Replace(text, $"$1{Masked}");
        text = AttachedOption().Replace(text, $"$1{Masked}");
        return PasswordInProse().Replace(text, $"$1{Masked}");
    }

    [GeneratedRegex(
        @"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\z)", RegexOptions.Singleline)]
    private static partial Regex PrivateKeyBlock();

    /// <summary>
    /// The rest of a block whose beginning was cut off. The limit exceeds the lines of the longest key: more would only
    /// cost time.
    /// </summary>
    [GeneratedRegex(@"(?:^[ \t]*[A-Za-z0-9+/=]+\r?\n){0,200}[ \t]*-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----", RegexOptions.Multiline)]
    private static partial Regex PrivateKeyEnd();

    /// <summary><c>user:password@</c>, or a user that is long enough to be a token.</summary>
    [GeneratedRegex(@"(?<=://)(?:[^\s/:@]*:[^\s/]*|[^\s/:@]{20,})@")]
    private static partial Regex UserOfUrl();

    [GeneratedRegex(@"((?:authorization|cookie)(?:\\?[""'])?\s{0,8}[:=]\s{0,8})[^\s][^\r\n]*", AnyCase)]
    private static partial Regex Header();

    [GeneratedRegex(@"(\bbearer\s{1,8})[A-Za-z0-9._~+/=-]{8,}|(\bbasic\s{1,8})(?=[A-Za-z+/]{0,64}[0-9=])[A-Za-z0-9+/]{8,}={0,2}", AnyCase)]
    private static partial Regex Bearer();

    /// <summary>
    /// AWS, our own API keys, gate tokens and webhook secrets, JSON web tokens, GitHub, GitLab, Slack, Stripe, npm, Google, OpenAI.
    /// </summary>
    [GeneratedRegex(
        @"(?:AKIA|ASIA)[0-9A-Z]{16}|cap_[0-9a-f]{8}_[0-9a-f]{16,}|gate_[0-9a-f]{16,}|whsec_[A-Za-z0-9+/=_-]{8,}"
        + @"|(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){1,4}|gh[pousr]_[A-Za-z0-9]{16,}|github_pat_\w{16,}|glpat-[\w-]{16,}|xox[a-z]-[A-Za-z0-9-]{8,}"
        + @"|[rs]k_(?:live|test)_[A-Za-z0-9]{16,}|npm_[A-Za-z0-9]{16,}|AIza[A-Za-z0-9_-]{30,}|(?<![A-Za-z0-9_-])sk-[A-Za-z0-9_-]{16,}")]
    private static partial Regex KnownForm();

    [GeneratedRegex($@"({Name}(?:\\?[""'])?\s{{0,8}}[:=]\s{{0,8}}){Value}", AnyCase)]
    private static partial Regex Assignment();

    /// <summary><c>--password value</c>.</summary>
    [GeneratedRegex($@"((?<=^|\s)--?(?:\w{{1,32}}-){{0,4}}\w{{0,32}}?{Name}\s{{1,8}})(?!-){Value}", AnyCase | RegexOptions.Multiline)]
    private static partial Regex CommandOption();

    /// <summary><c>curl -u user:password</c>.</summary>
    [GeneratedRegex(@"((?<=^|\s)(?:-u|--user|--proxy-user)[\s=]{0,8})[^\s:]{1,128}:[^\s]+", RegexOptions.Multiline)]
    private static partial Regex UserOption();

    /// <summary>
    /// <c>mysql -psecret</c>, for programs that accept a password like this: elsewhere <c>-p</c> is a port or a mode.
    /// </summary>
    [GeneratedRegex($@"(\b(?:mysql|mariadb|mycli|sshpass|7z[arz]?|rar|unrar)(?:[a-z_-]{{0,32}})\b[^\r\n;|]{{0,256}}?\s-p){Value}")]
    private static partial Regex AttachedOption();

    /// <summary>
    /// <c>password secret</c>: in quotes, or a word that is not natural language, with a digit, a sign or an inner
    /// capital letter.
    /// </summary>
    [GeneratedRegex(
        @"((?<![A-Za-z])(?i:passphrase|password|passwd)[ \t]{1,8}(?:(?i:is|was|to)[ \t]{1,8})?)(?!\[masked\])"
        + """(?:"[^"\r\n]+"|'[^'\r\n]+'|(?=\S{4})(?=\S*(?:\d|[a-z][A-Z]|[!@#$%^&]\S))[^\s"']+)""")]
    private static partial Regex PasswordInProse();

    /// <summary>Colours, cursor movements, titles and links, as defined by ECMA-48.</summary>
    [GeneratedRegex(
        @"(?:\x1B\[|\x9B)[0-?]{0,64}[ -/]{0,8}[@-~]|(?:\x1B[\]PX^_]|[\x90\x98\x9D-\x9F])[^\x07\x1B\x9C\r\n]*(?:\x07|\x1B\\|\x9C)?"
        + @"|\x1B[ -/]{0,8}[0-~]")]
    private static partial Regex Escape();
}
