/** What a failed file operation means to a person. */

import { ProjectError } from './project-error.ts'

/** An error of node:fs. */
export interface FsError extends Error {
  readonly code: string
  readonly path?: string
  readonly syscall?: string
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  ENOENT: 'it does not exist',
  ENOTDIR: 'a part of its path is a file, not a folder',
  EISDIR: 'it is a folder',
  EEXIST: 'it already exists',
  ENOTEMPTY: 'the folder is not empty',
  ELOOP: 'its symbolic links form a loop',
  EMFILE: 'too many files are open',
  ENAMETOOLONG: 'its name is too long',
  EBUSY: 'another program uses it',
  EXDEV: 'it lies on another file system',
}

/** Whether a value is an error of node:fs. */
export function isFsError(value: unknown): value is FsError {
  return value instanceof Error && 'syscall' in value && typeof (value as { code?: unknown }).code === 'string'
}

/** Why a file operation failed, without its path: `permission denied`. */
export function fsReason(error: FsError): string {
  return reasons[error.code] ?? error.message
}

/** The error as a sentence: `cannot write shop/package.json: permission denied`. Anything that is no error of node:fs is returned as it is. */
export function asFileError(doing: string, path: string, error: unknown): unknown {
  if (!isFsError(error)) return error
  const hint =
    error.code === 'EACCES' || error.code === 'EPERM' || error.code === 'EROFS'
      ? 'choose a folder that you may write to, or change its permissions'
      : undefined
  return new ProjectError(`cannot ${doing} ${path}: ${fsReason(error)}`, { hint, cause: error })
}
