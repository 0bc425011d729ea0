/** What generation is asked for and what it gives. */

import type { Span } from './diagnostic.ts'

/** How TypeScript is printed; from an entry in volo.yml, mostly its `typescript:`. */
export interface GenerateOptions {
  /** How 64-bit integers appear. Default `bigint`. */
  readonly int64?: 'bigint' | 'number' | 'string'
  /** How bytes fields are decoded: copied out of the frame, or a view on it. Default `copy`. */
  readonly bytes?: 'copy' | 'view'
  /** What holds a map with string keys: an object without prototype, or a Map. Default `record`. */
  readonly map?: 'record' | 'map'
  /** How enums appear: by number, or by name; a number that the IDL does not name stays a number. Default `number`. */
  readonly enum?: 'number' | 'string'
  /** Whether enum members keep the prefix that all of an enum have: of `enum Kind { KIND_A = 0; }` the member is `KIND_A`, or `A`. Default `keep`. */
  readonly enumPrefix?: 'keep' | 'strip'
  /** Keep fields that the IDL does not know under `$unknown`, in every file. Default: protobuf keeps them, Thrift does not. */
  readonly keepUnknownFields?: boolean
  /**
   * Thrift: whether an optional field that is absent and has a default is filled in, as Apache Thrift, Kitex and Volo do (their
   * peers may leave out a field that equals it), or stays absent. Default `fill`.
   */
  readonly optionalDefaults?: 'fill' | 'keep'
  /** Print the comments of the IDL. Default true. */
  readonly comments?: boolean
  /** Members, methods and arguments as written or in camel case. Default: Thrift's as written, protobuf's in camel case. */
  readonly naming?: 'keep' | 'camel'
  /** Words that camel case writes as given here, such as `ID`; at the start of a name they are in lower case. Default none. */
  readonly initialisms?: readonly string[]
  /**
   * Names in TypeScript of single things, by what the IDL calls them: `shop.v1.Cart`, `Cart`, `shop.v1.Cart.owner_id` (a field, oneof, enum value or method). They
   * are printed as given here, and go before all others. Default none.
   */
  readonly rename?: Readonly<Record<string, string>>
  /** The extension printed in relative imports. Default `.js`. */
  readonly importExtension?: '.js' | '.ts' | ''
  /** One module per IDL file, or per Thrift namespace and protobuf package. Default `file`. */
  readonly modules?: 'file' | 'namespace'
  /**
   * What is generated with all that it needs: what the entry files declare, or only their services; an entry file without a service
   * then counts whole. Included files get what is reached. Default `declarations`.
   */
  readonly roots?: 'declarations' | 'services'
  /** With `roots: 'services'`: these services only, by name or full name. Default: all of the entry files. */
  readonly services?: readonly string[]
  /** Generate everything in every file. Default false. */
  readonly touchAll?: boolean
  /** What holds for single entry files, by their path as given in `entries`. */
  readonly files?: Readonly<Record<string, FileOptions>>
  /** Where names in these options are written, so that diagnostics about them have a place. */
  readonly places?: OptionPlaces
  /** The configuration file that a module is generated for, by the module's path below the output folder; its first line names it. Default: it names none. */
  readonly generatedFor?: (path: string) => string
  /** Where generated code finds the runtime. Default `volo-ts/gen`. `relative` is for code generated into this package. */
  readonly runtime?: 'volo-ts/gen' | 'relative'
}

/** The places of names that options hold; undefined for one that is written nowhere. */
export interface OptionPlaces {
  /** Of one of {@link GenerateOptions.services}. */
  service(name: string): Span | undefined
  /** Of one that {@link FileOptions.touch} of a file names. */
  touch(path: string, name: string): Span | undefined
  /** Of one of {@link GenerateOptions.rename}. */
  rename?(key: string): Span | undefined
}

/** What holds for one entry file and, where said so, for what it includes. */
export interface FileOptions {
  /** Keep unknown fields in this file and in all that it includes. */
  readonly keepUnknownFields?: boolean
  /** Declarations of this file, or by their full names of files it includes, to generate though nothing needs them. */
  readonly touch?: readonly string[]
  /** Every declaration of the file is a root, whatever `roots` says. */
  readonly noService?: boolean
}

/** One file to write. */
export interface GeneratedFile {
  /** Relative to the output folder, `/`-separated. */
  readonly path: string
  readonly text: string
}
