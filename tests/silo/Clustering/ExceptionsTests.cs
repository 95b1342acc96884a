using CapOrleans.Contracts.AuditLog;
using CapOrleans.Core.Anchors;
using CapOrleans.GrainInterfaces;
using CapOrleans.Silo.Clustering;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Orleans.Serialization;

namespace CapOrleans.Tests.Silo.Clustering;

public sealed class ExceptionsTests
{
    private static readonly PostgresException Ended = new("terminating connection due to administrator command", "FATAL", "FATAL", "57P01");

    [Fact]
    public void A_fault_on_another_silo_is_as_transient_as_on_this_one()
    {
        Exception[] faults = [Ended, new NpgsqlException("gone", new TimeoutException()), new LogFencedException("moved")];
        Assert.All(faults, fault =>
        {
            var passed = Pass(fault);
            Assert.Equal((fault.GetType(), fault.Message, true), (passed.GetType(), passed.Message, ClusterFaults.IsTransient(passed)));
        });
        Assert.False(ClusterFaults.IsTransient(Pass(new ChainUnavailableException("no node"))));
    }

    private static Exception Pass(Exception fault)
    {
        using var services = new ServiceCollection().AddSerializer()
            .Configure<ExceptionSerializationOptions>(ClusterStore.AllowExceptionTypes).BuildServiceProvider();
        var serializer = services.GetRequiredService<Serializer<Exception>>();
        return serializer.Deserialize(serializer.SerializeToArray(fault))!;
    }
}
