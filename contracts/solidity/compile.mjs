// Compiles the contracts and writes the ABI and bytecode of each beside its source; with --check, compares instead.
// The compiler is the one that deploy/npm/package-lock.json pins.
import { createRequire } from 'node:module';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const npm = join(here, '../../deploy/npm');
const solc = createRequire(join(npm, 'package.json'))('solc');
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
}), { import: library }));

const errors = (output.errors ?? []).filter((message) => message.severity === 'error');
if (errors.length > 0) {
  console.error(errors.map((message) => message.formattedMessage).join('\n'));
  process.exit(1);
}

for (const source of sources) {
  // What only describes another contract has an ABI and no code.
  const own = Object.entries(output.contracts[source]).filter(([, { abi, evm }]) => abi.length > 0 && evm.bytecode.object.length > 0);
  for (const [contract, { abi, evm }] of own) {
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

/** Sources of libraries, of the versions that package-lock.json pins. */
function library(path) {
  try {
    return { contents: readFileSync(join(npm, 'node_modules', path), 'utf8') };
  } catch {
    return { error: `${path} is not in deploy/npm: run npm ci there` };
  }
}
