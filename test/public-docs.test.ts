/** Every public export is documented. */

import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { expect, test } from 'vitest'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const faces = [
  'index',
  'thrift',
  'grpc',
  'inproc',
  'compiler',
  'gen',
  'web',
  'discovery',
  'opentelemetry',
  'prometheus',
].map((name) => join(root, 'src', `${name}.ts`))
const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile)
const { options } = ts.parseJsonConfigFileContent({ ...config, include: [] }, ts.sys, root)
const program = ts.createProgram(faces, options)
const checker = program.getTypeChecker()

function undocumented(face: string): string[] {
  const module = checker.getSymbolAtLocation(program.getSourceFile(face)!)!
  return checker.getExportsOfModule(module).flatMap((exported) => {
    const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported
    const file = symbol.declarations?.[0]?.getSourceFile().fileName ?? ''
    // Generated code documents what its IDL documents.
    if (/\/runtime\/\w+\/gen\//.test(file)) return []
    return symbol.getDocumentationComment(checker).length === 0 ? [exported.name] : []
  })
}

test.each(faces)('every export of %s has a doc comment', (face) => {
  expect(undocumented(face)).toEqual([])
})
