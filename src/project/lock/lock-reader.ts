/** Reading volo.lock: strict, with a diagnostic at every place that is wrong. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Document, isMap } from 'yaml'
import { type Diagnostic, type Report, reportInto, type SourceFile, type Span } from '../../compiler/diagnostic.ts'
import { type ConfigValue, createReader, readValue, spanOf } from '../config/config-reader.ts'
import type { Shape } from '../config/config-shape.ts'
import { parseYaml, reportYamlErrors } from '../config/config-yaml.ts'
import { pathFrom } from '../display-path.ts'
import { asFileError, isFsError } from '../fs-error.ts'
import { emptyLock, isSameSource, type Lock, type LockedRepo, lockName } from './lock.ts'

/** A volo.lock that was read. Its data may be used when no diagnostic is an error. */
export interface ReadLock extends Lock {
  /** Absolute. */
  readonly path: string
  /** False when there is no file. */
  readonly exists: boolean
  readonly source: SourceFile
  readonly diagnostics: readonly Diagnostic[]
  /** The place of a repo's commit. */
  commitSpan(repo: LockedRepo): Span
  /** The place of a file's digest. */
  fileSpan(repo: LockedRepo, path: string): Span
}

/** Reads the volo.lock beside a volo.yml; one that is not there locks nothing. `cwd` decides how its path is shown. */
export function readLock(folder: string, cwd: string): ReadLock {
  const path = join(folder, lockName)
  const shown = pathFrom(cwd, path)
  try {
    return parseLock(readFileSync(path, 'utf8'), path, shown)
  } catch (error) {
    if (isFsError(error) && error.code === 'ENOENT') return { ...parseLock('', path, shown), exists: false }
    throw asFileError('read', shown, error)
  }
}

const text: Shape = { kind: 'text' }

const lockShape: Shape = {
  kind: 'object',
  keys: {
    version: text,
    repos: {
      kind: 'list',
      of: {
        kind: 'object',
        keys: { url: text, ref: text, commit: text, files: { kind: 'record', of: text, what: 'file' } },
        required: ['url', 'ref', 'commit'],
      },
    },
  },
  required: ['version'],
}

interface LockData {
  readonly version: string
  readonly repos?: readonly (Omit<LockedRepo, 'files'> & { readonly files?: LockedRepo['files'] })[]
}

/** Reads the text of a volo.lock. */
export function parseLock(text: string, path: string, shownPath: string): ReadLock {
  const source: SourceFile = { path: shownPath, logicalPath: lockName, text }
  const diagnostics: Diagnostic[] = []
  const report = reportInto(diagnostics)
  const document = parseYaml(text)
  const lock = text.trim() === '' ? emptyLock : read(source, document, report)
  const at = (keys: readonly unknown[]): Span => spanOf(source, document.getIn(keys, true))
  const indexOf = (repo: LockedRepo): number => lock.repos.findIndex((one) => isSameSource(one, repo))
  return {
    ...lock,
    path,
    exists: true,
    source,
    diagnostics,
    commitSpan: (repo) => at(['repos', indexOf(repo), 'commit']),
    fileSpan: (repo, file) => at(['repos', indexOf(repo), 'files', file]),
  }
}

function read(source: SourceFile, document: Document, report: Report): Lock {
  const conflict = /^(?:<{7}|={7}|>{7})(?: .*)?$/m.exec(source.text)
  if (conflict !== null) {
    report({
      code: 'config-syntax',
      message: 'an unresolved merge conflict',
      span: { source, start: conflict.index, end: conflict.index + conflict[0].length },
      hint: 'keep either side of each line, then run: volo generate',
    })
    return emptyLock
  }
  const hint = 'take the file from version control, or delete it and run: volo generate'
  reportYamlErrors(document, source, (finding) => report({ ...finding, hint }))
  if (document.errors.length > 0) return emptyLock
  let isGood = true
  const found: Report = (finding) => {
    isGood = false
    report(finding)
  }
  const version = isMap(document.contents) ? document.get('version') : undefined
  if (typeof version === 'string' && version !== '1') {
    found({
      code: 'config-value',
      message: `${lockName} has version ${version}, and this volo reads version 1`,
      span: spanOf(source, document.get('version', true)),
      hint: 'use the volo that wrote it, or a newer one',
    })
    return emptyLock
  }
  const data: ConfigValue = readValue(
    createReader(source, document, found),
    lockShape,
    document.contents,
    lockName,
    undefined,
  )
  if (!isGood) return emptyLock
  const repos = ((data as unknown as LockData).repos ?? []).map((repo) => ({ ...repo, files: repo.files ?? {} }))
  for (const [i, repo] of repos.entries()) checkRepo(source, document, repos, i, repo, found)
  return isGood ? { repos } : emptyLock
}

function checkRepo(
  source: SourceFile,
  document: Document,
  repos: readonly LockedRepo[],
  index: number,
  repo: LockedRepo,
  report: Report,
): void {
  const at = (...keys: string[]): Span => spanOf(source, document.getIn(['repos', index, ...keys], true))
  if (!isCommit(repo.commit)) {
    report({
      code: 'config-value',
      message: `'${repo.commit}' is no commit: 40 hex digits are`,
      span: at('commit'),
      hint: 'set it anew with: volo update',
    })
  }
  if (repos.findIndex((one) => isSameSource(one, repo)) !== index) {
    report({
      code: 'config-value',
      message: `${repo.url} at '${repo.ref}' is locked twice`,
      span: at('url'),
      hint: 'keep one of the two, then run: volo generate',
    })
  }
  for (const [path, digest] of Object.entries(repo.files)) {
    if (path === '' || path.startsWith('/') || path.split('/').includes('..')) {
      report({ code: 'config-value', message: `'${path}' is no path inside a repo`, span: at('files', path) })
    }
    if (!/^[0-9a-f]{64}$/.test(digest)) {
      report({
        code: 'config-value',
        message: `'${digest}' is no sha256: 64 hex digits are`,
        span: at('files', path),
        hint: 'delete the line and run: volo generate',
      })
    }
  }
}

/** Whether a text is a whole commit id, of SHA-1 or of SHA-256. */
export function isCommit(text: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(text)
}
