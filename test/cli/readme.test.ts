import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseConfig } from '../../src/project/config/config.ts'
import { temporaryFolder, writeTree } from '../project/temporary-folder.ts'
import { runVolo } from './run-volo.ts'

const readme = readFileSync(join(import.meta.dirname, '../../src/cli/README.md'), 'utf8')

function blocks(language: string): string[] {
  return [...readme.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].flatMap(([, word, text]) =>
    word === language ? [text!] : [],
  )
}

/** The commands of a transcript, each with what it prints. */
function steps(transcript: string): { readonly words: string[]; readonly output: string }[] {
  return transcript
    .split(/^\$ /m)
    .slice(1)
    .map((step) => {
      const [line = '', ...output] = step.split('\n')
      return { words: line.split(' '), output: output.join('\n') }
    })
}

test('what the page shows is what happens', async () => {
  const folder = temporaryFolder()
  const env = { XDG_CACHE_HOME: temporaryFolder() }
  let first = true
  for (const { words, output } of blocks('console').flatMap(steps)) {
    const [program, ...args] = words
    if (program === 'cat' && first) {
      writeTree(folder, { [args[0]!]: output })
      first = false
    } else if (program === 'cat') {
      expect(readFileSync(join(folder, args[0]!), 'utf8')).toBe(output)
    } else {
      const { stdout, stderr } = await runVolo(folder, args, { env })
      // '…' stands for anything.
      const pattern = output
        .split('…')
        .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
        .join('[\\s\\S]*')
      expect(stdout + stderr).toMatch(new RegExp(`^${pattern}$`))
    }
  }
})

test('the volo.yml of the page is one', () => {
  for (const text of blocks('yaml')) expect(parseConfig(text, '/volo.yml', 'volo.yml').diagnostics).toEqual([])
})
