// A receiver: verifies a delivery with the libraries of Standard Webhooks and of Svix (v1), and with Node.js's own Ed25519 (v1a).
// Standard input: { secret, keys (a JSON Web Key Set), headers, body (base64) }. Prints which of them say that it is ours.
import { createPublicKey, verify } from 'node:crypto';
import { Webhook as Standard } from 'standardwebhooks';
import { Webhook as Svix } from 'svix';

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const { secret, keys, headers, body } = JSON.parse(Buffer.concat(chunks).toString());
const bytes = Buffer.from(body, 'base64');
const says = call => {
  try {
    return call() !== false;
  } catch (fault) {
    return `${fault.message}`;
  }
};
const signed = Buffer.concat([Buffer.from(`${headers['webhook-id']}.${headers['webhook-timestamp']}.`), bytes]);
const v1a = headers['webhook-signature'].split(' ').filter(one => one.startsWith('v1a,')).map(one => Buffer.from(one.slice(4), 'base64'));
console.log(JSON.stringify({
  standard: says(() => new Standard(secret).verify(bytes.toString(), headers)),
  svix: says(() => new Svix(secret).verify(bytes.toString(), headers)),
  v1a: says(() => keys.keys.some(key => v1a.some(one => verify(null, signed, createPublicKey({ key, format: 'jwk' }), one)))),
}));
