/** `npm run demo`: scaffolds a Thrift and a gRPC project from examples/, starts their servers, runs their clients against them, cleans up. */

import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const volo = join(root, 'bin/volo.js')
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
const workspace = mkdtempSync(join(tmpdir(), 'volo-demo-'))
const running = new Set()

const projects = [
  { name: 'shop', idl: 'examples/shop/idl/shop.thrift', includes: 'examples/shop/idl' },
  { name: 'fleet', idl: 'examples/fleet/idl/fleet/v1/fleet.proto', includes: 'examples/fleet/idl' },
]

const say = (text) => console.log(text)
const indent = (text) => text.trimEnd().replace(/^/gm, '    ')

function start(command, args, options) {
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32' && command === npm,
    ...options,
  })
  running.add(child)
  child.on('close', () => running.delete(child))
  child.output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => {
      child.output += text
    })
  return child
}

function ended(child) {
  return new Promise((resolve, reject) => child.once('error', reject).once('close', (code) => resolve(code)))
}

/** Runs a command to its end; gives what it printed. */
async function run(command, args, options) {
  const child = start(command, args, options)
  const code = await ended(child)
  if (code !== 0) throw new Error(`${[command, ...args].join(' ')} exited ${code}\n${child.output}`)
  return child.output
}

/** Starts the built server of a project on a free port; gives the child and its address. */
async function serve(folder) {
  const { scripts } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const entry = /node (\S+\.js)/.exec(scripts.start)[1]
  const child = start(process.execPath, [entry], { cwd: folder, env: { ...process.env, PORT: '0' } })
  const port = await new Promise((resolve, reject) => {
    child.stdout.on('data', () => {
      const found = /listening on \S*?:(\d+)\s/.exec(child.output)
      if (found) resolve(Number(found[1]))
    })
    child.once('close', (code) => reject(new Error(`the server exited ${code}\n${child.output}`)))
  })
  return { child, address: `127.0.0.1:${port}` }
}

async function demo({ name, idl, includes }) {
  const folder = join(workspace, name)
  say(`\n$ volo init ${name} ${idl} -i ${includes}`)
  say(
    indent(
      await run(
        process.execPath,
        [volo, 'init', name, join(root, idl), '-i', join(root, includes), '--yes', '--no-git'],
        { cwd: workspace },
      ),
    ),
  )

  say(`\n$ cd ${name} && npm run build`)
  await run(npm, ['run', '--silent', 'build'], { cwd: folder })

  const { child, address } = await serve(folder)
  say(`$ npm start          (server, process ${child.pid})`)
  say(indent(child.output))

  say(`\n$ SERVER_ADDRESS=${address} npm run client`)
  say(
    indent(
      await run(npm, ['run', '--silent', 'client'], { cwd: folder, env: { ...process.env, SERVER_ADDRESS: address } }),
    ),
  )

  child.kill('SIGTERM')
  const code = await ended(child)
  if (code !== 0 && process.platform !== 'win32')
    throw new Error(`the server exited ${code} on SIGTERM\n${child.output}`)
  say(`\n(the server drained and exited ${code})`)
}

const startedAt = Date.now()
try {
  say('One project from a Thrift IDL and one from a protobuf IDL: scaffold, build, serve, call.')
  for (const project of projects) await demo(project)
  say(
    `\nDone in ${((Date.now() - startedAt) / 1000).toFixed(0)} s. Try it yourself: npm link, then volo init my-service`,
  )
} catch (error) {
  console.error(`\nThe demo failed: ${error.message}`)
  process.exitCode = 1
} finally {
  for (const child of running) child.kill('SIGKILL')
  rmSync(workspace, { recursive: true, force: true })
}
