/** What generation is asked for and what it gives. */

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

/** One file to write. */
export interface GeneratedFile {
  /** Relative to the output folder, `/`-separated. */
  readonly path: string
  readonly text: string
}
