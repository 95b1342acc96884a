namespace CapOrleans.Gate.Spool;

/// <summary>
/// A change that the spool's writer makes within its next transaction, and the caller that waits for it.
/// </summary>
/// <param name="Partitions">Partitions in which something may have arrived.</param>
internal abstract record Change(int[] Partitions)
{
    /// <returns>Changes of the bytes that wait.</returns>
    public abstract IReadOnlyList<WaitingBytes> Apply(SpoolCommands commands);

    public abstract void Succeed();

    public abstract void Fail(Exception fault);
}

internal sealed record Change<T>(Func<SpoolCommands, (T Result, IReadOnlyList<WaitingBytes> Bytes)> How, int[] Partitions) : Change(Partitions)
{
    private T? result;

    public TaskCompletionSource<T> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override IReadOnlyList<WaitingBytes> Apply(SpoolCommands commands)
    {
        (result, var bytes) = How(commands);
        return bytes;
    }

    public override void Succeed() => Done.TrySetResult(result!);

    public override void Fail(Exception fault) => Done.TrySetException(fault);
}
