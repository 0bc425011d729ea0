/** IDL files as people name them: paths, or patterns with `*`, `**` and `?`. */

import { readdirSync, statSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { withSlashes } from './display-path.ts'
import { isFsError } from './fs-error.ts'
import { ProjectError } from './project-error.ts'

/**
 * The files that `words` name, absolute, each once. A word without wildcards names itself, there or not. Throws a
 * ProjectError when a pattern matches nothing, or a word is a folder.
 */
export function expandPatterns(words: readonly string[], cwd: string): string[] {
  const files = new Set<string>()
  for (const word of words) {
    const path = resolve(cwd, word)
    if (!/[*?]/.test(word) || isThere(path)) {
      if (isFolder(path)) {
        throw new ProjectError(`${word} is a folder`, {
          hint: `name the IDL files in it: ${withSlashes(join(word, '*.thrift'))}`,
          usage: true,
        })
      }
      files.add(path)
      continue
    }
    const matches = matchPattern(withSlashes(word), cwd)
    if (matches.length === 0)
      throw new ProjectError(`no IDL file matches ${word}`, { hint: 'patterns match .thrift and .proto files' })
    for (const match of matches) files.add(match)
  }
  return [...files]
}

function matchPattern(pattern: string, cwd: string): string[] {
  const segments = pattern.split('/')
  const wild = segments.findIndex((segment) => /[*?]/.test(segment))
  const base = resolve(cwd, segments.slice(0, wild).join('/') || (pattern.startsWith('/') ? '/' : '.'))
  const rest = segments.slice(wild)
  const regex = new RegExp(`^${rest.map((segment, i) => segmentRegex(segment, i === rest.length - 1)).join('')}$`)
  return idlFiles(base, rest.includes('**') ? Number.POSITIVE_INFINITY : rest.length).filter((path) =>
    regex.test(withSlashes(relative(base, path))),
  )
}

function segmentRegex(segment: string, isLast: boolean): string {
  if (segment === '**') return isLast ? '.*' : '(?:[^/]+/)*'
  const text = segment
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*+/g, '[^/]*')
    .replace(/\?/g, '[^/]')
  return isLast ? text : `${text}/`
}

/** The IDL files in a folder and those in it, `depth` folders deep. */
function idlFiles(folder: string, depth: number): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .flatMap((one) => {
        const path = join(folder, one.name)
        if (one.isDirectory()) {
          return depth > 1 && one.name !== 'node_modules' && !one.name.startsWith('.') ? idlFiles(path, depth - 1) : []
        }
        return /\.(thrift|proto)$/.test(one.name) ? [path] : []
      })
      .sort()
  } catch (error) {
    if (isFsError(error)) return []
    throw error
  }
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}
