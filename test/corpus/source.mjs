/** Where real IDLs come from: packages of public registries, each at one version, fetched by the tools that this machine has. */

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'

/** Outside the repository, so that nothing fetched is ever committed, linted or packed. */
export const cacheFolder = resolve(process.env['VOLO_CORPUS_CACHE'] ?? join(homedir(), '.cache', 'volo-ts', 'corpus'))

const timeoutMs = 120_000

const apacheRoots = ['', '/transit', '/transit/light', '/transit/services', '/vehicles', '/maintenance'].map(
  (below) => `lib/rs/test_recursive/src${below}`,
)

/** `roots`: folders below the package from which its imports start. */
export const sources = [
  { from: 'installed', name: 'google-proto-files', roots: ['.'] },
  { from: 'installed', name: '@grpc/grpc-js', roots: ['proto', 'proto/xds', 'proto/protoc-gen-validate'] },
  { from: 'installed', name: 'protobufjs', roots: ['.'] },
  { from: 'npm', name: 'jaeger-client', version: '3.19.0' },
  { from: 'npm', name: 'hive-driver', version: '0.2.0' },
  { from: 'npm', name: 'parquetjs', version: '0.11.2' },
  { from: 'npm', name: 'moleculer', version: '0.14.36' },
  { from: 'go', name: 'github.com/apache/thrift', version: 'v0.25.0', roots: apacheRoots },
  { from: 'go', name: 'github.com/cloudwego/thriftgo', version: 'v0.4.1' },
  { from: 'go', name: 'github.com/cloudwego/kitex', version: 'v0.13.1' },
  { from: 'go', name: 'github.com/cloudwego/dynamicgo', version: 'v0.5.0' },
  { from: 'go', name: 'github.com/cloudwego/hertz/cmd/hz', version: 'v0.9.0' },
  { from: 'go', name: 'go.uber.org/thriftrw', version: 'v1.32.0' },
  { from: 'go', name: 'github.com/jaegertracing/jaeger-idl', version: 'v0.5.0', roots: ['proto', 'proto/api_v2'] },
  { from: 'go', name: 'github.com/bufbuild/protocompile', version: 'v0.14.1', roots: ['internal/testdata'] },
  { from: 'debian', name: 'thrift-compiler' },
  { from: 'debian', name: 'python3-thriftpy' },
]

/** The folder of a source, fetched once; or `{ skipped }`, the reason why there is none. */
export function folderOf(source) {
  return { installed, npm, go, debian }[source.from](source)
}

function installed({ name }) {
  try {
    return { folder: dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)) }
  } catch {
    return { skipped: 'not installed; run: npm install' }
  }
}

function npm({ name, version }) {
  return once(`npm-${name.replace('/', '-')}-${version}`, (folder) => {
    const packed = run('npm', ['pack', '--silent', '--ignore-scripts', `${name}@${version}`], folder)
    if (packed.skipped !== undefined) return packed
    return run('tar', ['-xzf', packed.output.trim().split('\n').at(-1)], folder)
  })
}

function go({ name, version }) {
  mkdirSync(cacheFolder, { recursive: true })
  const { output, skipped } = run('go', ['mod', 'download', '-json', `${name}@${version}`], cacheFolder)
  if (output === undefined) return { skipped }
  return { folder: JSON.parse(output).Dir }
}

function debian({ name }) {
  return once(`debian-${name}`, (folder) => {
    const fetched = run('apt-get', ['download', name], folder)
    if (fetched.skipped !== undefined) return fetched
    const file = readdirSync(folder).find((one) => one.endsWith('.deb'))
    return run('dpkg-deb', ['-x', file, '.'], folder)
  })
}

/** Fills a folder of the cache beside its place and moves it there whole: what exists is complete. */
function once(key, fill) {
  const folder = join(cacheFolder, key)
  if (existsSync(folder)) return { folder }
  const staging = `${folder}.${process.pid}`
  mkdirSync(staging, { recursive: true })
  const { skipped } = fill(staging)
  if (skipped === undefined) renameSync(staging, folder)
  else rmSync(staging, { recursive: true, force: true })
  return skipped === undefined ? { folder } : { skipped }
}

function run(command, args, cwd) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8', timeout: timeoutMs })
  if (error?.code === 'ENOENT') return { skipped: `no ${command} on this machine` }
  if (status === 0) return { output: stdout }
  const said = (command === 'go' ? errorOf(stdout) : undefined) ?? stderr
  return { skipped: `${command} ${args[0]} failed: ${said.trim().split('\n').at(-1) || (error?.message ?? status)}` }
}

function errorOf(json) {
  try {
    return JSON.parse(json).Error
  } catch {
    return undefined
  }
}

/** The IDL files of a folder, sorted. */
export function idlFiles(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile() && /\.(?:thrift|proto)$/.test(one.name))
    .map((one) => join(one.parentPath, one.name))
    .filter((path) => !path.slice(folder.length).includes('/node_modules/'))
    .sort()
}

/** The text of an IDL, or undefined when there is no such file. */
export function readIdl(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR' || error.code === 'EISDIR') return undefined
    throw error
  }
}
