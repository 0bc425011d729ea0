/** ModuleContext: what every printing function knows about the module it prints, and how it names things of others. */

import type { Report } from '../diagnostic.ts'
import type { GenerateOptions } from '../generate-options.ts'
import type { IrDeclaration, IrEnum, IrFile, IrImport, IrMessage, IrService, IrTypedef } from '../ir/ir.ts'
import type { Reach } from '../ir/reach.ts'
import type { WayBack } from './module-cycle.ts'
import type { NamedDeclaration, ProgramNames } from './name/names.ts'
import { publicRuntime, type RuntimeImport, runtimeNames, wellKnownFiles } from './name/runtime-names.ts'
import { filePrefix, type ImportList, importList, relativePath } from './text/import-list.ts'

/** The options that say how modules are printed, with their defaults. */
export type ResolvedOptions = {
  readonly [K in 'int64' | 'bytes' | 'map' | 'enum' | 'comments' | 'importExtension' | 'runtime']-?: NonNullable<
    GenerateOptions[K]
  >
}

/** One module while it is printed. */
export interface ModuleContext {
  /** The IDL files it comes from: one, or those of one namespace. */
  readonly files: readonly IrFile[]
  /** Their IDL. */
  readonly idl: 'thrift' | 'protobuf'
  readonly options: ResolvedOptions
  readonly names: ProgramNames
  readonly imports: ImportList
  readonly report: Report
  readonly reach: Reach
  /** Whether something is declared in this module. */
  isHere(declaration: IrDeclaration): boolean
  /**
   * The import that leads back here from the module of a declaration. Where there is one, that module may be loaded after this
   * one, so its values can be used in functions only.
   */
  wayBack(declaration: IrDeclaration): IrImport | undefined
  /** The local name of something of the runtime; imported as a type only where the table says so. */
  runtime(name: RuntimeImport): string
  /** The local name under which a type of any module can be written. */
  type(declaration: IrMessage | IrEnum | IrTypedef): string
  /** The same for the input type. */
  input(declaration: IrMessage | IrTypedef): string
  /** The local name of a value of any module: message constant, exception class, enum object, constant or service. */
  value(declaration: NamedDeclaration): string
  /** The local name of a client or handler interface. */
  client(service: IrService): string
  /** The local name of the constant that knows the numbers of an enum by name; undefined for one that appears by number. */
  numbers(type: IrEnum): string | undefined
  handler(service: IrService): string
  /** The local name of an imported file's description; undefined when no module is generated for it. */
  fileConstant(file: IrFile): string | undefined
}

/** Fills in the defaults. */
export function resolveOptions(options: GenerateOptions): ResolvedOptions {
  return {
    int64: options.int64 ?? 'bigint',
    bytes: options.bytes ?? 'copy',
    map: options.map ?? 'record',
    enum: options.enum ?? 'number',
    comments: options.comments ?? true,
    importExtension: options.importExtension ?? '.js',
    runtime: options.runtime ?? publicRuntime,
  }
}

/** The context of one module. `generated`: the files of the program that become modules. */
export function moduleContext(
  files: readonly IrFile[],
  options: ResolvedOptions,
  names: ProgramNames,
  reach: Reach,
  generated: ReadonlySet<IrFile>,
  wayBack: WayBack,
  report: Report,
): ModuleContext {
  const first = files[0]!
  const imports = importList(names.taken(first))
  const here = names.module(first)
  const modulePath = (of: IrFile): string => relativePath(here, names.module(of)) + options.importExtension

  const imported = (of: IrFile, name: string, asType: boolean): string => {
    if (files.includes(of)) return name
    if (generated.has(of)) return imports.add(modulePath(of), name, filePrefix(of), asType)
    return imports.add(publicRuntime, name, 'google', asType)
  }
  return {
    files,
    idl: first.idl,
    options,
    names,
    imports,
    report,
    reach,
    isHere: ({ file }) => files.includes(file),
    wayBack: ({ file }) => wayBack(file, first),
    runtime(name) {
      const { source, typeOnly } = runtimeNames[name]
      return imports.add(
        options.runtime === 'relative' ? relativeRuntime(here, source) : publicRuntime,
        name,
        'volo',
        typeOnly,
      )
    },
    type: (declaration) => imported(declaration.file, names.declaration(declaration), true),
    input: (declaration) => imported(declaration.file, names.input(declaration), true),
    value: (declaration) => imported(declaration.file, names.declaration(declaration), false),
    client: (service) => imported(service.file, names.client(service), true),
    handler: (service) => imported(service.file, names.handler(service), true),
    numbers(type) {
      if (options.enum === 'number' || !generated.has(type.file)) return undefined
      return imported(type.file, names.enumNumbers(type), false)
    },
    fileConstant(of) {
      if (files.includes(of)) return names.file(of)
      if (generated.has(of)) return imports.addFile(modulePath(of), names.file(of))
      const wellKnown = wellKnownFiles[of.source.logicalPath]
      return wellKnown === undefined ? undefined : imports.addFile(publicRuntime, wellKnown)
    },
  }
}

/** From a module below `src/runtime/<area>/gen/` to a source file below `src/`. */
function relativeRuntime(here: string, source: string): string {
  return '../'.repeat(here.split('/').length + 1) + source.replace(/^runtime\//, '')
}
