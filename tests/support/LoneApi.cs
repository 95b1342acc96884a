using System.Net.Http.Headers;
using System.Reflection;
using CapOrleans.Api;
using CapOrleans.Api.Settings;
using CapOrleans.Contracts.Access;
using CapOrleans.Core.Access;
using CapOrleans.GrainInterfaces;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CapOrleans.Tests.Support;

/// <summary>The API by itself, in front of grains that give the answers that a test sets.</summary>
public sealed class LoneApi : IAsyncDisposable
{
    private readonly WebApplication app;

    private LoneApi(IReadOnlyDictionary<string, Func<object?[], Task>> grains)
    {
        var port = Child.FreePort();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenLocalhost(port));
        builder.Services.AddSingleton(TimeProvider.System);
        var admin = ApiKey.Create();
        var key = new OperatorKey(admin.Id, "admin", OperatorScope.Admin, admin.Hash, DateTimeOffset.UnixEpoch, null, null);
        builder.Services.AddSingleton(Grains.Of(new Dictionary<string, Func<object?[], Task>>(grains)
        {
            [$"{nameof(IOperatorsGrain)}.{nameof(IOperatorsGrain.ListAsync)}"] = _ => Task.FromResult<IReadOnlyList<OperatorKey>>([key]),
        }));
        builder.Services.AddCapApi(new ApiOptions(OpenReads: false, 20_000, 31337, null));
        app = builder.Build();
        app.UseCapApi();
        Http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", admin.Export());
    }

    /// <summary>A client with an admin's key.</summary>
    public HttpClient Http { get; }

    /// <param name="grains">The answer of each method by its name, for example <c>IGatesGrain.AddAsync</c>.</param>
    public static async Task<LoneApi> StartAsync(IReadOnlyDictionary<string, Func<object?[], Task>> grains)
    {
        var api = new LoneApi(grains);
        await api.app.StartAsync();
        return api;
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await app.DisposeAsync();
    }

    public class Grains : DispatchProxy
    {
        private IReadOnlyDictionary<string, Func<object?[], Task>> answers = null!;

        public static IGrainFactory Of(IReadOnlyDictionary<string, Func<object?[], Task>> answers)
        {
            var factory = Create<IGrainFactory, Grains>();
            ((Grains)(object)factory).answers = answers;
            return factory;
        }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            if (targetMethod!.Name != nameof(IGrainFactory.GetGrain))
            {
                return answers[$"{targetMethod.DeclaringType!.Name}.{targetMethod.Name}"](args!);
            }

            var type = targetMethod.IsGenericMethod ? targetMethod.GetGenericArguments()[0] : typeof(ICapGrain);
            var grain = Create(type, typeof(Grains));
            ((Grains)grain).answers = answers;
            return grain;
        }
    }
}
