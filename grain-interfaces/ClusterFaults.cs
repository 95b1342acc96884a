using System.Data.Common;
using CapOrleans.Contracts.AuditLog;

namespace CapOrleans.GrainInterfaces;

/// <summary>What a call to the cluster ends with while a silo stops, a log changes its silo or the database restarts.</summary>
public static class ClusterFaults
{
    /// <summary>The same call may succeed in a moment; whether this one changed anything is not known.</summary>
    public static bool IsTransient(Exception? fault) => fault is TimeoutException or OrleansException or DbException or LogFencedException;
}
