// A host written in JavaScript: signs with ethers, sends through the gate, and follows the incident until it is anchored.
// node host.mjs GATE_URL API_URL PRIVATE_KEY INCIDENT_ID
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(join(dirname(fileURLToPath(import.meta.url)), '../../deploy/npm/package.json'));
const { ethers } = require('ethers');
const [gate, api, key, id] = process.argv.slice(2);
const wallet = new ethers.Wallet(key);
const incident = {
  task_id: id,
  cap_id: 'SYS-CORE',
  agent: 'node-23.gate.local',
  timestamp: new Date().toISOString(),
  severity: 'critical',
  description: 'Überlast – nginx 🚨',
  f_e: 0.7,
  m_e: 0.1,
};
incident.signer = wallet.address;
incident.signature = await wallet.signMessage(`${incident.task_id}|${incident.cap_id}|${incident.agent}|${incident.timestamp}`);
const sent = await fetch(`${gate}/gate_receive`, {
  method: 'POST',
  headers: { 'content-type': 'application/json', 'x-cap-vpn': 'true', 'x-signed-by': wallet.address },
  body: JSON.stringify(incident),
});
const gateAnswer = await sent.text();
const started = Date.now();
let view;
do {
  await new Promise((resolve) => setTimeout(resolve, 50));
  view = await (await fetch(`${api}/v1/incidents/SYS-CORE/${id}`)).json();
} while ((view.anchor?.status !== 'anchored' || view.archive?.status !== 'archived') && Date.now() - started < 15000);
console.log(JSON.stringify({ status: sent.status, gateAnswer, millisecondsToAnchor: Date.now() - started, view }));
