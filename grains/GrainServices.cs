using CapOrleans.Grains.AuditLog;
using Microsoft.Extensions.DependencyInjection;

namespace CapOrleans.Grains;

public static class GrainServices
{
    /// <summary>
    /// What the grains use beside the ports: whoever composes a silo also gives IAuditLogReader, IAuditLogWriter,
    /// IBlockStore, IAnchorContract, IWebhookSender, AdmissionPolicy, AnchorPace, TimeProvider, and a grain storage.
    /// </summary>
    public static IServiceCollection AddCapGrains(this IServiceCollection services) => services.AddSingleton<IncidentViews>();
}
