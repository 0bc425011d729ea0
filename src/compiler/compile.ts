/** The compiler's pipeline, read top to bottom: load, parse, lower, link, check, generate. */

import type { Diagnostic } from './diagnostic.ts'
import type { Host } from './host.ts'
import type { IrProgram } from './ir/ir.ts'

/** How TypeScript is printed; from `typescript:` of an entry in volo.yml. */
export interface GenerateOptions {
  /** How 64-bit integers appear. Default `bigint`. */
  readonly int64?: 'bigint' | 'number' | 'string'
  /** How bytes fields are decoded: copied out of the frame, or a view on it. Default `copy`. */
  readonly bytes?: 'copy' | 'view'
  /** Keep fields that the IDL does not know under `$unknown`. Default false. */
  readonly keepUnknownFields?: boolean
  /** The extension printed in relative imports. Default `.js`. */
  readonly importExtension?: '.js' | '.ts' | ''
  /** Where generated code finds the runtime. Default `volo-ts/gen`. `relative` is for code generated into this package. */
  readonly runtime?: 'volo-ts/gen' | 'relative'
}

/** What to compile. */
export interface CompileInput {
  /** Entry files as the Host knows them. */
  readonly entries: readonly string[]
  /** Folders in which includes and imports are searched, in order. The google protos are always found, last. */
  readonly includes?: readonly string[]
  readonly host: Host
  readonly options?: GenerateOptions
}

/** One file to write. */
export interface GeneratedFile {
  /** Relative to the output folder, `/`-separated. */
  readonly path: string
  readonly text: string
}

/** What came out. `files` is empty when a diagnostic is an error. */
export interface CompileResult {
  readonly program: IrProgram
  readonly diagnostics: readonly Diagnostic[]
  readonly files: readonly GeneratedFile[]
}
