using CapOrleans.Contracts.Access;
using CapOrleans.Contracts.Gates;
using CapOrleans.Core.Signatures;
using CapOrleans.GrainInterfaces;
using CapOrleans.Silo.Files;
using CapOrleans.Silo.Settings;

namespace CapOrleans.Silo;

/// <param name="Name">See <c>Gate__Name</c>.</param>
/// <param name="Address">Address of the gate's key.</param>
internal sealed record OwnGateName(string Name, EthereumAddress Address);

/// <summary>
/// Adds the gate of this process to the cluster of the same process, so that no admin has to. It retries until the
/// cluster answers; the start does not wait for it.
/// </summary>
internal sealed partial class OwnGate(IGrainFactory grains, OwnGateName own, TimeProvider time, ILogger<OwnGate> logger) : BackgroundService
{
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);

    /// <summary>Only for a process that is a gate as well.</summary>
    public static void Add(IServiceCollection services, NodeSettings settings, DataDirectory data)
    {
        if (settings.Roles.HasFlag(NodeRoles.Gate))
        {
            services.AddSingleton(new OwnGateName(settings.Gate.Name, data.GateKey().Address));
            services.AddHostedService<OwnGate>();
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!await TryAddAsync(stoppingToken))
        {
            await Task.Delay(RetryInterval, time, stoppingToken);
        }
    }

    /// <returns>False when the cluster did not answer.</returns>
    private async Task<bool> TryAddAsync(CancellationToken stoppingToken)
    {
        try
        {
            switch (await grains.GetGrain<IGatesGrain>(0).AddAsync(own.Name, $"{own.Address}", Actor.Service))
            {
                case GateAddition.OtherKey:
                    LogOtherKey(own.Name, own.Address);
                    break;
                case GateAddition.Full:
                    LogFull(own.Name, ClusterLimits.MaxGates);
                    break;
            }

            return true;
        }
        catch (Exception) when (!stoppingToken.IsCancellationRequested)
        {
            return false; // the cluster is not up yet; the cause is logged elsewhere
        }
    }

    [LoggerMessage(620, LogLevel.Warning,
        "The gate {Gate} was not added: its name belongs to another key. Set Gate__Name, or run cap gate remove " +
            "{Gate}, then cap gate add {Gate} {Address}")]
    private partial void LogOtherKey(string gate, EthereumAddress address);

    [LoggerMessage(621, LogLevel.Warning, "The gate {Gate} was not added: the cluster already has the maximum of {Most} gates")]
    private partial void LogFull(string gate, int most);
}
