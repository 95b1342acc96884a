// What the dev chain answers to whoever does not show its token: what a client of a real chain asks, and none of it without a bound. anvil runs
// a call for as long as its gas lasts, also when nobody waits for the answer any more, and it does not end while it does.

/** Of a block, so of a call too: some tenths of a second of one core. */
export const BLOCK_GAS = 30_000_000;

const MAX_LOG_BLOCKS = 10_000;
const MAX_FEE_BLOCKS = 1024;
const MAX_ITEMS = 100;

const PLAIN = new Set([
  'net_listening', 'net_peerCount', 'net_version', 'web3_clientVersion', 'web3_sha3',
  'eth_accounts', 'eth_blobBaseFee', 'eth_blockNumber', 'eth_chainId', 'eth_gasPrice', 'eth_maxPriorityFeePerGas', 'eth_protocolVersion', 'eth_syncing',
  'eth_getBalance', 'eth_getCode', 'eth_getStorageAt', 'eth_getTransactionCount',
  'eth_getBlockByHash', 'eth_getBlockByNumber', 'eth_getBlockReceipts', 'eth_getBlockTransactionCountByHash', 'eth_getBlockTransactionCountByNumber',
  'eth_getTransactionByBlockHashAndIndex', 'eth_getTransactionByBlockNumberAndIndex', 'eth_getTransactionByHash', 'eth_getTransactionReceipt',
  'eth_sendRawTransaction', 'eth_sendRawTransactionSync',
]);

const BOUNDED = new Map([
  ['eth_call', callRefusal],
  ['eth_createAccessList', callRefusal],
  ['eth_estimateGas', callRefusal],
  ['eth_feeHistory', feeRefusal],
  ['eth_getLogs', logsRefusal],
]);

/** anvil takes others too, some of which are other names of these ("gasLimit"), or code that runs. */
const CALL_MEMBERS = new Set([
  'from', 'to', 'gas', 'gasPrice', 'maxFeePerGas', 'maxPriorityFeePerGas', 'value', 'data', 'input', 'nonce', 'chainId', 'type', 'accessList',
]);

export function isAllowed(method) {
  return PLAIN.has(method) || BOUNDED.has(method);
}

/**
 * @param params What is asked of an allowed method; what is checked is what anvil must get.
 * @param newest Gives the newest block's number.
 * @returns Why it is not answered; null when it is.
 */
export async function boundsRefusal(method, params, newest) {
  if (params !== undefined && !Array.isArray(params)) return 'params is a list.';
  return (await BOUNDED.get(method)?.(params ?? [], newest)) ?? null;
}

function callRefusal([call, block, ...overrides]) {
  if (!isObject(call)) return 'A call is an object.';
  if (block !== undefined && block !== null && typeof block !== 'string' && !isObject(block)) return 'The block is a text or an object.';
  if (overrides.some((one) => one !== null)) return "Overrides of state or block are for the dev chain's owner.";
  const unknown = Object.keys(call).find((name) => !CALL_MEMBERS.has(name));
  if (unknown !== undefined) return `A call has no member ${JSON.stringify(unknown.slice(0, 40))} here.`;
  const gas = call.gas ?? null;
  return gas === null || numberOf(gas) <= BLOCK_GAS ? null : `A call has at most ${BLOCK_GAS} gas, written as 0x and hexadecimal digits.`;
}

function feeRefusal([count, , percentiles]) {
  if (!(numberOf(count) <= MAX_FEE_BLOCKS)) return `At most ${MAX_FEE_BLOCKS} blocks.`;
  return isShort(percentiles) ? null : `At most ${MAX_ITEMS} percentiles.`;
}

async function logsRefusal([filter], newest) {
  if (!isObject(filter)) return 'A filter is an object.';
  const { address, topics } = filter;
  if (Array.isArray(address) && !isShort(address)) return `At most ${MAX_ITEMS} addresses.`;
  if (!isShort(topics) || (topics ?? []).some((one) => Array.isArray(one) && !isShort(one))) return `At most ${MAX_ITEMS} topics.`;
  if (typeof filter.blockHash === 'string') return null;
  const last = await newest();
  const [from, to] = [blockOf(filter.fromBlock, last, 0), Math.min(blockOf(filter.toBlock, last, last), last)];
  return to - from < MAX_LOG_BLOCKS ? null : `At most ${MAX_LOG_BLOCKS} blocks, named by numbers written as 0x and hexadecimal digits.`;
}

/** @param other What "finalized" and "safe" count for: the farthest that they can be. */
function blockOf(text, newest, other) {
  if ((text ?? null) === null || text === 'latest' || text === 'pending') return newest;
  return text === 'earliest' ? 0 : text === 'safe' || text === 'finalized' ? other : numberOf(text);
}

/** NaN, which is smaller than nothing, for what is not written as Ethereum's clients write it. */
function numberOf(value) {
  return typeof value === 'string' && /^0x[0-9a-f]{1,64}$/i.test(value) ? Number(value) : Number.isSafeInteger(value) && value >= 0 ? value : NaN;
}

function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isShort(list) {
  return (list ?? null) === null || (Array.isArray(list) && list.length <= MAX_ITEMS);
}
