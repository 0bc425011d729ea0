/** Where the module of each IDL file stands below the output folder. */

import type { IrFile } from '../../ir/ir.ts'

/** The namespace of a Thrift file for TypeScript: the first of these scopes that the file has. */
const scopes = ['js', 'ts', 'nodejs', '*', 'rs', 'go', 'java', 'py', 'cpp']

/**
 * Paths without extension. `file`: `shop/v1/shop.proto` becomes `shop/v1/shop`. `namespace`: files of one protobuf package or Thrift namespace become one
 * module, `shop.v1` the module `shop/v1`; files without one stay for themselves. Paths that differ only in case would be one file on
 * some disks: the later one gets a trailing `_`; a protobuf file beside a Thrift file of its name a trailing `_proto`.
 */
export function nameModules(files: readonly IrFile[], by: 'file' | 'namespace'): Map<IrFile, string> {
  const modules = new Map<IrFile, string>()
  const used = new Set<string>()
  const byNamespace = new Map<string, string>()
  const inOrder = [...files].sort((a, b) => Number(a.idl === 'protobuf') - Number(b.idl === 'protobuf'))
  for (const file of inOrder) {
    const namespace = by === 'namespace' ? namespaceOf(file) : ''
    const shared = byNamespace.get(`${file.idl} ${namespace}`)
    if (shared !== undefined) {
      modules.set(file, shared)
      continue
    }
    let path = namespace === '' ? filePath(file) : namespace.replaceAll('.', '/')
    if (used.has(path.toLowerCase()) && file.idl === 'protobuf') path += '_proto'
    while (used.has(path.toLowerCase())) path += '_'
    used.add(path.toLowerCase())
    if (namespace !== '') byNamespace.set(`${file.idl} ${namespace}`, path)
    modules.set(file, path)
  }
  return modules
}

function filePath(file: IrFile): string {
  return file.source.logicalPath
    .replace(/\.(thrift|proto)$/, '')
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .map((part) => (part === '..' ? '__' : part))
    .join('/')
}

function namespaceOf(file: IrFile): string {
  if (file.idl === 'protobuf') return file.package
  for (const scope of scopes) {
    const found = file.namespaces.get(scope)
    if (found !== undefined && found !== '')
      return found.replace(/[^A-Za-z0-9_.]/g, '_').replace(/^\.+|\.+$|\.(?=\.)/g, '')
  }
  return ''
}
