namespace CapOrleans.Gate.Spool;

/// <summary>Something that the spool's writer does within its next transaction, and who waits for it.</summary>
/// <param name="Partitions">Where something may have arrived.</param>
internal abstract record Change(int[] Partitions)
{
    /// <returns>By how much the bytes that wait change.</returns>
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
