// A reader that trusts no gateway: @helia/verified-fetch over one gateway and nothing else. It needs the Node.js beside it.
// node read.mjs GATEWAY_URL SECONDS CID...
// Prints for each CID what it has read, and what a manifest links to; a block that is not what its CID says is looked for elsewhere, until SECONDS are over.
import { createHash } from 'node:crypto';
import { createVerifiedFetchWithHelia } from '@helia/verified-fetch';
import { fallbackRouter } from '@helia/fallback-router';
import { withHTTP } from '@helia/http';
import * as dagCbor from '@ipld/dag-cbor';
import { createHeliaLight } from 'helia';

const [gateway, seconds, ...cids] = process.argv.slice(2);
const providers = fallbackRouter({ gateways: [gateway] });
const light = createHeliaLight({ codecs: [dagCbor] });
// As the only router, a fallback is waited for without end: nothing finishes before it.
light.addRouter({ name: 'one-gateway', findProviders: (cid) => providers.findProviders(cid) });
const helia = await withHTTP(light, { delegatedRouters: [], recursiveGateways: [], allowInsecure: true, allowLocal: true }).start();
const fetch = await createVerifiedFetchWithHelia(helia);

const waiting = setInterval(() => {}, 1000); // the signal's timer alone keeps no process

async function read(cid) {
  try {
    const signal = AbortSignal.timeout(seconds * 1000);
    const answer = await fetch(`ipfs://${cid}`, { headers: { accept: 'application/vnd.ipld.raw' }, signal });
    const bytes = new Uint8Array(await answer.arrayBuffer());
    const links = cid.startsWith('bafyrei') && answer.ok ? dagCbor.decode(bytes).items.map(String) : [];
    return { cid, status: answer.status, sha256: createHash('sha256').update(bytes).digest('hex'), text: links.length ? '' : Buffer.from(bytes).toString(), links };
  } catch (fault) {
    return { cid, status: 0, error: `${fault.name}: ${fault.message}`, links: [] };
  }
}

const found = [];
for (const cid of cids) {
  const root = await read(cid);
  found.push({ ...root, records: await Promise.all(root.links.map(read)) });
}
console.log(JSON.stringify(found));
clearInterval(waiting);
process.exit(0);
