using System.Globalization;
using CapOrleans.Api.Access;
using CapOrleans.Api.Answers;
using CapOrleans.Contracts.Webhooks;
using CapOrleans.Core.Webhooks;
using CapOrleans.GrainInterfaces;

namespace CapOrleans.Api.Webhooks;

/// <summary>Endpoints that register, list, change, test, enable and remove webhooks and rotate their secrets.</summary>
internal static class WebhookEndpoints
{
    public static void MapWebhooks(this IEndpointRouteBuilder app)
    {
        app.MapGet("/v1/webhooks", ListAsync)
            .RequireAuthorization(OperatorAccess.Operator).Produces<WebhookView[]>().ProducesProblem(401).ProducesProblem(403)
            .WithSummary("List the webhooks and the state of their deliveries");
        app.MapPost("/v1/webhooks", RegisterAsync).RequireAuthorization(OperatorAccess.Operator)
            .Accepts<WebhookRequest>("application/json").Produces<WebhookView>(201).Produces<WebhookView>()
            .ProducesProblem(400).ProducesProblem(401).ProducesProblem(403).ProducesProblem(409).ProducesProblem(503)
            .WithSummary("Register a webhook for severe incidents; only this response contains its secret")
            .WithDescription(
                "Public addresses only, unless Webhooks__AllowedNetworks says otherwise. "
                + "A URL that is registered already is answered 200, without the secret.");
        app.MapPatch("/v1/webhooks/{id}", ChangeAsync).RequireAuthorization(OperatorAccess.Operator)
            .Accepts<WebhookChangeRequest>("application/json").Produces<WebhookView>()
            .ProducesProblem(400).ProducesProblem(401).ProducesProblem(403).ProducesProblem(404).ProducesProblem(503)
            .WithSummary("Change what a webhook receives")
            .WithDescription("Omitted members stay as they are; an empty caps, minSeverity or kinds removes that filter.");
        app.MapDelete("/v1/webhooks/{id}", RemoveAsync).RequireAuthorization(OperatorAccess.Operator)
            .Produces(204).ProducesProblem(401).ProducesProblem(403).ProducesProblem(404).ProducesProblem(503)
            .WithSummary("Remove a webhook");
        app.MapPost("/v1/webhooks/{id}/test", TestAsync).RequireAuthorization(OperatorAccess.Operator)
            .Produces<WebhookTestView>().ProducesProblem(401).ProducesProblem(403).ProducesProblem(404).ProducesProblem(429)
            .WithSummary("Send one signed test delivery, and return its outcome")
            .WithDescription(
                "A CloudEvent of type caporleans.webhook.test; for format legacy {\"timestamp\", \"type\": \"webhook.test\", \"webhook\"}. "
                + "At most once in five seconds per webhook; disabled webhooks can be tested too.");
        app.MapPost("/v1/webhooks/{id}/enable", async (string id, HttpContext context, IGrainFactory grains) =>
                Answer(context, await grains.GetGrain<IWebhooksGrain>(0).EnableAsync(id, context.User.ToActor())))
            .RequireAuthorization(OperatorAccess.Operator)
            .Produces<WebhookView>().ProducesProblem(401).ProducesProblem(403).ProducesProblem(404).ProducesProblem(503)
            .WithSummary("Enable a webhook that was disabled; it receives what is accepted from now on");
        app.MapPost("/v1/webhooks/{id}/rotate-secret", async (string id, HttpContext context, IGrainFactory grains) =>
                Answer(context, await grains.GetGrain<IWebhooksGrain>(0).RotateSecretAsync(id, context.User.ToActor())))
            .RequireAuthorization(OperatorAccess.Admin)
            .Produces<WebhookView>().ProducesProblem(401).ProducesProblem(403).ProducesProblem(404).ProducesProblem(503)
            .WithSummary("Create a new secret; only this response contains it")
            .WithDescription("For 24 hours, deliveries are also signed with the previous secret.");
    }

    /// <summary>Returns the problem for any verdict except success.</summary>
    public static IResult Refuse(HttpContext context, WebhookVerdict verdict)
    {
        if (verdict == WebhookVerdict.Busy)
        {
            context.Response.Headers.RetryAfter = Problems.RetryAfterSeconds;
        }

        return verdict switch
        {
            WebhookVerdict.Unknown => Unknown(),
            WebhookVerdict.Full => Problems.Of(
                StatusCodes.Status409Conflict, "webhooks-full", "url",
                $"At most {ClusterLimits.MaxWebhooks} webhooks: remove one first."),
            WebhookVerdict.RefusedAddress => Problems.Of(
                StatusCodes.Status400BadRequest, "webhook-address", "url",
                "a public address, or one within Webhooks__AllowedNetworks; for mailto:, Webhooks__Smtp; for command:, a name in " +
                    "Webhooks__Commands"),
            WebhookVerdict.Busy => Problems.Of(
                StatusCodes.Status503ServiceUnavailable, "busy", "",
                "Earlier changes are not in the log yet; try again."),
            _ => throw new InvalidOperationException($"{verdict} is no refusal."),
        };
    }

    private static async Task<IResult> ListAsync(IGrainFactory grains)
    {
        var endpoints = await grains.GetGrain<IWebhooksGrain>(0).ListAsync();
        return TypedResults.Json([.. endpoints.Select(endpoint => WebhookViews.Of(endpoint))], WebhooksJson.Default.WebhookViewArray);
    }

    private static async Task<IResult> RemoveAsync(string id, HttpContext context, IGrainFactory grains)
    {
        var ruling = await grains.GetGrain<IWebhooksGrain>(0).RemoveAsync(id, context.User.ToActor());
        return ruling.Verdict == WebhookVerdict.Changed ? TypedResults.NoContent() : Refuse(context, ruling.Verdict);
    }

    private static async Task<IResult> RegisterAsync(HttpContext context, IGrainFactory grains)
    {
        var (request, _, refused) = await JsonBody.ReadAsync(context, WebhooksJson.Default.WebhookRequest, "a webhook's URL");
        if (request is null)
        {
            return refused!;
        }

        var (options, wrong) = WebhookOptionsParser.Read(request);
        if ((WebhookUrl.Refuse(request.Url) ?? wrong) is { } refusal)
        {
            return refusal;
        }

        var ruling = await grains.GetGrain<IWebhooksGrain>(0).RegisterAsync(request.Url!, options!, context.User.ToActor());
        var isAsAsked = request is { Format: null, Caps: null, MinSeverity: null, Ordered: false, Kinds: null }
            || ruling.Endpoint?.Sends == options;
        return ruling.Verdict == WebhookVerdict.Unchanged && !isAsAsked
            ? Problems.Of(StatusCodes.Status409Conflict, "webhook-exists", "url",
                $"The URL is registered with other options, as {ruling.Endpoint!.Id}: PATCH /v1/webhooks/{ruling.Endpoint.Id} " +
                    $"changes them.")
            : Answer(context, ruling, StatusCodes.Status201Created);
    }

    private static async Task<IResult> ChangeAsync(string id, HttpContext context, IGrainFactory grains)
    {
        var (request, _, refused) = await JsonBody.ReadAsync(context, WebhooksJson.Default.WebhookChangeRequest,
            "changes of a webhook");
        if (request is null)
        {
            return refused!;
        }

        var webhooks = grains.GetGrain<IWebhooksGrain>(0);
        if (await webhooks.FindAsync(id) is not { } found)
        {
            return Unknown();
        }

        var (options, wrong) = WebhookOptionsParser.Read(found.Sends, found.Url, request);
        return wrong ?? Answer(context, await webhooks.ChangeAsync(id, options!, context.User.ToActor()));
    }

    private static async Task<IResult> TestAsync(string id, HttpContext context, IGrainFactory grains)
    {
        if (await grains.GetGrain<IWebhooksGrain>(0).FindAsync(id) is null)
        {
            return Unknown(); // not every text is a grain's key
        }

        var test = await grains.GetGrain<IWebhookTestGrain>(id).SendAsync();
        if (test is { Verdict: WebhookTestVerdict.Sent, Report: { } report })
        {
            var view = new WebhookTestView(report.Delivered, report.Code, report.Delivered ? null : report.Fault.Text());
            return TypedResults.Json(view, WebhooksJson.Default.WebhookTestView);
        }

        if (test.Verdict != WebhookTestVerdict.TooSoon)
        {
            return Unknown();
        }

        context.Response.Headers.RetryAfter = ClusterLimits.SecondsBetweenWebhookTests.ToString(CultureInfo.InvariantCulture);
        return Problems.Of(StatusCodes.Status429TooManyRequests, "too-many-tests", "id",
            $"One test delivery in {ClusterLimits.SecondsBetweenWebhookTests} seconds for each webhook.");
    }

    /// <param name="changed">Status of a change; 200 when nothing changed.</param>
    private static IResult Answer(HttpContext context, WebhookRuling ruling, int changed = StatusCodes.Status200OK)
    {
        if (ruling.Verdict is not (WebhookVerdict.Changed or WebhookVerdict.Unchanged))
        {
            return Refuse(context, ruling.Verdict);
        }

        context.Response.Headers.CacheControl = "no-store"; // the body may contain a secret
        var status = ruling.Verdict == WebhookVerdict.Changed ? changed : StatusCodes.Status200OK;
        return TypedResults.Json(WebhookViews.Of(ruling.Endpoint!, ruling.Secret), WebhooksJson.Default.WebhookView, statusCode: status);
    }

    internal static Microsoft.AspNetCore.Http.HttpResults.ProblemHttpResult Unknown() =>
        Problems.Of(StatusCodes.Status404NotFound, "no-such-webhook", "id", "the id of a webhook; GET /v1/webhooks lists them");
}
