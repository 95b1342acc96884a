// Compiles the contracts and writes the ABI and bytecode of each beside its source; with --check, compares instead.
// The compiler is the one that deploy/npm/package-lock.json pins.
import { createRequire } from 'node:module';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const solc = createRequire(join(here, '../../deploy/npm/package.json'))('solc');
const sources = readdirSync(here).filter((file) => file.endsWith('.sol'));
const output = JSON.parse(solc.compile(JSON.stringify({
  language: 'Solidity',
  sources: Object.fromEntries(sources.map((source) => [source, { content: readFileSync(join(here, source), 'utf8') }])),
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

for (const contracts of Object.values(output.contracts)) {
  for (const [contract, { abi, evm }] of Object.entries(contracts).filter(([, { abi }]) => abi.length > 0)) {
    const artifact = JSON.stringify({
      contract,
      compiler: solc.version(),
      abi,
      bytecode: `0x${evm.bytecode.object}`,
      deployedBytecode: `0x${evm.deployedBytecode.object}`,
    }, null, 2) + '\n';
    const file = join(here, `${contract}.json`);
    if (!process.argv.includes('--check')) {
      writeFileSync(file, artifact);
    } else if (readFileSync(file, 'utf8') !== artifact) {
      console.error(`${contract}.json is not what ${contract}.sol compiles to: run node contracts/solidity/compile.mjs`);
      process.exit(1);
    }
  }
}
