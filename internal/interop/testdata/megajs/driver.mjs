// Signs in once and does a list of operations, one after the other. Reads
// {url, email, password, ops} from standard input and prints one result per
// operation: {error} or {entries}.
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { Storage } from 'megajs'

let text = ''
for await (const piece of process.stdin) text += piece
const job = JSON.parse(text)
for (const op of job.ops) op.path ??= []

const storage = new Storage({ gateway: job.url + '/', email: job.email, password: job.password, keepalive: false })
await storage.ready

function find (path) {
  let node = storage.root
  for (const name of path) {
    node = (node.children || []).find(child => child.name === name)
    if (!node) throw new Error('not found: ' + path.join('/'))
  }
  return node
}

// megajs stops reading its stream after the last byte, so nothing may wait for
// the stream's end, only for the upload; and it reports some errors only to a
// listener.
async function put (folder, local, name) {
  const { size } = await stat(local)
  const upload = folder.upload({ name, size })
  const failed = new Promise((resolve, reject) => upload.on('error', reject))
  if (size === 0) upload.end()
  else createReadStream(local).pipe(upload)
  await Promise.race([failed, upload.complete])
}

async function get (node, local) {
  await pipeline(node.download({}), createWriteStream(local))
}

const does = {
  async list (op) {
    const entries = (find(op.path).children || []).map(c => ({ name: c.name, size: c.size || 0, dir: c.directory, fingerprint: c.attributes.c || '' }))
    return { entries }
  },
  async mkdir (op) {
    await find(op.path.slice(0, -1)).mkdir(op.path.at(-1))
  },
  async put (op) {
    await put(find(op.path.slice(0, -1)), op.local, op.path.at(-1))
  },
  async get (op) {
    await get(find(op.path), op.local)
  },
  async putall (op) {
    const folder = find(op.path)
    for (const name of await readdir(op.local)) await put(folder, join(op.local, name), name)
  },
  async getall (op) {
    await mkdir(op.local, { recursive: true })
    const files = (find(op.path).children || []).filter(child => !child.directory)
    for (const node of files) await get(node, join(op.local, node.name))
  },
  async rename (op) {
    await find(op.path).rename(op.to.at(-1))
  },
  async move (op) {
    await find(op.path).moveTo(find(op.to.slice(0, -1)))
  },
  async remove (op) {
    await find(op.path).delete(true)
  }
}

const results = []
for (const op of job.ops) {
  try {
    results.push(await does[op.do](op) || {})
  } catch (error) {
    results.push({ error: String(error.message || error) })
  }
}
console.log(JSON.stringify(results))
await storage.close()
process.exit(0)
