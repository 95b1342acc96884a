// Compiles CapAuditStorageV2.sol and writes ABI and bytecode beside it; with --check, compares instead.
// The compiler is the one that deploy/npm/package-lock.json pins.
import { createRequire } from 'node:module';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const require = createRequire(join(here, '../../deploy/npm/package.json'));
const solc = require('solc');
const source = 'CapAuditStorageV2.sol';
const output = JSON.parse(solc.compile(JSON.stringify({
  language: 'Solidity',
  sources: { [source]: { content: readFileSync(join(here, source), 'utf8') } },
  settings: {
    evmVersion: 'cancun',
    optimizer: { enabled: true, runs: 200 },
    viaIR: true,
    outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object', 'evm.deployedBytecode.object'] } },
  },
})));

const errors = (output.errors ?? []).filter((message) => message.severity === 'error');
if (errors.length > 0) {
  console.error(errors.map((message) => message.formattedMessage).join('\n'));
  process.exit(1);
}

const { abi, evm } = output.contracts[source].CapAuditStorageV2;
const artifact = JSON.stringify({
  contract: 'CapAuditStorageV2',
  compiler: solc.version(),
  abi,
  bytecode: `0x${evm.bytecode.object}`,
  deployedBytecode: `0x${evm.deployedBytecode.object}`,
}, null, 2) + '\n';
const file = join(here, 'CapAuditStorageV2.json');
if (!process.argv.includes('--check')) {
  writeFileSync(file, artifact);
} else if (readFileSync(file, 'utf8') !== artifact) {
  console.error('CapAuditStorageV2.json is not what CapAuditStorageV2.sol compiles to: run node contracts/solidity/compile.mjs');
  process.exit(1);
}
