/** One generated module, top to bottom: types, constants, services, then what people need not read. */

import { formatNumber } from '../../runtime/core/message/schema.ts'
import type { Report } from '../diagnostic.ts'
import type { IrDeclaration, IrEnum, IrFile, IrMessage, IrService, IrTypedef } from '../ir/ir.ts'
import type { Reach } from '../ir/reach.ts'
import { printComplete } from './codec/complete.ts'
import { printProtobufCodec } from './codec/protobuf-codec.ts'
import { printThriftCodec } from './codec/thrift-codec.ts'
import { type ModuleContext, moduleContext, type ResolvedOptions } from './context.ts'
import { printConst } from './declaration/constant.ts'
import { printEnum } from './declaration/enum.ts'
import { printExtension } from './declaration/extension.ts'
import { printDefaults, printMessage, printMessageTypes } from './declaration/message.ts'
import { parentOf, printService } from './declaration/service.ts'
import { printTypedef } from './declaration/typedef.ts'
import { describedBeside } from './file-schemas.ts'
import type { WayBack } from './module-cycle.ts'
import type { ProgramNames } from './name/names.ts'
import { schemaJson } from './schema.ts'
import { printDoc } from './text/doc.ts'
import { Printer, quote } from './text/printer.ts'

/** The format of the code that is generated. */
export { formatNumber }

/** The text of the module of some files. `generated`: the files of the program that become modules. */
export function moduleText(
  files: readonly IrFile[],
  options: ResolvedOptions,
  names: ProgramNames,
  reach: Reach,
  generated: ReadonlySet<IrFile>,
  wayBack: WayBack,
  report: Report,
): string {
  const context = moduleContext(files, options, names, reach, generated, wayBack, report)
  const body = new Printer(options.comments)
  const declarations = files.flatMap((file) => reach.declarations(file))
  const messages = declarations.filter((one) => one.kind === 'message')
  const services = inOrder(
    declarations.filter((one) => one.kind === 'service'),
    parentOf,
  )

  for (const one of typesInOrder(declarations)) {
    body.blank()
    if (one.kind === 'enum') printEnum(body, one, context)
    else if (one.kind === 'typedef') printTypedef(body, one, context)
    else printMessage(body, one, context, true)
  }
  for (const one of declarations) {
    if (one.kind !== 'const') continue
    body.blank()
    printConst(body, one, context)
  }
  const extensions = declarations.filter((one) => one.kind === 'extension')
  for (const one of extensions) {
    body.blank()
    printExtension(body, one, context)
  }
  for (const service of services) {
    body.blank()
    printService(body, service, context)
  }
  const own = context.idl === 'thrift' ? services.flatMap((service) => methodStructs(service, names)) : []
  if (own.length > 0) {
    body.blank()
    body.line('// Arguments and results of the methods, as they travel.')
  }
  for (const message of own) {
    body.blank()
    printMessage(body, message, context, false)
  }
  const holders = extensions.map((one) => names.extensionMessage(one))
  for (const holder of holders) {
    body.blank()
    printMessageTypes(body, holder, context, '')
  }
  if (messages.length + own.length + holders.length > 0) {
    body.blank()
    body.line('// Codecs: filling in defaults, writing, reading.')
  }
  for (const message of [...messages, ...own]) {
    body.blank()
    printComplete(body, message, context)
    if (!own.includes(message)) printDefaults(body, message, context)
    body.blank()
    if (context.idl === 'thrift') printThriftCodec(body, message, context)
    else printProtobufCodec(body, message, context)
  }
  for (const holder of holders) {
    body.blank()
    printProtobufCodec(body, holder, context)
  }
  for (const file of files) {
    body.blank()
    printFileSchema(body, file, context)
  }

  const head = new Printer()
  for (const line of context.imports.print()) head.line(line)
  return `${head.text()}\n${body.text()}`
}

type TypeDeclaration = IrEnum | IrMessage | IrTypedef

/** Enums first, since constants and defaults name them; the rest as in the IDL, but a typedef after what it names. */
function typesInOrder(declarations: readonly IrDeclaration[]): readonly TypeDeclaration[] {
  const types = declarations.filter((one): one is TypeDeclaration => one.kind === 'message' || one.kind === 'typedef')
  const enums = declarations.filter((one) => one.kind === 'enum')
  const known = new Set<IrDeclaration>(types)
  return [
    ...enums,
    ...inOrder(types, (one) => {
      const target = one.kind === 'typedef' && one.type.kind === 'reference' ? one.type.reference.target : undefined
      return target !== undefined && known.has(target) ? (target as IrMessage | IrTypedef) : undefined
    }),
  ]
}

/** In source order, but each after the one it needs. */
function inOrder<T>(all: readonly T[], needs: (one: T) => T | undefined): T[] {
  const here = new Set(all)
  const done = new Set<T>()
  for (const one of all) {
    // Those that are waited for, the last one first.
    const chain = new Set<T>()
    for (
      let at: T | undefined = one;
      at !== undefined && here.has(at) && !done.has(at) && !chain.has(at);
      at = needs(at)
    ) {
      chain.add(at)
    }
    for (const each of [...chain].reverse()) done.add(each)
  }
  return [...done]
}

function methodStructs(service: IrService, names: ProgramNames): IrMessage[] {
  return service.methods.flatMap((method) => {
    const { args, result } = names.methodMessages(method)
    return [args, result]
  })
}

function printFileSchema(printer: Printer, file: IrFile, context: ModuleContext): void {
  const json = schemaJson(file, context)
  const imports = new Set<string>()
  for (const one of describedBeside(file, context.reach)) {
    const name = one === file ? undefined : context.fileConstant(one)
    if (name !== undefined) imports.add(name)
  }
  printDoc(printer, undefined, { tags: [`The description of ${file.source.logicalPath}.`] })
  const make = `/*#__PURE__*/ ${context.runtime('fileSchema')}(`
  printer.block(
    `export const ${context.names.file(file)}: ${context.runtime('FileSchema')} = ${make}`,
    () => {
      printer.line(`${formatNumber},`)
      printer.line(`${quote(json)},`)
      printer.list('() => [', [...imports], '],')
    },
    ')',
  )
}
