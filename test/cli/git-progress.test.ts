import { describe, expect, test } from 'vitest'
import { progressDisplay } from '../../src/cli/git-progress.ts'
import { createOutput, type OutputOptions } from '../../src/cli/output.ts'
import type { Run } from '../../src/cli/run.ts'
import type { GitProgress } from '../../src/project/git/git-store.ts'
import { parseGitUrl } from '../../src/project/git/url.ts'

function run(isTTY: boolean, options: OutputOptions = {}): { readonly run: Run; text(): string } {
  let text = ''
  const sink = { write: (part: string) => (text += part), isTTY, columns: 60 }
  const io: Run['io'] = {
    cwd: '/',
    env: {},
    stdout: sink,
    stderr: sink,
    interactive: false,
    onInterrupt: () => () => {},
  }
  return {
    run: { io, output: createOutput(io, options), name: 'volo', config: undefined, allowOutside: false },
    text: () => text,
  }
}

const one = parseGitUrl('https://example.org/acme/one.git', '/')
const two = parseGitUrl('https://example.org/acme/two.git', '/')

describe('the progress of git', () => {
  test('is one line of a terminal, wiped at the end', () => {
    const { run: it, text } = run(true)
    const display = progressDisplay(it)!
    const steps: GitProgress[] = [
      { url: one, step: 'resolving' },
      { url: two, step: 'fetching', percent: 40 },
      { url: two, step: 'done' },
      { url: one, step: 'done' },
    ]
    for (const step of steps) display.onProgress(step)
    display.end()
    expect(text().split('\r\u001b[K')).toEqual([
      'looking up https://example.org/acme/one.git',
      'fetching https://example.org/acme/two.git 40% and 1 more',
      'looking up https://example.org/acme/one.git',
      '',
    ])
  })

  test('is not wider than the terminal', () => {
    const { run: it, text } = run(true)
    progressDisplay(it)!.onProgress({
      url: parseGitUrl(`https://example.org/${'x'.repeat(200)}`, '/'),
      step: 'fetching',
    })
    expect(text()).toHaveLength(59)
  })

  test('is not there without a terminal, and where nobody wants to hear', () => {
    expect(progressDisplay(run(false).run)).toBeUndefined()
    expect(progressDisplay(run(true, { quiet: true }).run)).toBeUndefined()
    expect(progressDisplay(run(true, { json: true }).run)).toBeUndefined()
  })
})
