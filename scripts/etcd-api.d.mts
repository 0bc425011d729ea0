import type { Host } from '../src/compiler/host.ts'
import type { CompileInput, CompileResult, GeneratedFile } from '../src/compiler.ts'

export function generateEtcdApi(compiler: {
  compile(input: CompileInput): CompileResult
  memoryHost(files: Readonly<Record<string, string>>): Host
}): GeneratedFile[]
