// Generated types (openapi-typescript) and openapi-fetch: register, send, page, filter, read a problem.
import createClient from "openapi-fetch";
import type { components, paths } from "./made/types.js";

type Incident = components["schemas"]["IncidentRequest"];
type Given = { api: string; token: string; capId: string; address: string; incidents: Incident[]; refused: Incident };

declare const process: { argv: string[] };
const given: Given = JSON.parse(process.argv[2] ?? "");
const client = createClient<paths>({ baseUrl: given.api, headers: { authorization: `Bearer ${given.token}` } });

function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}

const registered = await client.PUT("/v1/caps/{capId}", {
  params: { path: { capId: given.capId } },
  body: { displayName: "made by a generator", keys: [{ address: given.address, roles: ["reporter"] }] },
});
must(registered.data?.version === 1 && registered.data.policy.pagingFloor === "high", `register: ${JSON.stringify(registered.error)}`);

for (const incident of given.incidents) {
  const sent = await client.POST("/v1/incidents", { body: incident });
  must(sent.response.status === 201 && sent.data?.incidentId === incident.task_id, `send: ${JSON.stringify(sent.error)}`);
}

const seen: string[] = [];
let cursor: string | null | undefined;
do {
  const query = { cap: given.capId, order: "newest" as const, limit: 2, ...(cursor ? { cursor } : {}) };
  const page = await client.GET("/v1/incidents", { params: { query } });
  must(page.data !== undefined, `page: ${JSON.stringify(page.error)}`);
  seen.push(...page.data.items.map(item => item.incidentId));
  cursor = page.data.next;
} while (cursor);
must(seen.join() === given.incidents.map(incident => incident.task_id).reverse().join(), `pages: ${seen.join()}`);

const severe = await client.GET("/v1/incidents", { params: { query: { cap: given.capId, minSeverity: "high" } } });
must(severe.data?.items.every(item => item.severity === "high") === true && severe.data.items.length === 1, "filter");

const one = await client.GET("/v1/incidents/{capId}/{incidentId}", {
  params: { path: { capId: given.capId, incidentId: given.incidents[0]!.task_id } },
});
const dCap: number = one.data!.deltaCap;
const status: "pending" | "archived" = one.data!.archive.status;
must(Number.isFinite(dCap) && status.length > 0 && one.data!.corrections.length === 0, "show");

const refused = await client.POST("/v1/incidents", { body: given.refused });
must(refused.response.status === 400 && refused.error?.field === "severity" && (refused.error.rule ?? "").length > 0
  && refused.error.type?.startsWith("urn:caporleans:problem:") === true, `problem: ${JSON.stringify(refused.error)}`);
const unknown = await client.GET("/v1/caps/{capId}", { params: { path: { capId: "NOBODY" } } });
must(unknown.error?.type === "urn:caporleans:problem:cap-unknown" && unknown.response.status === 404, "unknown");
console.log("ok");
