// A generated SDK (@hey-api/openapi-ts): register, send, page, filter, read a problem.
import { client } from "./made/sdk/client.gen.js";
import { getV1CapsByCapId, getV1Incidents, postV1Incidents, putV1CapsByCapId, type IncidentRequest } from "./made/sdk/index.js";

type Given = { api: string; token: string; capId: string; address: string; incidents: IncidentRequest[]; refused: IncidentRequest };

declare const process: { argv: string[] };
const given: Given = JSON.parse(process.argv[2] ?? "");
client.setConfig({ baseUrl: given.api, auth: given.token });

function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}

const registered = await putV1CapsByCapId({ path: { capId: given.capId }, body: { keys: [{ address: given.address }] } });
must(registered.data?.capId === given.capId, `register: ${JSON.stringify(registered.error)}`);

for (const incident of given.incidents) {
  const sent = await postV1Incidents({ body: incident });
  must(sent.data?.incidentId === incident.task_id, `send: ${JSON.stringify(sent.error)}`);
}

const seen: string[] = [];
let cursor: string | null = "";
while (cursor !== null) {
  const query: { cap: string; limit: number; cursor?: string } = { cap: given.capId, limit: 1, ...(cursor ? { cursor } : {}) };
  const page = await getV1Incidents({ query });
  must(page.data !== undefined, `page: ${JSON.stringify(page.error)}`);
  seen.push(...page.data.items.map(item => item.incidentId));
  cursor = page.data.next;
}
must(seen.join() === given.incidents.map(incident => incident.task_id).join(), `pages: ${seen.join()}`);

const severe = await getV1Incidents({ query: { cap: given.capId, severity: "high,critical" } });
must(severe.data?.items.length === 1, "filter");

const refused = await postV1Incidents({ body: given.refused });
must(refused.error?.field === "severity" && refused.response?.status === 400, `problem: ${JSON.stringify(refused.error)}`);
const unknown = await getV1CapsByCapId({ path: { capId: "NOBODY" } });
must(unknown.error?.type === "urn:caporleans:problem:cap-unknown", "unknown");
console.log("ok");
