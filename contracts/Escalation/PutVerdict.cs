namespace CapOrleans.Contracts.Escalation;

/// <summary>The outcome of setting a ladder, a silence or a rotation.</summary>
public enum PutVerdict
{
    Undecided = 0,

    /// <summary>The change is on disk and in the log.</summary>
    Changed = 1,

    /// <summary>It was already set exactly so; nothing changed.</summary>
    Unchanged = 2,

    /// <summary>The cluster's limit is reached.</summary>
    Full = 3,

    /// <summary>What was to be changed does not exist.</summary>
    Missing = 4,
}
