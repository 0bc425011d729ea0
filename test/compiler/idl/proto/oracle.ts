/** Holds our verdict on files against protoc's. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { check } from '../../../../src/compiler/compile.ts'
import { memoryHost } from '../../../../src/compiler/host.ts'
import { refusalOf } from './protoc.ts'
import type { RuleCase } from './rule-case.ts'

/** Where we differ on purpose: what protoc says, and why we do not. */
const reasoned: readonly { readonly of: RegExp; readonly why: string }[] = [
  {
    of: /extend [\w.]+ \{ \}/,
    why: 'an extend without fields is the warning empty-extend: the pilota.proto that Rust Volo projects carry has some',
  },
  {
    of: /\{ # comment/,
    why: "protoc joins the lines of an aggregate before it reads them, so that '#' swallows the rest of the value; we refuse it",
  },
]

/** The cases on which protoc and we do not agree, with what the one that refuses says. */
export async function differences(cases: readonly RuleCase[]): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'volo-oracle-'))
  const found: string[] = []
  let next = 0
  const work = async (): Promise<void> => {
    for (let i = next++; i < cases.length; i = next++) {
      const { text, files: others } = cases[i]!
      if (reasoned.some(({ of }) => of.test(text))) continue
      const files = { 't.proto': text, ...others }
      const theirs = await refusalOf(files, join(folder, String(i)))
      const { diagnostics } = check({ entries: ['t.proto'], host: memoryHost(files) })
      const ours = diagnostics.find((one) => one.severity === 'error')
      if ((theirs === undefined) === (ours === undefined)) continue
      const refusal = theirs === undefined ? `we: ${ours!.code}: ${ours!.message}` : `protoc: ${theirs}`
      found.push([refusal, ...Object.values(files)].join('\n'))
    }
  }
  try {
    await Promise.all([work(), work()])
    return found
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
