// Sends events with PagerDuty's own client, which speaks TLS alone: a proxy here ends it, as one before the API would.
// Arguments: URL of the API, PEM files of the proxy's certificate and key. Standard input: a list of events.
// Prints the answers as { status, data }.
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:https';
import pagerduty from '@pagerduty/pdjs';

const [api, certificate, key] = process.argv.slice(2);
const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const proxy = createServer({ cert: readFileSync(certificate), key: readFileSync(key) }, (incoming, outgoing) => {
  const { method, headers } = incoming;
  incoming.pipe(request(new URL(incoming.url, api), { method, headers }, answer => {
    outgoing.writeHead(answer.statusCode, answer.headers);
    answer.pipe(outgoing);
  }));
});
await new Promise(resolve => proxy.listen(0, '127.0.0.1', resolve));
const answers = [];
for (const data of JSON.parse(Buffer.concat(chunks).toString())) {
  const answer = await pagerduty.event({ server: `localhost:${proxy.address().port}`, data });
  answers.push({ status: answer.response.status, data: answer.data });
}
console.log(JSON.stringify(answers));
process.exit(0);
