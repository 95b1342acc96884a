namespace CapOrleans.Fuzz.Engine;

/// <summary>Ends the process when an input does not finish, and prints that input.</summary>
internal sealed class Watch : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(20);

    private readonly ITimer timer;
    private Campaign? campaign;
    private long inputs;

    public Watch() => timer = TimeProvider.System.CreateTimer(_ => Check(), null, Timeout, Timeout);

    public void Look(Campaign at) => campaign = at;

    public void Dispose() => timer.Dispose();

    private void Check()
    {
        if (campaign is { } running && Interlocked.Exchange(ref inputs, running.Inputs) == running.Inputs)
        {
            Console.Error.WriteLine($"{running.Target.Name} does not come to an end with this input: {Convert.ToHexString(running.Current)}");
            Environment.Exit(3);
        }
    }
}
