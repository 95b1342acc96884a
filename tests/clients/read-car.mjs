// Reads a CAR with the IPLD project's own libraries, each block compared with its CID, and prints its index and its entries in the index's order.
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'

const packages = new URL('../../deploy/npm/node_modules/@ipld/', import.meta.url)
const { CarReader } = await import(new URL('car/src/index.js', packages))
const dagCbor = await import(new URL('dag-cbor/src/index.js', packages))

const reader = await CarReader.fromIterable(createReadStream(process.argv[2]))
const [root, ...others] = await reader.getRoots()
if (others.length > 0) throw new Error('one root')
const seen = new Set()
const read = async cid => {
  const { bytes } = await reader.get(cid)
  if (!createHash('sha256').update(bytes).digest().equals(Buffer.from(cid.multihash.digest))) throw new Error(`another block than ${cid}`)
  if (bytes.length > 1 << 20) throw new Error(`${cid} has ${bytes.length} bytes`)
  seen.add(cid.toString())
  return bytes
}
const decode = async cid => {
  const bytes = await read(cid)
  const value = dagCbor.decode(bytes)
  if (!Buffer.from(dagCbor.encode(value)).equals(Buffer.from(bytes))) throw new Error(`${cid} is not canonical`)
  return value
}
const index = await decode(root)
const entries = []
for (const link of index.entries) {
  const links = link.code === dagCbor.code ? (await decode(link)).entries : [link]
  for (const one of links) entries.push(Buffer.from(await read(one)).toString('base64'))
}
let blocks = 0
for await (const { cid } of reader.blocks()) {
  if (!seen.has(cid.toString())) throw new Error(`${cid} is in no index`)
  blocks++
}
console.log(JSON.stringify({
  root: root.toString(), from: index.from, to: index.to, origin: index.origin, size: index.size,
  treeRoot: Buffer.from(index.root).toString('hex'), blocks, entries
}))
