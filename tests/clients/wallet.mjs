// A contract wallet and its owner, with ethers: deploys OwnerWallet.sol and signs typed data as its owner.
// node wallet.mjs RPC_URL TYPED_DATA_JSON
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const require = createRequire(join(here, '../../deploy/npm/package.json'));
const solc = require('solc');
const { ethers } = require('ethers');
const [url, text] = process.argv.slice(2);

const source = 'OwnerWallet.sol';
const { contracts, errors } = JSON.parse(solc.compile(JSON.stringify({
  language: 'Solidity',
  sources: { [source]: { content: readFileSync(join(here, source), 'utf8') } },
  settings: { evmVersion: 'cancun', outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } } },
})));
if (errors?.some(({ severity }) => severity === 'error')) throw new Error(JSON.stringify(errors));

const owner = ethers.Wallet.createRandom();
const provider = new ethers.JsonRpcProvider(url, undefined, { staticNetwork: true });
const { abi, evm } = contracts[source].OwnerWallet;
const wallet = await new ethers.ContractFactory(abi, evm.bytecode.object, await provider.getSigner(0)).deploy(owner.address);
await wallet.waitForDeployment();

const { domain, types: { EIP712Domain, ...types }, message } = JSON.parse(text);
console.log(JSON.stringify({
  wallet: await wallet.getAddress(),
  owner: owner.address,
  signature: await owner.signTypedData(domain, types, message),
}));
provider.destroy();
