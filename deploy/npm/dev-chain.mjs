// A dev chain for the product alone: anvil where nobody else reaches it, behind an HTTP front that browsers cannot use.
// node dev-chain.mjs --anvil PROGRAM --dir DIRECTORY --port PORT --chain-id ID
// anvil answers whoever reaches its TCP port, any page in a browser among them, and lets them replace contracts. So it runs in a network
// namespace of its own and is spoken to over a Unix socket in DIRECTORY (0700); this listens on 127.0.0.1:PORT and lets through what a
// client of a real chain may ask, within bounds (dev-chain-calls.mjs). The rest needs the token in DIRECTORY/token. Prints faults only; ends when
// anvil does, with its status.
import { spawn, spawnSync } from 'node:child_process';
import { createHash, randomBytes, randomInt, timingSafeEqual } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { parseArgs } from 'node:util';
import { BLOCK_GAS, boundsRefusal, isAllowed } from './dev-chain-calls.mjs';

const MAX_BODY_BYTES = 4 * 1024 * 1024;
const MAX_BATCH = 100;
const MAX_DEPTH = 64;
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;
const ANSWER_MS = 60_000;
const CONNECT_MS = 20_000;
const STOP_MS = 5_000;

// Of those who do not show the token: requests from their first byte to the last of the answer, and calls that anvil works on.
const MAX_STRANGERS = 32;
const MAX_STRANGERS_CALLS = 2;
const BUSY = -32005;

const { anvil: program, dir, port, 'chain-id': chainId } = parseArgs({
  options: { anvil: { type: 'string' }, dir: { type: 'string' }, port: { type: 'string' }, 'chain-id': { type: 'string' } },
}).values;
process.chdir(dir); // a Unix socket's path has at most 107 bytes
const socketPath = 'anvil.ipc';
const tokenPath = 'token';
const hosts = new Set([`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`]);

const token = randomBytes(32).toString('hex');
rmSync(tokenPath, { force: true }); // an old file keeps its mode
writeFileSync(tokenPath, token, { mode: 0o600 });
rmSync(socketPath, { force: true });

// setpriv: anvil gets SIGTERM, and keeps its state, even when this process is killed.
const guard = ['setpriv', '--pdeathsig', 'TERM', '--'];
// No accounts: everybody knows the keys of anvil's own, and so could fill the chain and its pool.
const options = [
  '--ipc', socketPath, '--chain-id', chainId, '--no-cors', '--state', 'state.json', '--state-interval', '10', '--silent',
  '--accounts', '0', '--gas-limit', `${BLOCK_GAS}`, '--prune-history', '20', // of states, each as large as the contract's: in memory, and not on disk for ever
];
const child = await start();
let stopping = false;
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) {
  process.on(signal, () => {
    stopping = true;
    end();
  });
}
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGKILL' ? 137 : stopping ? 0 : 143)));
child.on('error', (fault) => fail(`The dev chain did not start: ${fault.message}`));

let strangers = 0;
let free = MAX_STRANGERS_CALLS;
const waiting = [];
await ready();
const server = http.createServer({ requestTimeout: 30_000, headersTimeout: 10_000, keepAliveTimeout: 120_000 }, (request, response) => {
  serve(request, response).catch((fault) => reply(response, 502, { error: { code: -32603, message: fault.message } }));
});
server.on('upgrade', (request, socket) => socket.on('error', () => socket.destroy()).end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'));
server.on('error', (fault) => fail(`The dev chain cannot listen on 127.0.0.1:${port}: ${fault.message}`));
server.listen(Number(port), '127.0.0.1');

/** Starts anvil in a network of its own: its own listener is on an interface that leads nowhere. */
async function start() {
  const stdio = ['ignore', 'ignore', 'inherit'];
  for (const unshare of [['--net'], ['--user', '--map-root-user', '--net']]) {
    if (spawnSync('unshare', [...unshare, 'true'], { stdio: 'ignore' }).status === 0) {
      return spawn('unshare', [...unshare, ...guard, program, '--host', '0.0.0.0', ...options], { stdio });
    }
  }

  const host = `127.${randomInt(1, 255)}.${randomInt(0, 256)}.${randomInt(1, 255)}`;
  const hidden = await freePort(host);
  console.error('This machine permits no network namespaces: the dev chain listens at a random loopback address instead, without CORS.');
  return spawn(guard[0], [...guard.slice(1), program, '--host', host, '--port', `${hidden}`, ...options], { stdio });
}

function freePort(host) {
  return new Promise((resolve, reject) => {
    const probe = net.createServer().on('error', reject).listen(0, host, () => {
      const chosen = probe.address().port;
      probe.close(() => resolve(chosen));
    });
  });
}

/** Completes when anvil answers. */
async function ready() {
  const started = performance.now();
  while (true) {
    try {
      return await ask({ jsonrpc: '2.0', id: 0, method: 'eth_chainId', params: [] });
    } catch (fault) {
      if (performance.now() - started > CONNECT_MS) fail(`The dev chain does not answer: ${fault.message}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** anvil ends when it has kept its state; it does neither while a call runs. */
function end() {
  child.kill('SIGTERM');
  setTimeout(() => {
    console.error(`The dev chain did not end within ${STOP_MS / 1000} seconds: killing it. It goes on from what it kept last.`);
    child.kill('SIGKILL');
  }, STOP_MS);
}

function fail(message) {
  console.error(message);
  end();
  process.exitCode = 1;
  child.once('exit', () => process.exit(1));
  if (child.pid === undefined || child.exitCode !== null) process.exit(1);
}

/**
 * One connection per question, so that answers need no matching. anvil reads JSON after JSON and ends each answer with a line feed.
 * @param atEnd Called when anvil is done with it, which can be after this gave up.
 */
function ask(question, atEnd = () => {}) {
  const text = JSON.stringify(question); // here, so that a fault is the caller's and not the process's
  return new Promise((resolve, reject) => {
    const chunks = [];
    let bytes = 0;
    const socket = net.connect(socketPath, () => socket.write(`${text}\n`));
    const timer = setTimeout(() => reject(new Error('The dev chain does not answer.')), ANSWER_MS);
    socket.on('data', (chunk) => {
      bytes += chunk.length;
      if (bytes > MAX_ANSWER_BYTES) return socket.destroy(new Error(`The answer has more than ${MAX_ANSWER_BYTES} bytes.`));
      chunks.push(chunk);
      if (chunk.includes(0x0a)) {
        socket.destroy();
        try {
          resolve(JSON.parse(Buffer.concat(chunks).toString('utf8')));
        } catch (fault) {
          reject(fault);
        }
      }
    });
    socket.on('error', reject);
    socket.on('close', () => {
      clearTimeout(timer);
      atEnd();
      reject(new Error('The dev chain hung up.'));
    });
  });
}

/** As ask, but only so many at a time, in turn. What nobody waits for any more is not asked. */
async function askInTurn(question, isGone) {
  if (free === 0) await new Promise((resolve) => waiting.push(resolve));
  else free--;
  const atEnd = () => (waiting.length > 0 ? waiting.shift()() : free++);
  if (isGone()) {
    atEnd();
    throw new Error('Nobody waits for it.');
  }

  return ask(question, atEnd);
}

async function serve(request, response) {
  const { headers } = request;
  const refusal = !hosts.has(headers.host) ? [403, 'Another Host.']
    : headers.origin !== undefined || (headers['sec-fetch-site'] ?? 'none') !== 'none' ? [403, 'Pages in browsers are not served.']
    : request.method !== 'POST' ? [405, 'POST only.']
    : request.url !== '/' ? [404, 'There is / only.']
    : (headers['content-type'] ?? '').split(';')[0].trim().toLowerCase() !== 'application/json' ? [415, 'application/json only.']
    : Number(headers['content-length'] ?? 0) > MAX_BODY_BYTES ? [413, `At most ${MAX_BODY_BYTES} bytes.`]
    : null;
  if (refusal) return reject(response, ...refusal);
  const owner = isOwner(headers);
  if (!owner) {
    if (strangers === MAX_STRANGERS) return reject(response, 503, 'The dev chain is busy.', BUSY);
    strangers++;
    response.once('close', () => strangers--);
  }

  const chunks = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) return reject(response, 413, `At most ${MAX_BODY_BYTES} bytes.`);
    chunks.push(chunk);
  }

  let body;
  try {
    const text = Buffer.concat(chunks).toString('utf8');
    if (depthOf(text) > MAX_DEPTH) return reply(response, 200, answer(null, -32600, `At most ${MAX_DEPTH} levels.`));
    body = JSON.parse(text);
  } catch {
    return reply(response, 200, answer(null, -32700, 'This is not JSON.'));
  }

  const put = owner ? ask : (question) => askInTurn(question, () => response.closed);
  if (!Array.isArray(body)) return reply(response, 200, await forward(body, owner, put));
  return reply(response, 200, body.length === 0 || body.length > MAX_BATCH
    ? answer(null, -32600, `1 to ${MAX_BATCH} requests in a batch.`)
    : await forwardAll(body, owner, put));
}

/** How deep brackets are nested outside of strings: neither JSON's parser nor its writer has a limit of its own but the stack. */
function depthOf(text) {
  let [depth, deepest, quoted] = [0, 0, false];
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (quoted) {
      if (c === '\\') i++;
      else if (c === '"') quoted = false;
    } else if (c === '"') quoted = true;
    else if (c === '{' || c === '[') deepest = Math.max(deepest, ++depth);
    else if (c === '}' || c === ']') depth--;
  }
  return deepest;
}

/** One after the other: a batch takes no more of the dev chain than a call does. */
async function forwardAll(requests, owner, put) {
  const answers = [];
  let bytes = 0;
  for (const request of requests) {
    const one = bytes > MAX_ANSWER_BYTES
      ? answer(request?.id ?? null, -32603, `The answers have more than ${MAX_ANSWER_BYTES} bytes.`)
      : await forward(request, owner, put);
    bytes += Buffer.byteLength(JSON.stringify(one));
    answers.push(one);
  }

  return answers;
}

/** What is checked here is what anvil gets: it is written anew, so no member stands there twice. */
async function forward(request, owner, put) {
  const id = request?.id;
  if (typeof request?.method !== 'string' || (typeof id !== 'string' && !Number.isSafeInteger(id))) {
    return answer(null, -32600, 'A request has a method, and an id that is a string or a whole number.');
  }

  const { method, params } = request;
  if (!owner) {
    if (!isAllowed(method)) return answer(id, -32601, `${method} is for the dev chain's owner; see the file token beside its state.`);
    const newest = async () => Number((await put({ jsonrpc: '2.0', id: 0, method: 'eth_blockNumber', params: [] })).result);
    const refusal = await boundsRefusal(method, params, newest);
    if (refusal) return answer(id, -32602, refusal);
  }

  return put({ jsonrpc: '2.0', id, method, params });
}

function isOwner(headers) {
  const digest = (text) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(headers['x-dev-chain-token'] ?? ''), digest(token));
}

function answer(id, code, message) {
  return { jsonrpc: '2.0', id, error: { code, message } };
}

function reject(response, status, message, code = -32600) {
  response.setHeader('Connection', 'close'); // the body was not read
  if (status === 405) response.setHeader('Allow', 'POST');
  return reply(response, status, answer(null, code, message));
}

function reply(response, status, body) {
  if (response.headersSent) return response.destroy();
  const timer = setTimeout(() => response.destroy(), ANSWER_MS); // who reads no answer does not hold it for ever
  response.once('close', () => clearTimeout(timer));
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  });
  response.end(text);
}
