/** The syntax tree of a .proto file to IR: nested declarations flattened, features and presence resolved, options as annotations. */

import type { Report } from '../../diagnostic.ts'
import type {
  IrDeclaration,
  IrEnum,
  IrExtension,
  IrExtensionRange,
  IrField,
  IrFile,
  IrImport,
  IrMessage,
  IrMethod,
  IrOneof,
  IrReference,
  IrReserved,
  IrService,
  IrType,
  ScalarName,
} from '../../ir/ir.ts'
import { docText } from '../../text/doc-comment.ts'
import { annotationsOf, fieldAnnotationsOf, isSet, optionValue } from './annotation.ts'
import type {
  ProtoDocument,
  ProtoEnum,
  ProtoExtend,
  ProtoField,
  ProtoMessage,
  ProtoMethod,
  ProtoName,
  ProtoNode,
  ProtoOption,
  ProtoReserved,
  ProtoService,
  ProtoVisibility,
} from './ast.ts'
import { checkDocument } from './check/check.ts'
import { commentsOf, docOf } from './comment.ts'
import { lowerDefault } from './default.ts'
import { defaultFeatures, type Features, resolveFeatures } from './feature.ts'
import { jsonNameOf } from './json-name.ts'

/** The largest field number. */
const maximumFieldNumber = 536_870_911

const scalars: ReadonlyMap<string, ScalarName> = new Map([
  ['bool', 'bool'],
  ['int32', 'i32'],
  ['int64', 'i64'],
  ['uint32', 'u32'],
  ['uint64', 'u64'],
  ['sint32', 's32'],
  ['sint64', 's64'],
  ['float', 'f32'],
  ['double', 'f64'],
  ['fixed32', 'fixed32'],
  ['fixed64', 'fixed64'],
  ['sfixed32', 'sfixed32'],
  ['sfixed64', 'sfixed64'],
  ['string', 'string'],
  ['bytes', 'bytes'],
])

/** What lowering carries through one file. */
interface Lowering {
  readonly document: ProtoDocument
  readonly report: Report
  readonly file: IrFile
  readonly declarations: IrDeclaration[]
}

/** Where a declaration stands. */
interface Scope {
  readonly parent: IrMessage | undefined
  readonly features: Features
}

/** Lowers one parsed file and reports what is wrong with it as far as no other file is needed. Never throws. */
export function lowerProto(document: ProtoDocument, report: Report): IrFile {
  const { source, syntax } = document
  const packageName = document.package?.name.text ?? ''
  const declarations: IrDeclaration[] = []
  const imports: IrImport[] = document.imports.map(({ path, kind, span }) => ({
    path,
    kind,
    span,
    file: undefined,
    used: false,
  }))
  const file: IrFile = {
    source,
    idl: 'protobuf',
    syntax,
    package: packageName,
    namespaces: new Map(),
    imports,
    declarations,
    doc: fileDoc(document),
    annotations: annotationsOf(document.options, packageName),
  }
  checkDocument(document, report)
  const lowering: Lowering = { document, report, file, declarations }
  const scope: Scope = { parent: undefined, features: resolveFeatures(defaultFeatures[syntax], document.options) }
  for (const declaration of document.declarations) {
    if (declaration.kind === 'message') lowerMessage(lowering, declaration, scope)
    else if (declaration.kind === 'enum') lowerEnum(lowering, declaration, scope)
    else if (declaration.kind === 'extend') lowerExtend(lowering, declaration, scope)
    else lowerService(lowering, declaration)
  }
  return file
}

/** The comment of the `syntax` statement, else of `package`, else the last that stands apart at the head. */
function fileDoc(document: ProtoDocument): string | undefined {
  const { tokens, source } = document
  for (const node of [document.syntaxStatement, document.package]) {
    const doc = node === undefined ? undefined : docText(source.text, commentsOf(document, node).leading)
    if (doc !== undefined) return doc
  }
  const head: ProtoNode = { first: 0, tail: tokens.length }
  return docText(source.text, commentsOf(document, head).detached.at(-1) ?? [])
}

function nameIn(scope: Scope, name: string): string {
  return scope.parent === undefined ? name : `${scope.parent.name}.${name}`
}

function fullNameIn(l: Lowering, name: string): string {
  return l.file.package === '' ? name : `${l.file.package}.${name}`
}

function isLocal(visibility: ProtoVisibility, scope: Scope): boolean {
  if (visibility !== undefined) return visibility === 'local'
  const preset = scope.features.defaultSymbolVisibility
  if (preset === 'EXPORT_TOP_LEVEL') return scope.parent !== undefined
  return preset !== 'EXPORT_ALL'
}

function lowerMessage(l: Lowering, node: ProtoMessage, scope: Scope): void {
  const options: ProtoOption[] = []
  for (const member of node.members) if (member.kind === 'option') options.push(member)
  const features = resolveFeatures(scope.features, options)
  const name = nameIn(scope, node.name.text)
  const fullName = fullNameIn(l, name)
  const fields: IrField[] = []
  const oneofs: IrOneof[] = []
  const extensionRanges: IrExtensionRange[] = []
  const message: IrMessage = {
    kind: 'message',
    shape: 'message',
    name,
    fullName,
    file: l.file,
    span: node.name.span,
    doc: docOf(l.document, node),
    annotations: annotationsOf(options, fullName),
    deprecated: isSet(options, 'deprecated'),
    fields,
    oneofs,
    parent: scope.parent,
    reserved: lowerReserved(node.members.filter((member) => member.kind === 'reserved')),
    extensionRanges,
    ...(isLocal(node.visibility, scope) ? { local: true } : undefined),
  }
  l.declarations.push(message)
  const inside: Scope = { parent: message, features }
  const group = (field: ProtoField): void => {
    if (field.group !== undefined) lowerMessage(l, field.group, inside)
  }
  const maximum = isSet(options, 'message_set_wire_format') ? 2_147_483_646 : maximumFieldNumber
  for (const member of node.members) {
    switch (member.kind) {
      case 'field':
        fields.push(lowerField(l, member, features, fullName, undefined, false))
        group(member)
        break
      case 'oneof': {
        const oneof: IrOneof = {
          name: member.name.text,
          span: member.name.span,
          doc: docOf(l.document, member),
          annotations: annotationsOf(member.options, fullName),
        }
        oneofs.push(oneof)
        const inner = resolveFeatures(features, member.options)
        for (const field of member.fields) {
          fields.push(lowerField(l, field, inner, fullName, oneof, false))
          group(field)
        }
        break
      }
      case 'message':
        lowerMessage(l, member, inside)
        break
      case 'enum':
        lowerEnum(l, member, inside)
        break
      case 'extend':
        lowerExtend(l, member, inside)
        break
      case 'extensions': {
        const annotations = annotationsOf(member.options, fullName)
        for (const { start, end, span } of member.ranges) {
          extensionRanges.push({ start, end: end === Number.POSITIVE_INFINITY ? maximum : end, span, annotations })
        }
        break
      }
    }
  }
}

function lowerReserved(nodes: readonly ProtoReserved[], maximum: number = maximumFieldNumber): IrReserved {
  if (nodes.length === 0) return nothingReserved
  return {
    ranges: nodes.flatMap((node) =>
      node.ranges.map(({ start, end, span }) => ({ start, end: Math.min(end, maximum), span })),
    ),
    names: nodes.flatMap((node) => node.names.map(({ text, span }) => ({ name: text, span }))),
  }
}

const nothingReserved: IrReserved = { ranges: [], names: [] }

function lowerField(
  l: Lowering,
  node: ProtoField,
  around: Features,
  scope: string,
  oneof: IrOneof | undefined,
  extension: boolean,
): IrField {
  const { options } = node
  const features = options.length === 0 ? around : resolveFeatures(around, options)
  const repeated = node.label === 'repeated'
  const singular = !repeated && node.mapKey === undefined
  const element = lowerType(node.type, scope)
  const type = typeOf(node, element, scope)
  const isReference = element.kind === 'reference'
  const json = optionValue(options, 'json_name')
  const packed = optionValue(options, 'packed')
  const written = optionValue(options, 'default')
  const packable =
    repeated && (element.kind !== 'scalar' || (element.scalar !== 'string' && element.scalar !== 'bytes'))
  const holdsString = isString(element) || (type.kind === 'map' && isString(type.key))
  return {
    id: node.number,
    name: node.name.text,
    jsonName: json?.kind === 'string' ? json.value : jsonNameOf(node.name.text),
    type,
    presence: presenceOf(node, features, singular, oneof !== undefined || extension),
    default: written === undefined ? undefined : lowerDefault(written, type, l.report),
    oneof,
    packed: packable && (packed?.kind === 'bool' ? packed.value : features.repeatedFieldEncoding === 'PACKED'),
    delimited:
      node.group !== undefined ||
      (isReference && node.mapKey === undefined && features.messageEncoding === 'DELIMITED'),
    span: node.name.span,
    typeSpan: node.typeSpan,
    doc: node.group === undefined ? docOf(l.document, node) : undefined,
    annotations: fieldAnnotationsOf(options, scope),
    deprecated: isSet(options, 'deprecated'),
    ...(node.label === 'optional' ? { markedOptional: true } : undefined),
    ...(holdsString && features.utf8Validation === 'NONE' ? { validateUtf8: false } : undefined),
  }
}

function isString(type: IrType): boolean {
  return type.kind === 'scalar' && type.scalar === 'string'
}

function presenceOf(node: ProtoField, features: Features, singular: boolean, explicit: boolean): IrField['presence'] {
  if (!singular) return 'default'
  if (node.label === 'required') return 'required'
  if (explicit || node.label === 'optional' || node.group !== undefined) return 'optional'
  if (features.fieldPresence === 'LEGACY_REQUIRED') return 'required'
  return features.fieldPresence === 'IMPLICIT' ? 'default' : 'optional'
}

function lowerType(name: ProtoName, scope: string): IrType {
  const scalar = scalars.get(name.text)
  if (scalar !== undefined) return { kind: 'scalar', scalar }
  return { kind: 'reference', reference: lowerReference(name, scope) }
}

function typeOf(node: ProtoField, element: IrType, scope: string): IrType {
  if (node.mapKey !== undefined) return { kind: 'map', key: lowerType(node.mapKey, scope), value: element }
  return node.label === 'repeated' ? { kind: 'list', element } : element
}

function lowerReference({ text, span }: ProtoName, scope: string): IrReference {
  return { text, span, scope, target: undefined }
}

function lowerEnum(l: Lowering, node: ProtoEnum, scope: Scope): void {
  const name = nameIn(scope, node.name.text)
  const fullName = fullNameIn(l, name)
  const lowered: IrEnum = {
    kind: 'enum',
    name,
    fullName,
    file: l.file,
    span: node.name.span,
    doc: docOf(l.document, node),
    annotations: annotationsOf(node.options, fullName),
    deprecated: isSet(node.options, 'deprecated'),
    values: node.values.map((value) => ({
      name: value.name.text,
      number: value.number,
      span: value.name.span,
      doc: docOf(l.document, value),
      annotations: annotationsOf(value.options, fullName),
      deprecated: isSet(value.options, 'deprecated'),
    })),
    parent: scope.parent,
    closed: resolveFeatures(scope.features, node.options).enumType === 'CLOSED',
    reserved: lowerReserved(node.reserved, 0x7fffffff),
    ...(isLocal(node.visibility, scope) ? { local: true } : undefined),
  }
  l.declarations.push(lowered)
}

function lowerExtend(l: Lowering, node: ProtoExtend, scope: Scope): void {
  const around = scope.parent?.fullName ?? l.file.package
  for (const field of node.fields) {
    const name = nameIn(scope, field.name.text)
    const lowered = lowerField(l, field, scope.features, around, undefined, true)
    const extension: IrExtension = {
      kind: 'extension',
      name,
      fullName: fullNameIn(l, name),
      file: l.file,
      span: lowered.span,
      doc: lowered.doc,
      annotations: lowered.annotations,
      deprecated: lowered.deprecated,
      extendee: lowerReference(node.extendee, around),
      field: lowered,
    }
    l.declarations.push(extension)
    if (field.group !== undefined) lowerMessage(l, field.group, scope)
  }
}

function lowerService(l: Lowering, node: ProtoService): void {
  const fullName = fullNameIn(l, node.name.text)
  const service: IrService = {
    kind: 'service',
    name: node.name.text,
    fullName,
    file: l.file,
    span: node.name.span,
    doc: docOf(l.document, node),
    annotations: annotationsOf(node.options, fullName),
    deprecated: isSet(node.options, 'deprecated'),
    extends: undefined,
    methods: node.methods.map((method) => lowerMethod(l, method, fullName)),
  }
  l.declarations.push(service)
}

function lowerMethod(l: Lowering, node: ProtoMethod, scope: string): IrMethod {
  const level = optionValue(node.options, 'idempotency_level')
  const text = level?.kind === 'name' ? level.reference.text : ''
  return {
    name: node.name.text,
    kind: methodKind(node),
    args: [],
    result: { kind: 'reference', reference: lowerReference(node.output, scope) },
    request: { kind: 'reference', reference: lowerReference(node.input, scope) },
    throws: [],
    idempotent: text === 'IDEMPOTENT' || text === 'NO_SIDE_EFFECTS',
    span: node.name.span,
    doc: docOf(l.document, node),
    annotations: annotationsOf(node.options, scope),
    deprecated: isSet(node.options, 'deprecated'),
  }
}

function methodKind(node: ProtoMethod): IrMethod['kind'] {
  if (node.inputStream) return node.outputStream ? 'bidi_streaming' : 'client_streaming'
  return node.outputStream ? 'server_streaming' : 'unary'
}
