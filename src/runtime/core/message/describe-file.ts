/** describeFile: a file's description as plain JSON-safe data, for tools and reflection over Thrift. */

import type { FileSchema } from './schema.ts'

/** What {@link describeFile} gives: {@link FileSchema} as data, imported files by their paths. */
export interface FileDescription extends Omit<FileSchema, 'imports'> {
  readonly imports: readonly string[]
}

/** Everything that generated code knows of an IDL file, as data that `JSON.stringify` takes. */
export function describeFile(file: FileSchema): FileDescription {
  const { path, idl, syntax, package: packageName, publicImports = [], messages, enums, services } = file
  const imports = file.imports.map((one) => one.path)
  return {
    path,
    idl,
    syntax,
    package: packageName,
    imports,
    ...(publicImports.length > 0 && { publicImports }),
    messages,
    enums,
    services,
  }
}
