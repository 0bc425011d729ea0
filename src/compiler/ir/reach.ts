/** Reach: what of a program is generated, found from its roots along every use of a type. */

import type { Report } from '../diagnostic.ts'
import type { FileOptions, GenerateOptions, OptionPlaces } from '../generate-options.ts'
import { normalizePath } from '../path.ts'
import { didYouMean } from '../text/suggest.ts'
import type { IrDeclaration, IrFile, IrMessage, IrProgram } from './ir.ts'
import { visitDeclarationTypes } from './walk.ts'

/** The part of a program that is generated. */
export interface Reach {
  /** The declarations of a file that are generated, in source order; empty when the file gets no module. */
  declarations(file: IrFile): readonly IrDeclaration[]
  /** Whether a file gets a module: it is an entry, or something of it is generated. */
  has(file: IrFile): boolean
  /** Whether unknown fields of the file's messages are kept. */
  keepsUnknown(file: IrFile): boolean
  /** Whether an extension of a message is generated. */
  isExtended(message: IrMessage): boolean
}

/** The options that decide what is reached. */
export type ReachOptions = Pick<
  GenerateOptions,
  'roots' | 'services' | 'touchAll' | 'files' | 'keepUnknownFields' | 'places'
>

/** Everything: each file with all it declares. */
export function reachAll(): Reach {
  return {
    declarations: (file) => file.declarations,
    has: () => true,
    keepsUnknown: () => false,
    isExtended: () => false,
  }
}

/**
 * Follows a linked program from its roots: the declarations of the entry files, or their services. What `touch` names and files marked
 * `noService` are roots for their own file only; the rest of the entry is as it would be without them. Names that nothing has are reported.
 */
export function reach(program: IrProgram, options: ReachOptions, report: Report): Reach {
  const reached = new Set<IrDeclaration>()
  const need = (first: IrDeclaration): void => {
    const waiting = [first]
    for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
      if (reached.has(one) || isOfOptions(one)) continue
      reached.add(one)
      // A nested message has no place in a description without the one that holds it.
      if ((one.kind === 'message' || one.kind === 'enum') && one.parent !== undefined) waiting.push(one.parent)
      if (one.kind === 'service' && one.extends?.target !== undefined) waiting.push(one.extends.target)
      visitDeclarationTypes(one, { reference: ({ target }) => target !== undefined && waiting.push(target) })
    }
  }
  const ownOptions = new Map(Object.entries(options.files ?? {}).map(([path, own]) => [normalizePath(path), own]))
  const wanted = new Set(options.services ?? [])
  const onlyServices = wanted.size > 0 || options.roots === 'services'
  for (const file of program.entries) {
    const own = ownOptions.get(file.source.path)
    for (const one of rootsOf(file, own, onlyServices, options.services)) need(one)
    for (const name of own?.touch ?? []) {
      const touched = named(program, file, name, options.places, report)
      if (touched !== undefined) need(touched)
    }
  }
  if (options.touchAll === true) for (const file of program.files) file.declarations.forEach(need)
  checkServices(program, [...wanted], options.places, report)

  const extended = new Set<IrDeclaration>()
  for (const one of reached) {
    if (one.kind === 'extension' && one.extendee.target !== undefined) extended.add(one.extendee.target)
  }
  const kept = keepingFiles(program, options.keepUnknownFields, ownOptions)
  const byFile = new Map<IrFile, readonly IrDeclaration[]>()
  for (const file of program.files) {
    byFile.set(
      file,
      file.declarations.filter((one) => reached.has(one)),
    )
  }
  const entries = new Set(program.entries)
  const declarations = (file: IrFile): readonly IrDeclaration[] => byFile.get(file) ?? []
  return {
    declarations,
    has: (file) => entries.has(file) || declarations(file).length > 0,
    keepsUnknown: (file) => kept.has(file),
    isExtended: (message) => extended.has(message),
  }
}

/** The declarations of an entry file that are generated for their own sake. */
function rootsOf(
  file: IrFile,
  own: FileOptions | undefined,
  onlyServices: boolean,
  wanted: readonly string[] | undefined,
): readonly IrDeclaration[] {
  if (!onlyServices || own?.noService === true) return file.declarations
  const services = file.declarations.filter((one) => one.kind === 'service')
  if (wanted !== undefined && wanted.length > 0) {
    return services.filter((one) => wanted.includes(one.name) || wanted.includes(one.fullName))
  }
  // A file of types alone was listed for its types.
  return services.length === 0 && (own?.touch ?? []).length === 0 ? file.declarations : services
}

/** An extension of protobuf's own options; its values are in the descriptions, and it has no accessor. */
function isOfOptions(one: IrDeclaration): boolean {
  return one.kind === 'extension' && one.extendee.target?.file.source.logicalPath === 'google/protobuf/descriptor.proto'
}

function named(
  program: IrProgram,
  file: IrFile,
  name: string,
  places: OptionPlaces | undefined,
  report: Report,
): IrDeclaration | undefined {
  const found =
    file.declarations.find((one) => one.name === name) ??
    program.files.flatMap((one) => one.declarations).find((one) => one.fullName === name)
  if (found === undefined) {
    report({
      code: 'config-unknown-name',
      message: `'${file.source.path}' declares no '${name}', which 'touch' names`,
      span: places?.touch(file.source.path, name),
      hint: didYouMean(
        name,
        file.declarations.map((one) => one.name),
      ),
    })
  }
  return found
}

function checkServices(
  program: IrProgram,
  wanted: readonly string[],
  places: OptionPlaces | undefined,
  report: Report,
): void {
  const services = program.entries.flatMap((file) => file.declarations.filter((one) => one.kind === 'service'))
  for (const name of wanted) {
    if (services.some((one) => one.name === name || one.fullName === name)) continue
    const names = services.map((one) => one.name)
    report({
      code: 'config-unknown-name',
      message: `no IDL of the entry declares a service '${name}'`,
      span: places?.service(name),
      hint: didYouMean(name, names) ?? (names.length > 0 ? `it has: ${names.join(', ')}` : undefined),
    })
  }
}

/** The files whose messages keep unknown fields: all, or those of protobuf unless told otherwise; those that ask for it and what they include. */
function keepingFiles(
  program: IrProgram,
  all: boolean | undefined,
  own: ReadonlyMap<string, FileOptions>,
): ReadonlySet<IrFile> {
  if (all === true) return new Set(program.files)
  const kept = new Set<IrFile>(all === undefined ? program.files.filter(({ idl }) => idl === 'protobuf') : [])
  const waiting = program.entries.filter((file) => own.get(file.source.path)?.keepUnknownFields === true)
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (kept.has(file)) continue
    kept.add(file)
    for (const one of file.imports) if (one.file !== undefined) waiting.push(one.file)
  }
  return kept
}
