/** Real git repos in temporary folders, and real servers in front of them: git daemon and smart HTTP. */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net'
import { devNull } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** The environment of a git that knows nothing of the machine's settings. */
export const plainGitEnv: Readonly<Record<string, string>> = {
  PATH: process.env['PATH'] ?? '',
  HOME: devNull,
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: devNull,
}

const author = {
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.com',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.com',
}

/** A repo with a work tree. */
export interface GitRepo {
  readonly folder: string
  readonly url: string
  /** Runs git in it and gives what it printed. */
  git(...args: string[]): string
  /** Writes files (undefined removes one, `{ link }` is a symbolic link), commits and gives the commit. */
  commit(
    message: string,
    files: Readonly<Record<string, string | Uint8Array | { readonly link: string } | undefined>>,
  ): string
}

/** Makes an empty repo whose branch is `main`. */
export function makeRepo(folder: string): GitRepo {
  mkdirSync(folder, { recursive: true })
  let clock = 1_700_000_000
  const git = (...args: string[]): string => {
    const date = `${++clock} +0000`
    const env = { ...plainGitEnv, ...author, GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date }
    return execFileSync('git', args, { cwd: folder, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim()
  }
  git('init', '--quiet', '--initial-branch=main')
  git('config', 'uploadpack.allowFilter', 'true')
  return {
    folder,
    url: `file://${folder}`,
    git,
    commit(message, files) {
      for (const [path, content] of Object.entries(files)) {
        const target = join(folder, path)
        rmSync(target, { force: true })
        if (content === undefined) continue
        mkdirSync(dirname(target), { recursive: true })
        if (typeof content === 'string' || content instanceof Uint8Array) writeFileSync(target, content)
        else symlinkSync(content.link, target)
      }
      git('add', '--all', '--force')
      git('commit', '--quiet', '--allow-empty', '--message', message)
      return git('rev-parse', 'HEAD')
    },
  }
}

/** A server that is running. */
export interface RunningServer {
  /** Without a slash at its end. */
  readonly url: string
  close(): Promise<void>
}

/** Serves every repo below a folder by `git daemon`. */
export async function startGitDaemon(folder: string): Promise<RunningServer> {
  // The daemon cannot say which port it was given, and another process may take one that was free.
  for (let tries = 0; tries < 3; tries++) {
    const port = await freePort()
    const options = ['--export-all', '--reuseaddr', '--listen=127.0.0.1', `--port=${port}`, `--base-path=${folder}`]
    // It is a child of `git`, which passes a signal on.
    const child = spawn('git', ['daemon', ...options, folder], { env: plainGitEnv, stdio: 'ignore' })
    while (child.exitCode === null) {
      if (await answers(port)) return { url: `git://127.0.0.1:${port}`, close: () => ended(child) }
      await sleep(25)
    }
  }
  throw new Error('git daemon did not start')
}

async function freePort(): Promise<number> {
  const probe = createTcpServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  await new Promise((resolve) => probe.close(resolve))
  return port
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill('SIGTERM')
  await exit
}

/** What a smart HTTP server does with a request before git sees it; true when it has answered. */
export type Intercept = (request: IncomingMessage, response: ServerResponse) => boolean

/** Serves every repo below a folder over smart HTTP, by `git http-backend`. */
export async function startGitHttp(folder: string, intercept: Intercept = () => false): Promise<RunningServer> {
  const children = new Set<ChildProcess>()
  const server = createServer((request, response) => {
    if (!intercept(request, response)) answer(folder, request, response, children)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      server.closeAllConnections()
      await Promise.all([...children].map(ended))
      await closed(server)
    },
  }
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()))
}

function answer(folder: string, request: IncomingMessage, response: ServerResponse, children: Set<ChildProcess>): void {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1')
  const backend = spawn('git', ['http-backend'], {
    env: {
      ...plainGitEnv,
      GIT_PROJECT_ROOT: folder,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: decodeURIComponent(url.pathname),
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method ?? 'GET',
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: String(request.headers['content-encoding'] ?? ''),
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  children.add(backend)
  backend.on('exit', () => children.delete(backend))
  backend.stdin.on('error', () => {})
  request.pipe(backend.stdin)
  let head = Buffer.alloc(0)
  let isBody = false
  backend.stdout.on('data', (chunk: Buffer) => {
    if (isBody) return void response.write(chunk)
    head = Buffer.concat([head, chunk])
    const end = head.indexOf('\r\n\r\n')
    if (end < 0) return
    isBody = true
    for (const line of head.toString('latin1', 0, end).split('\r\n')) {
      const [name = '', ...value] = line.split(': ')
      if (name === 'Status') response.statusCode = Number(value[0]?.slice(0, 3))
      else response.setHeader(name, value.join(': '))
    }
    response.write(head.subarray(end + 4))
  })
  backend.on('close', () => response.end())
}
