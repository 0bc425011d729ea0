/** Names that generated code must not give to a declaration, parameter or member. */

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/))

/** Words that cannot name a parameter or variable in a strict module. */
export const keywords: ReadonlySet<string> = words(`
  arguments await break case catch class const continue debugger default delete do else enum eval export extends false
  finally for function if implements import in instanceof interface let new null package private protected public return
  static super switch this throw true try typeof undefined var void while with yield
`)

/** Words that cannot name a type. */
const typeKeywords = words('any bigint boolean never number object string symbol unknown')

/** Globals that generated code uses: a declaration of that name would hide them. */
const globals = words(`
  Array AsyncIterable BigInt Error Infinity Iterable JSON Map Math NaN Number Object Promise Readonly ReadonlyMap
  ReadonlySet Record Set String Symbol Uint8Array globalThis
`)

/** Local variables of printed functions: one lower-case letter, with a number or without, and three words. */
const locals = /^(?:[a-z]\d*|base|end|init)$/

/** Whether a declaration of a module may not have this name. */
export function isReservedDeclaration(name: string): boolean {
  return keywords.has(name) || typeKeywords.has(name) || globals.has(name) || locals.test(name)
}

/** What every object inherits: as a member it would be found where it is absent, or hide what the language calls. */
const inherited = words(`
  __defineGetter__ __defineSetter__ __lookupGetter__ __lookupSetter__ __proto__ constructor hasOwnProperty isPrototypeOf
  propertyIsEnumerable toLocaleString toString valueOf
`)

/** Whether a member of a message may not have this name. */
export function isReservedMember(name: string): boolean {
  return inherited.has(name)
}

/** Whether a method of a client or handler may not have this name: with `then`, a client could not pass an `await`. */
export function isReservedMethod(name: string): boolean {
  return name === 'then' || inherited.has(name)
}

/** What Error has already; the fields of an exception class stand beside it. */
export const errorMembers: ReadonlySet<string> = words('name message stack cause')
