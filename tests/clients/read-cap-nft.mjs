// A stranger who reads a CapNFT, with ethers and the standards' own words.
// node read-cap-nft.mjs RPC_URL CONTRACT CAP_ID KEY...
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(join(dirname(fileURLToPath(import.meta.url)), '../../deploy/npm/package.json'));
const { ethers } = require('ethers');
const [url, address, capId, ...keys] = process.argv.slice(2);
const provider = new ethers.JsonRpcProvider(url, undefined, { staticNetwork: true });
const contract = new ethers.Contract(address, [
  'function ownerOf(uint256) view returns (address)',
  'function locked(uint256) view returns (bool)',
  'function tokenURI(uint256) view returns (string)',
  'function getCapData(uint256) view returns (string, string[], bytes32[], uint64)',
  'function hasRole(uint256, address, uint8) view returns (bool)',
  'function supportsInterface(bytes4) view returns (bool)',
  'event CapMirrored(uint256 indexed tokenId, uint64 indexed version, string capId)',
  'event Locked(uint256 tokenId)',
  'event Transfer(address indexed from, address indexed to, uint256 indexed tokenId)',
], provider);
const tokenId = ethers.id(capId);
const [id, roles, keyHashes, version] = await contract.getCapData(tokenId);
const uri = await contract.tokenURI(tokenId);
const mirrored = await contract.queryFilter(contract.filters.CapMirrored(tokenId), 0);
const moves = await contract.queryFilter(contract.filters.Transfer(null, null, tokenId), 0);
const locks = (await contract.queryFilter(contract.filters.Locked(), 0)).filter(({ args }) => args.tokenId === BigInt(tokenId));
const interfaces = ['0x01ffc9a7', '0x80ac58cd', '0x5b5e139f', '0xb45a3c0e', '0xffffffff'];
console.log(JSON.stringify({
  capId: id,
  version: Number(version),
  holder: await contract.ownerOf(tokenId),
  locked: await contract.locked(tokenId),
  roles: Object.fromEntries(keys.map((key) => [key, roles[keyHashes.indexOf(ethers.keccak256(key))] ?? null])),
  keys: keyHashes.length,
  reporters: (await Promise.all(keys.map((key) => contract.hasRole(tokenId, key, 1)))),
  metadata: JSON.parse(ethers.toUtf8String(ethers.decodeBase64(uri.slice(uri.indexOf(',') + 1)))),
  uri: uri.slice(0, uri.indexOf(',')),
  interfaces: await Promise.all(interfaces.map((id) => contract.supportsInterface(id))),
  versions: mirrored.map(({ args }) => Number(args.version)),
  moves: moves.length,
  locks: locks.length,
}));
provider.destroy();
