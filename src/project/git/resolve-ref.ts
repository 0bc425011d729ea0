/** What a ref of a repo stands for: a branch before a tag, a tag before a commit. */

import { didYouMean } from '../../compiler/text/suggest.ts'
import { ProjectError } from '../project-error.ts'
import type { ResolvedRef } from './git-store.ts'
import { type GitRunner, runGit } from './run-git.ts'
import type { GitUrl } from './url.ts'

/** The ref that stands for the branch which the server calls its own. */
export const headRef = 'HEAD'

/** Throws a ProjectError for what can be no ref, and for what git would take for an option or a range. */
export function checkRef(ref: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: git-check-ref-format(1) forbids them.
  const bad = /[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{|\/\/|^[-/.]|\/\.|[/.]$|\.lock(?:$|\/)|^@$/
  if (ref !== '' && !bad.test(ref) && ref.length <= 250) return
  throw new ProjectError(`${JSON.stringify(ref)} is no ref`, {
    hint: 'give a branch, a tag or a commit',
    usage: true,
  })
}

/** Whether a ref may be the beginning of a commit, or a whole one. */
export function isHexRef(ref: string): boolean {
  return /^[0-9a-f]{4,64}$/i.test(ref)
}

/** Looks a ref up at the server. `findCommit` is asked for the beginning of a commit that no branch or tag points at. */
export async function resolveRef(
  runner: GitRunner,
  url: GitUrl,
  ref: string,
  findCommit: (beginning: string) => Promise<string | undefined>,
): Promise<ResolvedRef> {
  checkRef(ref)
  if (/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/i.test(ref)) {
    return { kind: 'commit', commit: ref.toLowerCase(), name: ref.toLowerCase() }
  }
  const places: readonly [ResolvedRef['kind'], string][] =
    ref === headRef
      ? [['head', headRef]]
      : ref.startsWith('refs/')
        ? [[ref.startsWith('refs/tags/') ? 'tag' : 'branch', ref]]
        : [
            ['branch', `refs/heads/${ref}`],
            ['tag', `refs/tags/${ref}`],
          ]
  const patterns = places.flatMap(([, name]) => (name === headRef ? [name] : [name, `${name}^{}`]))
  const { commits, head } = await listRefs(runner, url, patterns)
  for (const [kind, name] of places) {
    const commit = commits.get(`${name}^{}`) ?? commits.get(name)
    if (commit !== undefined) return { kind, commit, name: (kind === 'head' && head) || shortName(name) }
  }
  if (ref === headRef) {
    throw new ProjectError(`${url.text} has no commit that HEAD points at`, {
      hint: 'name a branch with --ref, or push a first commit',
    })
  }
  const all = (await listRefs(runner, url, [])).commits
  if (isHexRef(ref)) {
    const beginning = ref.toLowerCase()
    const tips = [...new Set(all.values())].filter((commit) => commit.startsWith(beginning))
    const commit = (tips.length === 1 ? tips[0] : undefined) ?? (await findCommit(beginning))
    if (commit !== undefined) return { kind: 'commit', commit, name: commit }
  }
  const names = [...all.keys()].filter((name) => /^refs\/(?:heads|tags)\//.test(name) && !name.endsWith('^{}'))
  const known = names.map(shortName)
  const some =
    known.length > 0 ? `it has: ${known.slice(0, 8).join(', ')}${known.length > 8 ? ', ...' : ''}` : undefined
  throw new ProjectError(`'${ref}' is no branch, tag or commit of ${url.text}`, {
    hint: didYouMean(ref, known) ?? some,
  })
}

async function listRefs(
  runner: GitRunner,
  url: GitUrl,
  patterns: readonly string[],
): Promise<{ readonly commits: ReadonlyMap<string, string>; readonly head: string | undefined }> {
  const args = ['ls-remote', '--quiet', '--symref', '--', url.address, ...patterns]
  const output = await runGit(runner, args, { url, doing: `look up refs of ${url.text}` })
  const commits = new Map<string, string>()
  let head: string | undefined
  for (const line of output.toString('utf8').split('\n')) {
    const [value = '', name] = line.split('\t')
    if (name === undefined) continue
    if (/^[0-9a-f]+$/.test(value)) commits.set(name, value)
    else if (name === headRef && value.startsWith('ref: refs/heads/')) head = value.slice('ref: refs/heads/'.length)
  }
  return { commits, head }
}

function shortName(name: string): string {
  return name.replace(/^refs\/(?:heads|tags)\//, '')
}
