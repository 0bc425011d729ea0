import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { sizeOf } from '../../src/project/git/cache-report.ts'
import { parseGitUrl } from '../../src/project/git/url.ts'
import { storeIn, textOf } from '../project/git/store.ts'
import { temporaryFolder } from '../project/temporary-folder.ts'
import { type GitRepo, makeRepo, plainGitEnv, startGitDaemon, startGitHttp } from '../support/git-repo.ts'

/** A repo of 100 MB that cannot be compressed, in five commits, with two IDL files. */
function largeRepo(folder: string): GitRepo {
  const repo = makeRepo(folder)
  const stream = join(folder, '..', 'stream')
  const file = openSync(stream, 'w')
  for (let commit = 1; commit <= 5; commit++) {
    writeSync(file, `commit refs/heads/main\ncommitter A <a@b> ${1_700_000_000 + commit} +0000\ndata 1\n${commit}\n`)
    for (let i = 0; i < 20; i++) {
      writeSync(file, `M 100644 inline bin/${commit}-${i}.bin\ndata ${1 << 20}\n`)
      writeSync(file, randomBytes(1 << 20))
      writeSync(file, '\n')
    }
    const text = `struct A${commit} {}`
    writeSync(file, `M 100644 inline idl/a.thrift\ndata ${text.length}\n${text}\n`)
  }
  closeSync(file)
  const input = openSync(stream, 'r')
  execFileSync('git', ['fast-import', '--quiet'], { cwd: folder, env: plainGitEnv, stdio: [input, 'ignore', 'ignore'] })
  closeSync(input)
  rmSync(stream)
  return repo
}

test('of a repo of 100 MB only the IDL files are fetched, over each way', async () => {
  const folder = temporaryFolder()
  const repo = largeRepo(join(folder, 'idl'))
  expect(sizeOf(repo.folder)).toBeGreaterThan(100_000_000)
  const commit = repo.git('rev-parse', 'main')
  const first = repo.git('rev-parse', 'main~4')
  const servers = [await startGitHttp(folder), await startGitDaemon(folder)]
  try {
    for (const [i, base] of [`file://${folder}`, ...servers.map(({ url }) => url)].entries()) {
      const cache = join(folder, `cache${i}`)
      const store = storeIn(cache)
      const url = parseGitUrl(`${base}/idl`, folder)
      const [tree, old] = await store.open([
        { url, commit },
        { url, commit: first },
      ])
      expect(textOf(tree!.read('idl/a.thrift'))).toBe('struct A5 {}')
      expect(textOf(old!.read('idl/a.thrift'))).toBe('struct A1 {}')
      expect(await store.history(url, first, commit)).toMatchObject({ isForward: true, count: 4 })
      expect(sizeOf(cache)).toBeLessThan(300_000)
    }
  } finally {
    await Promise.all(servers.map((one) => one.close()))
  }
})
