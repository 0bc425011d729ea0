/** The keys of volo.yml and what their values are: Rust Volo's schema plus `typescript:`. */

import { breakingCategories, breakingRules } from '../../compiler/breaking/rule.ts'

/** A value in volo.yml that is one piece of text. */
export type ScalarShape =
  | ChoiceShape
  | { readonly kind: 'text'; readonly mayBeEmpty?: true }
  | { readonly kind: 'boolean' }
  | { readonly kind: 'text-or-false' }

/** One of some words. */
interface ChoiceShape {
  readonly kind: 'choice'
  readonly values: readonly string[]
}

/** What a value in volo.yml may be. `open`: anything; of its keys only those named here are read. */
export type Shape =
  | ScalarShape
  | { readonly kind: 'open'; readonly keys: Readonly<Record<string, Shape>> }
  | { readonly kind: 'list'; readonly of: Shape }
  | {
      readonly kind: 'record'
      readonly of: Shape
      readonly what: string
      /** A key without a value says nothing, and is left out. */
      readonly skipsEmpty?: true
    }
  | { readonly kind: 'object'; readonly keys: Readonly<Record<string, Shape>>; readonly required: readonly string[] }

const text: Shape = { kind: 'text' }
const boolean: Shape = { kind: 'boolean' }
const texts: Shape = { kind: 'list', of: { kind: 'text', mayBeEmpty: true } }

const object = (keys: Readonly<Record<string, Shape>>, required: readonly string[] = []): Shape => ({
  kind: 'object',
  keys,
  required,
})

const idl = object(
  {
    source: { kind: 'choice', values: ['local', 'git'] },
    repo: text,
    path: text,
    includes: texts,
  },
  ['source', 'path'],
)

const service = object(
  {
    idl,
    codegen_option: object({
      touch: texts,
      keep_unknown_fields: boolean,
      crate_name: text,
      config: { kind: 'open', keys: { no_service: boolean } },
    }),
  },
  ['idl'],
)

const typescript = object({
  out: text,
  handlers: { kind: 'text-or-false' },
  int64: { kind: 'choice', values: ['bigint', 'number', 'string'] },
  bytes: { kind: 'choice', values: ['copy', 'view'] },
  map: { kind: 'choice', values: ['record', 'map'] },
  enum: { kind: 'choice', values: ['number', 'string'] },
  enum_prefix: { kind: 'choice', values: ['keep', 'strip'] },
  unknown_fields: { kind: 'choice', values: ['drop', 'keep'] },
  optional_defaults: { kind: 'choice', values: ['fill', 'keep'] },
  comments: boolean,
  naming: { kind: 'choice', values: ['keep', 'camel'] },
  initialisms: texts,
  rename: { kind: 'record', of: text, what: 'name' },
  modules: { kind: 'choice', values: ['file', 'namespace'] },
  roots: { kind: 'choice', values: ['declarations', 'services'] },
  services: texts,
  import_extension: { kind: 'choice', values: ['.js', '.ts', 'none'] },
  breaking: object({
    category: { kind: 'choice', values: breakingCategories },
    ignore: {
      kind: 'list',
      of: object(
        { rule: { kind: 'choice', values: Object.keys(breakingRules) }, subject: text, path: text, reason: text },
        ['rule', 'reason'],
      ),
    },
  }),
})

const entry = object(
  {
    filename: text,
    protocol: { kind: 'choice', values: ['thrift', 'protobuf'] },
    repos: { kind: 'record', of: object({ url: text, ref: text, lock: text }, ['url', 'ref']), what: 'repo' },
    services: { kind: 'list', of: service },
    touch_all: boolean,
    dedups: texts,
    special_namings: texts,
    split_generated_files: boolean,
    with_descriptor: boolean,
    with_field_mask: boolean,
    with_comments: boolean,
    typescript,
  },
  ['protocol'],
)

/** The whole file. */
export const configShape: Shape = object({ entries: { kind: 'record', of: entry, what: 'entry', skipsEmpty: true } }, [
  'entries',
])
