/** Names in protobuf: searched from the scope they stand in outwards, as in C++, in a file, what it imports, and what those import publicly. */

import type { Report } from '../diagnostic.ts'
import { suggest } from '../text/suggest.ts'
import type { IrDeclaration, IrFile, IrImport, IrProgram, IrReference } from './ir.ts'

/** All protobuf names of a program. */
export interface ProtoSymbols {
  /** What a name that a file uses in a scope means, if `fits` accepts it. Marks the import that brings it as used. */
  find(file: IrFile, scope: string, text: string, fits: (target: IrDeclaration) => boolean): ProtoLookup
  /** The same for names in options, which also see what `import option` brings. */
  findOption(file: IrFile, scope: string, text: string, fits: (target: IrDeclaration) => boolean): ProtoLookup
  /** Sets the target of a reference to a message or enum; reports when there is none. */
  linkType(file: IrFile, reference: IrReference, report: Report): void
  /** Marks the imports through which `file` sees `target`. */
  markUsed(file: IrFile, target: IrFile): void
}

/** The outcome of a search. */
export interface ProtoLookup {
  readonly target: IrDeclaration | undefined
  /** Declared, but in a file that is not imported. */
  readonly hidden?: IrDeclaration | undefined
  /** The full name at which the search stopped because the first segment matched there and the rest did not. */
  readonly stopped?: string | undefined
}

interface View {
  readonly files: ReadonlySet<IrFile>
  readonly packages: ReadonlySet<string>
  /** For each visible file the imports that bring it. */
  readonly via: ReadonlyMap<IrFile, readonly IrImport[]>
}

/** Indexes a program's protobuf files. */
export function protoSymbols(program: IrProgram): ProtoSymbols {
  const declarations = new Map<string, IrDeclaration[]>()
  for (const file of program.files) {
    if (file.idl !== 'protobuf') continue
    for (const declaration of file.declarations) {
      const same = declarations.get(declaration.fullName)
      if (same === undefined) declarations.set(declaration.fullName, [declaration])
      else same.push(declaration)
    }
  }
  const views = new Map<IrFile, View>()
  const optionViews = new Map<IrFile, View>()
  let comparisons = 0

  function viewOf(file: IrFile): View {
    let view = views.get(file)
    if (view === undefined) {
      view = makeView(file, false)
      views.set(file, view)
    }
    return view
  }

  function optionViewOf(file: IrFile): View {
    if (!file.imports.some((each) => each.kind === 'option')) return viewOf(file)
    let view = optionViews.get(file)
    if (view === undefined) {
      view = makeView(file, true)
      optionViews.set(file, view)
    }
    return view
  }

  function visible(view: View, fullName: string): IrDeclaration | undefined {
    return declarations.get(fullName)?.find((declaration) => view.files.has(declaration.file))
  }

  function find(file: IrFile, scope: string, text: string, fits: (target: IrDeclaration) => boolean): ProtoLookup {
    return search(viewOf(file), scope, text, fits)
  }

  function search(view: View, scope: string, text: string, fits: (target: IrDeclaration) => boolean): ProtoLookup {
    if (text.startsWith('.')) {
      const target = visible(view, text.slice(1))
      return target !== undefined && fits(target)
        ? found(view, target)
        : { target: undefined, hidden: hidden(text.slice(1), fits) }
    }
    const dot = text.indexOf('.')
    const first = dot < 0 ? text : text.slice(0, dot)
    let unseen: IrDeclaration | undefined
    for (let at: string | undefined = scope; at !== undefined; at = outer(at)) {
      const prefix = at === '' ? '' : `${at}.`
      const whole = visible(view, prefix + text)
      if (dot < 0) {
        if (whole !== undefined && fits(whole)) return found(view, whole)
      } else if (isAggregate(view, prefix + first)) {
        if (whole !== undefined && fits(whole)) return found(view, whole)
        // protoc stops here too: the innermost match of the first segment decides.
        return { target: undefined, hidden: hidden(prefix + text, fits), stopped: prefix + text }
      }
      unseen ??= hidden(prefix + text, fits)
    }
    return { target: undefined, hidden: unseen }
  }

  function isAggregate(view: View, fullName: string): boolean {
    if (view.packages.has(fullName)) return true
    const declaration = visible(view, fullName)
    return declaration?.kind === 'message' || declaration?.kind === 'enum' || declaration?.kind === 'service'
  }

  function hidden(fullName: string, fits: (target: IrDeclaration) => boolean): IrDeclaration | undefined {
    return declarations.get(fullName)?.find(fits)
  }

  function found(view: View, target: IrDeclaration): ProtoLookup {
    for (const via of view.via.get(target.file) ?? []) via.used = true
    return { target }
  }

  function linkType(file: IrFile, reference: IrReference, report: Report): void {
    const { text, scope, span } = reference
    const { target, hidden: unseen, stopped } = find(file, scope, text, isType)
    if (target !== undefined) {
      reference.target = target
      reportLocal(file, reference, target, report)
      return
    }
    if (unseen !== undefined) {
      report({
        code: 'not-imported',
        message: `'${unseen.fullName}' is declared in '${unseen.file.source.logicalPath}', which is not imported`,
        span,
        related: [{ message: 'it is declared here', span: unseen.span }],
        hint: `import it: "${unseen.file.source.logicalPath}"`,
      })
      return
    }
    const other = find(file, scope, text, () => true).target
    if (other !== undefined) {
      report({
        code: 'not-a-type',
        message: `'${text}' is ${other.kind === 'extension' ? 'an extension' : `a ${other.kind}`}, not a type`,
        span,
        related: [{ message: 'it is declared here', span: other.span }],
      })
      return
    }
    if (file.imports.some((via) => via.file === undefined) && text.includes('.')) return
    const dot = text.indexOf('.')
    const inner =
      stopped === undefined || stopped === text ? undefined : stopped.slice(0, stopped.length - text.length + dot)
    const atRoot = inner === undefined ? undefined : find(file, '', `.${text}`, isType).target
    report({
      code: 'unknown-type',
      message: `there is no type '${text}'${inner === undefined ? '' : `: here '${text.slice(0, dot)}' means '${inner}'`}`,
      span,
      hint: atRoot === undefined ? hintFor(file, text, scope) : `write '.${text}' to search from the root`,
    })
  }

  function reportLocal(file: IrFile, reference: IrReference, target: IrDeclaration, report: Report): void {
    const local = (target.kind === 'message' || target.kind === 'enum') && target.local === true
    if (!local || target.file === file) return
    report({
      code: 'visibility',
      message: `'${target.fullName}' is local to '${target.file.source.logicalPath}'`,
      span: reference.span,
      related: [{ message: 'it is declared here', span: target.span }],
      hint: "mark it with 'export'",
    })
  }

  function hintFor(file: IrFile, text: string, scope: string): string | undefined {
    // Hints must not become the work in a file full of unknown names.
    if (comparisons > 50_000) return undefined
    const view = viewOf(file)
    const name = text.replace(/^\./, '')
    const lastPart = name.slice(name.lastIndexOf('.') + 1)
    const candidates = new Map<string, string>()
    for (const scalar of scalarNames) candidates.set(scalar, scalar)
    const near: string[] = []
    for (const seen of view.files) {
      for (const declaration of seen.declarations) {
        if (!isType(declaration)) continue
        const { fullName } = declaration
        candidates.set(fullName, fullName)
        for (let at: string | undefined = scope; at !== undefined && at !== ''; at = outer(at)) {
          if (fullName.startsWith(`${at}.`))
            candidates.set(fullName.slice(at.length + 1), fullName.slice(at.length + 1))
        }
        if (fullName.endsWith(`.${lastPart}`)) near.push(fullName)
      }
    }
    comparisons += candidates.size
    const best = suggest(name, candidates.keys()) ?? near[0]
    return best === undefined ? undefined : `did you mean '${best}'?`
  }

  return {
    find,
    findOption: (file, scope, text, fits) => search(optionViewOf(file), scope, text, fits),
    linkType,
    markUsed: (file, target) => {
      for (const via of viewOf(file).via.get(target) ?? []) via.used = true
    },
  }
}

const scalarNames = [
  ...['double', 'float', 'int32', 'int64', 'uint32', 'uint64', 'sint32', 'sint64', 'fixed32', 'fixed64'],
  ...['sfixed32', 'sfixed64', 'bool', 'string', 'bytes'],
]

/** A file itself, its imports, and what those import publicly, transitively; with `options` also what is imported for options. */
function makeView(file: IrFile, options: boolean): View {
  const files = new Set([file])
  const via = new Map<IrFile, IrImport[]>()
  for (const each of file.imports) {
    if (each.file === undefined || (each.kind === 'option' && !options)) continue
    const reached = new Set<IrFile>()
    const todo = [each.file]
    for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
      if (reached.has(next)) continue
      reached.add(next)
      files.add(next)
      const known = via.get(next)
      if (known === undefined) via.set(next, [each])
      else known.push(each)
      for (const inner of next.imports) if (inner.kind === 'public' && inner.file !== undefined) todo.push(inner.file)
    }
  }
  const packages = new Set<string>()
  for (const seen of files) {
    for (let at: string | undefined = seen.package; at !== undefined && at !== ''; at = outer(at)) packages.add(at)
  }
  return { files, packages, via }
}

/** The scope around one; undefined around the root. */
function outer(scope: string): string | undefined {
  if (scope === '') return undefined
  return scope.slice(0, Math.max(0, scope.lastIndexOf('.')))
}

function isType(target: IrDeclaration): boolean {
  return target.kind === 'message' || target.kind === 'enum'
}
