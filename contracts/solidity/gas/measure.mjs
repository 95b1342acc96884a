// Measures on a real EVM what each call of CapAuditStorageV2 costs, beside the first version's, and of CapNFT, and writes docs/gas.md;
// with --check, compares instead. Gas is the same on every machine.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const npm = join(here, '../../../deploy/npm');
const require = createRequire(join(npm, 'package.json'));
const { ethers } = require('ethers');
const solc = require('solc');

const cid = 'bafkreiablk6x6xgfpiw5ss3vsdyevwaiijzzaxxdh3c45pvomitwvf7ymi';
const artifact = JSON.parse(readFileSync(join(here, '../CapAuditStorageV2.json'), 'utf8'));
const node = await startNode();
try {
  const provider = new ethers.JsonRpcProvider(node.url, undefined, { staticNetwork: true, batchMaxCount: 1 });
  const signer = await provider.getSigner(0);
  const rows = [...await ofTheFirst(signer), ...await ofOurs(signer), ...await ofTokens(signer)];
  provider.destroy();
  publish(rows);
} finally {
  node.process.kill();
}

async function ofTheFirst(signer) {
  const input = {
    language: 'Solidity',
    sources: { 'FirstVersion.sol': { content: readFileSync(join(here, 'FirstVersion.sol'), 'utf8') } },
    settings: { evmVersion: 'cancun', optimizer: { enabled: true, runs: 200 }, viaIR: true, outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } } },
  };
  const { abi, evm } = JSON.parse(solc.compile(JSON.stringify(input))).contracts['FirstVersion.sol'].FirstVersion;
  const { contract, gas } = await deploy(signer, abi, evm.bytecode.object);
  const stored = await used(contract.storeIncident(...record(1)));
  await signer.provider.send('evm_increaseTime', [60]); // it keeps the block's time, and the same time again would cost less
  return [
    ['First version', 'deployment', gas, ''],
    ['First version', '`storeIncident`', stored, stored],
    ['First version', '`storeIncident`, the same id again: replaced silently', await used(contract.storeIncident(...record(1))), ''],
  ];
}

async function ofOurs(signer) {
  const { contract, gas } = await deploy(signer, artifact.abi, artifact.bytecode);
  const rows = [['CapAuditStorageV2', 'deployment', gas, '']];
  const stored = await used(contract.storeIncident(...record(1)));
  rows.push(['CapAuditStorageV2', '`storeIncident`', stored, stored]);
  rows.push(['CapAuditStorageV2', '`storeAudit`', await used(contract.storeAudit('AUD-1', hash(1), cid)), '']);
  await used(contract.anchorBatch(ethers.id('log'), 0, 1, hash(0), 1, [], [])); // the first of a log also keeps whose it is
  let at = 1;
  const anchor = async (incidents, full) => {
    const anchors = Array.from({ length: incidents }, (_, i) => [ethers.id(`WEB-01/INC-${at + i}`), ethers.id('WEB-01'), hash(at + i), at + i, 1, -78n * 10n ** 15n]);
    const records = Array.from({ length: full }, (_, i) => {
      const [id, cap, agent, severity, digest, ipfs] = record(1000 + at + i);
      return [id, cap, agent, severity, digest, ipfs, -78n * 10n ** 15n];
    });
    const to = at + Math.max(incidents, 1);
    const gas = await used(contract.anchorBatch(ethers.id('log'), at, to, hash(to), to, anchors, records, { gasLimit: 16_777_216 }));
    at = to;
    return gas;
  };
  rows.push(['CapAuditStorageV2', '`anchorBatch`, a root alone: no incident since the last', await anchor(0, 0), '']);
  for (const incidents of [1, 10, 100, 500]) {
    const gas = await anchor(incidents, 0);
    rows.push(['CapAuditStorageV2', `\`anchorBatch\`, ${incidents} incident${incidents > 1 ? 's' : ''}`, gas, Math.round(gas / incidents)]);
  }
  const critical = await anchor(10, 10);
  rows.push(['CapAuditStorageV2', '`anchorBatch`, 10 critical incidents with full records', critical, Math.round(critical / 10)]);
  for (const depth of [10, 20, 30]) {
    rows.push(['CapAuditStorageV2', `\`verifyInclusion\` in a log of 2^${depth} entries, called in a transaction`, await inclusion(contract, depth), '']);
  }
  return rows;
}

async function ofTokens(signer) {
  const { abi, bytecode } = JSON.parse(readFileSync(join(here, '../CapNFT.json'), 'utf8'));
  const { contract, gas } = await deploy(signer, abi, bytecode, signer.address);
  const cap = (i, version, keys) => [`CAP-${String(i).padStart(2, '0')}`, ethers.getAddress(ethers.dataSlice(hash(i), 12)), version, keys.map((roles, k) => [hash(1000 + (100 * i) + k), roles])];
  const mirror = async (...caps) => used(contract.mirror(caps, { gasLimit: 16_777_216 }));
  const many = (from, version) => Array.from({ length: 20 }, (_, i) => cap(from + i, version, [5]));
  return [
    ['CapNFT', 'deployment', gas, ''],
    ['CapNFT', '`mirror`, a new CapID with one key', await mirror(cap(0, 1, [5])), ''],
    ['CapNFT', '`mirror`, a key more', await mirror(cap(0, 2, [5, 1])), ''],
    ['CapNFT', '`mirror`, a key less', await mirror(cap(0, 3, [5])), ''],
    ['CapNFT', '`mirror`, the same again: skipped', await mirror(cap(0, 3, [5])), ''],
    ['CapNFT', '`mirror`, 20 new CapIDs with one key each', await mirror(...many(1, 1)), ''],
    ['CapNFT', '`mirror`, a new CapID with 64 keys, which is the most', await mirror(cap(30, 1, Array(64).fill(5))), ''],
  ];
}

/** The proof of entry 0 in a tree of 2^depth: any neighbours make a root. */
async function inclusion(contract, depth) {
  const proof = Array.from({ length: depth }, (_, i) => hash(i));
  const root = proof.reduce((left, right) => ethers.sha256(ethers.concat(['0x01', left, right])), hash(99));
  const key = ethers.id(`depth ${depth}`);
  await used(contract.anchorBatch(key, 0, 2n ** BigInt(depth), root, 2n ** BigInt(depth), [], []));
  const call = [hash(99), 0, 2n ** BigInt(depth), proof, key, 2n ** BigInt(depth)];
  if (!await contract.verifyInclusion(...call)) throw new Error('the proof does not hold');
  return Number(await contract.verifyInclusion.estimateGas(...call));
}

function publish(rows) {
  const text = `# Gas
Written by \`node contracts/solidity/gas/measure.mjs\`: anvil ${require('@foundry-rs/anvil/package.json').version}, solc ${artifact.compiler.split('+')[0]}, optimizer with 200 runs, cancun. Incident ids of 8 characters, CapIDs of 6, a CID of 59.

| contract | call | gas | per incident |
|---|---|---|---|
${rows.map(([contract, call, gas, each]) => `| ${contract} | ${call} | ${number(gas)} | ${each === '' ? '' : number(each)} |`).join('\n')}

A transaction has at most 16,777,216 gas (EIP-7825).
`;
  const file = join(here, '../../../docs/gas.md');
  if (!process.argv.includes('--check')) {
    writeFileSync(file, text);
  } else if (readFileSync(file, 'utf8') !== text) {
    console.error(`docs/gas.md is not what the contracts cost: run node contracts/solidity/gas/measure.mjs\n${text}`);
    process.exitCode = 1;
  }
}

async function deploy(signer, abi, bytecode, ...args) {
  const contract = await new ethers.ContractFactory(abi, bytecode, signer).deploy(...args);
  return { contract, gas: Number((await contract.deploymentTransaction().wait()).gasUsed) };
}

async function used(transaction) {
  return Number((await (await transaction).wait()).gasUsed);
}

async function startNode() {
  const port = await new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
  const machine = process.arch === 'arm64' ? 'arm64' : 'amd64';
  const anvil = spawn(join(npm, `node_modules/@foundry-rs/anvil-linux-${machine}/bin/anvil`), ['--port', `${port}`, '--hardfork', 'cancun']);
  await new Promise((resolve, reject) => {
    anvil.stdout.on('data', (text) => `${text}`.includes('Listening on') && resolve());
    anvil.on('exit', () => reject(new Error('anvil ended')));
  });
  return { process: anvil, url: `http://127.0.0.1:${port}` };
}

function record(i) {
  return [`INC-${String(i).padStart(4, '0')}`, 'WEB-01', 'agent-1', 'critical', hash(i), cid];
}

function hash(i) {
  return ethers.id(`hash ${i}`);
}

function number(value) {
  return value.toLocaleString('en-US');
}
