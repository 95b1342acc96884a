namespace CapOrleans.Core.Archive;

/// <summary>A store for whole CAR files outside this deployment.</summary>
public interface ICarStore
{
    /// <summary>
    /// Uploads a CAR with its root pinned, and then reads back some of its blocks: not every node compares what it
    /// receives with its CIDs. May be repeated. When the task completes, the root and the samples were read back with
    /// the hashes that their CIDs name.
    /// </summary>
    /// <param name="samples">CIDs to read back in addition to the root.</param>
    /// <param name="writeAsync">Writes the CAR piece by piece; called once.</param>
    /// <exception cref="CarRefusedException">The message says what an operator can do; a later
    /// retry may succeed.</exception>
    Task ImportAsync(Cid root, IReadOnlyList<Cid> samples, Func<Stream, CancellationToken, Task> writeAsync, CancellationToken cancellationToken);
}

/// <summary>A CAR was refused, or does not read back as it was uploaded.</summary>
public sealed class CarRefusedException(string message, Exception? inner = null) : Exception(message, inner);
