// A sender that seals with another implementation of RFC 9180: reads the body on standard input, posts it to the gate.
// node seal.mjs GATE_URL
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const require = createRequire(join(dirname(fileURLToPath(import.meta.url)), '../../deploy/npm/package.json'));
const { CipherSuite, HkdfSha256, Aes256Gcm } = await import(pathToFileURL(require.resolve('@hpke/core')));
const { DhkemX25519HkdfSha256 } = await import(pathToFileURL(require.resolve('@hpke/dhkem-x25519')));
const gate = process.argv[2];
const suite = new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });
const { key } = await (await fetch(`${gate}v1/gate/sealing-key`)).json();
const recipientPublicKey = await suite.kem.deserializePublicKey(Buffer.from(key, 'base64'));
const sender = await suite.createSenderContext({ recipientPublicKey, info: new TextEncoder().encode('cap-sealed/1') });
const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const body = Buffer.concat([Buffer.from(sender.enc), Buffer.from(await sender.seal(Buffer.concat(chunks)))]);
const answer = await fetch(`${gate}gate_receive`, { method: 'POST', headers: { 'content-type': 'application/cap-sealed' }, body });
console.log(JSON.stringify({ status: answer.status, body: await answer.json(), sent: body.toString('base64') }));
