/** Prints what an update moves and changes, as text and as JSON. */

import type { DeclarationChange } from '../compiler/breaking/change.ts'
import { withoutCredentials } from '../project/git/url.ts'
import type { EntryComparison, RepoMove, UpdateMoves } from '../project/registry/update-plan.ts'
import { oneLine } from './escape-controls.ts'
import type { Output } from './output.ts'
import { shortCommit } from './planning.ts'

/** More commits or files than this are counted, not listed. */
const listed = 20

/** Prints what moves: the commits between, and the IDL files and declarations that change. */
export function showMoves(output: Output, { moves, comparisons }: UpdateMoves): void {
  for (const move of moves) showMove(output, move)
  for (const { entry, declarations } of comparisons) {
    const title = comparisons.length > 1 ? `of entry '${entry}':` : ''
    if (declarations.length > 0 && title !== '') output.result(title)
    for (const one of declarations) showDeclaration(output, one)
  }
}

function showMove(output: Output, { repos, url, ref, kind, from, to, history, files, used, lost }: RepoMove): void {
  const names = [...new Set(repos.map(({ name }) => name))].join(', ')
  const where = `${withoutCredentials(url)} at '${ref}'`
  if (from === to) {
    output.info(`${output.bold(names)} is up to date: ${where} is ${shortCommit(to)}`)
    return
  }
  const step = from === undefined ? 'is locked at' : `moves from ${shortCommit(from)} to`
  output.result(`${output.bold(names)} ${step} ${shortCommit(to)} (${where})`)
  if (lost !== undefined) output.warn(`${names}: the old commit cannot be compared with: ${lost}`)
  if (history !== undefined) {
    const apart = `${names}: the new commit does not follow the old one`
    if (kind === 'tag') output.warn(`${history.isForward ? names : apart}: the tag was rewritten`)
    else if (!history.isForward) output.warn(`${apart}: the branch was force-pushed, or the ref is another one`)
    for (const { commit, subject } of history.commits.slice(0, listed)) {
      output.result(`  ${output.dim(shortCommit(commit))} ${subject}`)
    }
    const more = history.count - Math.min(listed, history.commits.length)
    if (more > 0) output.result(`  and ${more} more commits`)
  }
  if (files === undefined) return
  const rows = (['added', 'changed', 'removed'] as const).flatMap((what) => files[what].map((path) => ({ what, path })))
  const own = rows.filter(({ path }) => used.has(path))
  for (const { what, path } of own.slice(0, listed)) output.result(`  ${what.padEnd(8)} ${oneLine(path)}`)
  const rest = rows.length - Math.min(own.length, listed)
  if (rest > 0)
    output.result(
      `  and ${rest} ${own.length > 0 ? 'other ' : ''}IDL ${rest === 1 ? 'file' : 'files'}, which nothing here uses`,
    )
}

function showDeclaration(output: Output, { name, what, status, breaks, changes, compatible }: DeclarationChange): void {
  const effect = breaks === undefined ? 'compatible' : `breaks ${breaks} compatibility`
  output.result(`  ${status.padEnd(8)} ${what} ${name}: ${effect}`)
  for (const { category, message, rule } of changes) {
    output.result(`    ${category.padEnd(6)} ${message} ${output.dim(`(${rule})`)}`)
  }
  for (const sentence of compatible) output.result(`    ok     ${sentence}`)
}

/** Whether a comparison has a breaking change, or could not be made. */
export function breaksSomething({ moves, comparisons }: UpdateMoves): boolean {
  return comparisons.some(({ changes }) => changes.length > 0) || moves.some(({ lost }) => lost !== undefined)
}

/** What moves, as JSON. */
export function movesJson({ moves, comparisons }: UpdateMoves): object {
  return {
    repos: moves.map(({ repos, url, ref, kind, from, to, history, files, used, lost }) => ({
      names: repos.map(({ entry, name }) => ({ entry, name })),
      url: withoutCredentials(url),
      ref,
      kind,
      from,
      to,
      moved: from !== to,
      forward: history?.isForward,
      commits: history?.commits ?? [],
      commitCount: history?.count ?? 0,
      files: files && { ...files, used: [...used].sort() },
      lost,
    })),
    changes: comparisons.flatMap(declarationsJson),
  }
}

function declarationsJson({ entry, declarations }: EntryComparison): object[] {
  return declarations.map(({ name, what, status, breaks, changes, compatible }) => ({
    entry,
    name,
    what,
    status,
    breaks,
    breaking: changes.map(({ rule, category, subject, message }) => ({ rule, category, subject, message })),
    compatible,
  }))
}
