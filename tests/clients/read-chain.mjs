// An old reader of the contract, with ethers: getIncident, and the events of one CapID.
// node read-chain.mjs RPC_URL CONTRACT INCIDENT_ID CAP_ID
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(join(dirname(fileURLToPath(import.meta.url)), '../../deploy/npm/package.json'));
const { ethers } = require('ethers');
const [url, address, incidentId, capId] = process.argv.slice(2);
const provider = new ethers.JsonRpcProvider(url, undefined, { staticNetwork: true });
const contract = new ethers.Contract(address, [
  'function getIncident(string) view returns (tuple(string incidentId, string capId, string responsibleAgent, bytes32 incidentHash, string ipfsHash, uint256 timestamp, string severity))',
  'function deltaCaps(string) view returns (int256)',
  'event IncidentAnchored(bytes32 indexed incidentKey, bytes32 indexed capKey, bytes32 auditHash, uint64 index, uint8 severity, int256 deltaCap)',
], provider);
const record = await contract.getIncident(incidentId);
const events = await contract.queryFilter(contract.filters.IncidentAnchored(ethers.id(`${capId}/${incidentId}`), ethers.id(capId)), 0);
console.log(JSON.stringify({
  record: { ...record.toObject(), timestamp: Number(record.timestamp) },
  deltaCap: ethers.formatUnits(await contract.deltaCaps(incidentId), 18),
  events: events.map(({ args }) => ({
    auditHash: args.auditHash, index: Number(args.index), severity: Number(args.severity), deltaCap: ethers.formatUnits(args.deltaCap, 18),
  })),
}));
provider.destroy();
