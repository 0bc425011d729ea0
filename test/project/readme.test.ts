/** What src/project/README.md shows is what happens, against a real git repo behind its URL. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { quickly, runVolo } from '../cli/run-volo.ts'
import { makeRepo, plainGitEnv } from '../support/git-repo.ts'
import { temporaryFolder, writeTree } from './temporary-folder.ts'

const page = readFileSync(join(import.meta.dirname, '../../src/project/README.md'), 'utf8')

interface Step {
  /** The folder that the prompt names; empty for the one above all. */
  readonly folder: string
  readonly words: readonly string[]
  readonly output: string
}

/** The commands of the page's transcripts, each with what it prints. */
function steps(): Step[] {
  const text = [...page.matchAll(/^```console\n([\s\S]*?)^```$/gm)].map((match) => match[1]).join('')
  return text.split(/^(?=\w*\$ )/m).map((step) => {
    const [line = '', ...output] = step.split('\n')
    const [, folder = '', command = ''] = /^(\w*)\$ (.*)$/.exec(line) ?? []
    const words = [...command.matchAll(/"([^"]*)"|(\S+)/g)].map((word) => word[1] ?? word[2]!)
    return { folder, words, output: output.join('\n') }
  })
}

/** `…` stands for anything in a line; alone in one, for any lines. */
function pattern(output: string): RegExp {
  const parts = output.split(/^(…\n)|(…)/m).filter((part) => part !== undefined)
  const source = parts.map((part) => {
    if (part === '…') return '[^\\n]+'
    return part === '…\n' ? '[\\s\\S]*' : part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
  })
  return new RegExp(`^${source.join('')}$`)
}

test('the worked example happens as it is told', async () => {
  const home = temporaryFolder()
  const repo = makeRepo(join(home, 'idl'))
  writeTree(home, { 'web/package.json': '{ "type": "module", "dependencies": { "volo-ts": "*" } }\n' })
  const env = {
    ...plainGitEnv,
    VOLO_CACHE: join(home, 'cache'),
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: `url.file://${repo.folder}.insteadOf`,
    GIT_CONFIG_VALUE_0: 'https://git.acme.example/idl.git',
  }
  let changed: Record<string, string> = {}
  let ran = 0
  for (const { folder, words, output } of steps()) {
    const [program, ...args] = words
    if (program === 'git' && args[0] === 'commit') {
      repo.commit(args[2]!, changed)
      changed = {}
    } else if (program === 'git') {
      repo.git(...args)
    } else if (program === 'cat' && folder === 'idl') {
      changed[args[0]!] = output
    } else if (program === 'cat') {
      expect(readFileSync(join(home, folder, args[0]!), 'utf8')).toMatch(pattern(output))
    } else {
      const more = args[0] === 'init' ? quickly : []
      const { stdout, stderr } = await runVolo(join(home, folder), [...args, ...more], { env })
      expect(stdout + stderr).toMatch(pattern(output))
      ran++
    }
  }
  expect(ran).toBeGreaterThan(7)
})
