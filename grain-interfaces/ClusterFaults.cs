using System.Data.Common;
using CapOrleans.Contracts.AuditLog;

namespace CapOrleans.GrainInterfaces;

/// <summary>
/// Faults with which a call to the cluster may end while a silo stops, a log moves to another silo or the database
/// restarts.
/// </summary>
public static class ClusterFaults
{
    /// <summary>
    /// Whether a retry of the same call may succeed shortly. It is unknown whether the failed call changed anything.
    /// </summary>
    public static bool IsTransient(Exception? fault) => fault is TimeoutException or OrleansException or DbException or LogFencedException;
}
