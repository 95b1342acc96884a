using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Spectre.Console;

namespace CapOrleans.Cli;

/// <summary>
/// Prints what a command returns. People get text or indented JSON; with <c>--json</c>, each answer is one line of JSON
/// on standard output, and a fault one line of JSON on standard error. Colour and progress are for terminals only.
/// </summary>
internal static class Output
{
    public static readonly Option<bool> Json = new("--json") { Description = "Answer with JSON, one line each; faults too, on standard error", Recursive = true };

    private static readonly IAnsiConsole Errors = AnsiConsole.Create(new AnsiConsoleSettings { Out = new ErrorOutput() });

    private static bool isJson;

    /// <summary>Sets the format of all output from here on.</summary>
    public static void Configure(ParseResult parsed) => isJson = parsed.GetValue(Json);

    /// <returns>The exit code of a command that succeeded.</returns>
    public static int Print(JsonNode answer, string? text = null)
    {
        Console.WriteLine(isJson ? Line(answer) : text ?? Printable.Json(IncidentFile.Indent(answer)));
        return ExitCodes.Done;
    }

    /// <param name="answer">A response of a server.</param>
    public static int Print<T>(T answer, JsonTypeInfo<T> type) => Print(Node(answer, type));

    /// <exception cref="CliFaultException">
    /// The answer contains text that is not valid Unicode and cannot be printed.
    /// </exception>
    public static JsonNode Node<T>(T answer, JsonTypeInfo<T> type)
    {
        try
        {
            var node = JsonSerializer.SerializeToNode(answer, type)!;
            _ = node.ToJsonString(IncidentFile.OneLine);
            return node;
        }
        catch (InvalidOperationException)
        {
            throw new CliFaultException(ExitCodes.Unreachable, "The response is not from CapOrleans: is it another " +
                "server, or is an intermediary answering?");
        }
    }

    /// <summary>Prints one of many answers.</summary>
    public static void PrintLine(JsonNode answer, string text) => Console.WriteLine(isJson ? Line(answer) : Printable.Line(text));

    /// <summary>Prints a note, unless the output is JSON.</summary>
    public static void Note(string text)
    {
        if (!isJson)
        {
            Console.Error.WriteLine(text);
        }
    }

    public static string Line(JsonNode node) => Printable.Json(node.ToJsonString(IncidentFile.OneLine));

    /// <summary>Asks at the terminal before something existing is changed.</summary>
    /// <param name="isGiven">Whether the command line confirms it already.</param>
    /// <exception cref="CliFaultException">The answer was no, or there is no terminal to ask at.</exception>
    public static void Confirm(string change, bool isGiven)
    {
        Note(change);
        if (isGiven)
        {
            return;
        }

        if (Console.IsInputRedirected || isJson)
        {
            throw new CliFaultException(ExitCodes.Misconfigured,
                $"{(isJson ? $"{change} " : "")}Nothing was changed: add --yes to change it.");
        }

        Console.Error.Write("Change it? [y/N] ");
        if (Console.ReadLine()?.Trim() is not ("y" or "Y" or "yes"))
        {
            throw new CliFaultException(ExitCodes.Refused, "Nothing was changed.");
        }
    }

    /// <returns>The fault's exit code.</returns>
    public static int PrintFault(CliFaultException fault)
    {
        if (isJson)
        {
            Console.Error.WriteLine(Line(new JsonObject { ["error"] = fault.Message, ["exitCode"] = fault.ExitCode }));
        }
        else
        {
            Warn(fault.Message);
        }

        return fault.ExitCode;
    }

    /// <summary>Prints a problem that does not end the command.</summary>
    public static void Warn(string message)
    {
        if (isJson)
        {
            Console.Error.WriteLine(Line(new JsonObject { ["warning"] = message }));
            return;
        }

        Terminal.RawError.Write(Errors.Profile.Capabilities.Ansi && !Console.IsErrorRedirected ? "\e[31mcap:\e[0m " : "cap: ");
        Console.Error.WriteLine(Printable.Line(message)); // a server's text in it cannot begin a line that looks like one of ours
    }

    /// <summary>Shows a progress bar on standard error while the work runs.</summary>
    /// <param name="work">Receives a callback for the part that is done, from 0 to 1.</param>
    public static Task<T> ShowAsync<T>(string what, Func<Action<double>, Task<T>> work) => !Errors.Profile.Capabilities.Interactive || Console.IsErrorRedirected
        ? work(_ => { })
        : Errors.Progress().AutoClear(true).StartAsync(progress =>
        {
            var bar = progress.AddTask(Markup.Escape(Printable.Line(what)), maxValue: 1);
            return work(done => bar.Value = done);
        });
}
