namespace CapOrleans.Core.Archive;

/// <summary>Where whole CAR files are put, beside this deployment.</summary>
public interface ICarStore
{
    /// <summary>
    /// Hands a CAR over, root pinned, and asks for some of its blocks afterwards: not every node compares what it takes with its CIDs.
    /// May be repeated. When the task completes, the root and the samples came back with the hashes that their CIDs name.
    /// </summary>
    /// <param name="samples">Besides the root.</param>
    /// <param name="writeAsync">Writes the CAR, a piece at a time; called once.</param>
    /// <exception cref="CarRefusedException">The message says what an operator can do; trying again later may help.</exception>
    Task ImportAsync(Cid root, IReadOnlyList<Cid> samples, Func<Stream, CancellationToken, Task> writeAsync, CancellationToken cancellationToken);
}

/// <summary>A CAR was not taken, or is not there as it was given.</summary>
public sealed class CarRefusedException(string message, Exception? inner = null) : Exception(message, inner);
