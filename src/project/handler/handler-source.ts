/** A handler file that the user has written: its imports, and the object or class that implements a service. */

import { parse } from '@babel/parser'

/** Any node of Babel's tree. */
interface SyntaxNode {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [key: string]: unknown
}

/** An import declaration. */
interface SourceImport {
  readonly node: SyntaxNode
  readonly from: string
  readonly typeOnly: boolean
  readonly names: readonly {
    readonly imported: string
    readonly local: string
    readonly typeOnly: boolean
    readonly node: SyntaxNode
  }[]
}

/** What implements a service. */
export interface Implementation {
  readonly kind: 'object' | 'class'
  /** The object literal, or the body of the class. */
  readonly node: SyntaxNode
  /** How the file writes the handler's type: `ShopHandler`, `gen.ShopHandler`. */
  readonly type: string
  readonly members: readonly Member[]
  /** Methods may come from elsewhere: the text of a spread or of the class above. */
  readonly inherits: string | undefined
}

/** A property or method. */
interface Member {
  readonly name: string
  readonly node: SyntaxNode
  /** A function that other code may call. */
  readonly isPublicMethod: boolean
}

/** A parsed handler file. */
export interface HandlerSource {
  readonly text: string
  readonly body: readonly SyntaxNode[]
  readonly comments: readonly SyntaxNode[]
  readonly imports: readonly SourceImport[]
  /** Names that the file's top level declares or imports. */
  readonly names: ReadonlySet<string>
}

/** Parses a file; a string says why it can't be. */
export function parseHandlerSource(text: string): HandlerSource | string {
  let file: SyntaxNode
  try {
    file = parse(text, {
      sourceType: 'module',
      plugins: ['typescript', 'decorators', 'explicitResourceManagement'],
    }) as unknown as SyntaxNode
  } catch (error) {
    return error instanceof Error ? `it does not parse: ${error.message}` : 'it does not parse'
  }
  const { body } = file['program'] as { body: SyntaxNode[] }
  const imports = body.filter(({ type }) => type === 'ImportDeclaration').map(readImport)
  return {
    text,
    body,
    comments: (file['comments'] ?? []) as SyntaxNode[],
    imports,
    names: topLevelNames(body, imports),
  }
}

/** Everything in the file that is declared to be of the handler's type, which `isModule` tells from others of its name. */
export function findImplementations(
  source: HandlerSource,
  handlerType: string,
  isModule: (from: string) => boolean,
): Implementation[] {
  const spellings = typeSpellings(source, handlerType, isModule)
  const found = new Map<SyntaxNode, Implementation>()
  const addObject = (value: unknown, type: string): void => {
    const node = unwrap(value)
    if (node?.type === 'ObjectExpression') found.set(node, objectImplementation(source, node, type))
  }
  const typeOf = (annotation: unknown): string | undefined => {
    const text = typeText(source, annotation)
    return text !== undefined && spellings.has(text) ? text : undefined
  }
  walk(source.body, (node) => {
    if (node.type === 'VariableDeclarator') {
      const type = typeOf((node['id'] as SyntaxNode)['typeAnnotation'])
      if (type !== undefined) addObject(node['init'], type)
    } else if (node.type === 'TSSatisfiesExpression' || node.type === 'TSAsExpression') {
      const type = typeOf(node['typeAnnotation'])
      if (type !== undefined) addObject(node['expression'], type)
    } else if (node.type === 'ClassDeclaration' || node.type === 'ClassExpression') {
      for (const one of (node['implements'] ?? []) as SyntaxNode[]) {
        const type = source.text.slice(one.start, one.end)
        if (spellings.has(type)) found.set(node['body'] as SyntaxNode, classImplementation(source, node, type))
      }
    } else if ('returnType' in node) {
      const type = typeOf(node['returnType'])
      if (type !== undefined) for (const value of returnedValues(node)) addObject(value, type)
    }
  })
  return [...found.values()]
}

function readImport(node: SyntaxNode): SourceImport {
  const typeOnly = node['importKind'] === 'type'
  const names = (node['specifiers'] as SyntaxNode[]).map((specifier) => {
    const local = nameOf(specifier['local']) ?? ''
    const imported =
      specifier.type === 'ImportSpecifier'
        ? (nameOf(specifier['imported']) ?? local)
        : specifier.type === 'ImportNamespaceSpecifier'
          ? '*'
          : 'default'
    return { imported, local, typeOnly: typeOnly || specifier['importKind'] === 'type', node: specifier }
  })
  return { node, from: String((node['source'] as SyntaxNode)['value']), typeOnly, names }
}

function typeSpellings(source: HandlerSource, handlerType: string, isModule: (from: string) => boolean): Set<string> {
  const spellings = new Set<string>()
  for (const { from, names } of source.imports) {
    if (!isModule(from)) continue
    for (const { imported, local } of names) {
      if (imported === handlerType) spellings.add(local)
      if (imported === '*') spellings.add(`${local}.${handlerType}`)
    }
  }
  return spellings
}

function topLevelNames(body: readonly SyntaxNode[], imports: readonly SourceImport[]): Set<string> {
  const names = new Set(imports.flatMap((one) => one.names.map(({ local }) => local)))
  for (const statement of body) {
    const node = (statement['declaration'] as SyntaxNode | null | undefined) ?? statement
    const id = nameOf(node['id'])
    if (id !== undefined) names.add(id)
    for (const one of (node['declarations'] ?? []) as SyntaxNode[]) {
      walk([one['id'] as SyntaxNode], (part) => {
        if (part.type === 'Identifier') names.add(String(part['name']))
      })
    }
  }
  return names
}

function objectImplementation(source: HandlerSource, node: SyntaxNode, type: string): Implementation {
  const properties = node['properties'] as SyntaxNode[]
  const spread = properties.find((one) => one.type === 'SpreadElement')
  const members = properties.flatMap((one): Member[] => {
    const name = one['computed'] === true ? undefined : nameOf(one['key'])
    return name === undefined
      ? []
      : [{ name, node: one, isPublicMethod: isFunction(one) || isFunction(one['value'] as SyntaxNode) }]
  })
  return {
    kind: 'object',
    node,
    type,
    members,
    inherits: spread === undefined ? undefined : source.text.slice(spread.start, spread.end),
  }
}

function classImplementation(source: HandlerSource, node: SyntaxNode, type: string): Implementation {
  const body = node['body'] as SyntaxNode
  const parent = node['superClass'] as SyntaxNode | null | undefined
  const members = (body['body'] as SyntaxNode[]).flatMap((one): Member[] => {
    const name = one['computed'] === true || one['static'] === true ? undefined : nameOf(one['key'])
    if (name === undefined || one['kind'] === 'constructor') return []
    const isHidden =
      one['accessibility'] === 'private' || one['accessibility'] === 'protected' || one.type.includes('Private')
    return [
      { name, node: one, isPublicMethod: !isHidden && (isFunction(one) || isFunction(one['value'] as SyntaxNode)) },
    ]
  })
  const inherits = parent === null || parent === undefined ? undefined : source.text.slice(parent.start, parent.end)
  return { kind: 'class', node: body, type, members, inherits }
}

function isFunction(node: SyntaxNode | null | undefined): boolean {
  return (
    node !== null &&
    node !== undefined &&
    /^(ObjectMethod|ClassMethod|FunctionExpression|ArrowFunctionExpression)$/.test(node.type) &&
    node['kind'] !== 'get' &&
    node['kind'] !== 'set'
  )
}

/** `: ShopHandler` and `Promise<ShopHandler>` as `ShopHandler`. */
function typeText(source: HandlerSource, annotation: unknown): string | undefined {
  let node = annotation as SyntaxNode | null | undefined
  if (node?.type === 'TSTypeAnnotation') node = node['typeAnnotation'] as SyntaxNode
  if (node?.type !== 'TSTypeReference') return undefined
  const args = ((node['typeParameters'] ?? node['typeArguments']) as SyntaxNode | undefined)?.['params'] as
    | SyntaxNode[]
    | undefined
  if (nameOf(node['typeName']) === 'Promise' && args?.length === 1) return typeText(source, args[0])
  return source.text.slice(node.start, node.end)
}

/** What a function returns, without the functions inside it. */
function returnedValues(fn: SyntaxNode): unknown[] {
  const body = fn['body'] as SyntaxNode | undefined
  if (body === undefined) return []
  if (body.type !== 'BlockStatement') return [body]
  const values: unknown[] = []
  walk(body['body'] as SyntaxNode[], (node) => {
    if (node.type === 'ReturnStatement') values.push(node['argument'])
    return !/Function|Method|Class/.test(node.type)
  })
  return values
}

function unwrap(value: unknown): SyntaxNode | undefined {
  let node = value as SyntaxNode | null | undefined
  while (
    node &&
    /^(TSAsExpression|TSSatisfiesExpression|TSNonNullExpression|ParenthesizedExpression)$/.test(node.type)
  ) {
    node = node['expression'] as SyntaxNode
  }
  return node ?? undefined
}

function nameOf(node: unknown): string | undefined {
  const { type, name, value } = (node ?? {}) as { type?: string; name?: unknown; value?: unknown }
  if (type === 'Identifier') return String(name)
  return type === 'StringLiteral' ? String(value) : undefined
}

/** Visits nodes from the outside in; a visitor that gives false does not go deeper. */
function walk(nodes: readonly unknown[], visit: (node: SyntaxNode) => unknown): void {
  for (const node of nodes) {
    if (!isNode(node) || visit(node) === false) continue
    for (const [key, value] of Object.entries(node)) {
      if (key === 'loc' || key.endsWith('Comments')) continue
      if (Array.isArray(value)) walk(value, visit)
      else if (isNode(value)) walk([value], visit)
    }
  }
}

function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string'
}
