/** The extension that the user's tsconfig.json asks for in relative imports. */

import { getTsconfig } from 'get-tsconfig'

/** `.ts` where TypeScript sources import each other by their own names, else `.js`, which every module resolution takes. */
export function importExtension(folder: string): '.js' | '.ts' {
  try {
    const options = getTsconfig(folder)?.config.compilerOptions
    return options?.allowImportingTsExtensions === true || options?.rewriteRelativeImportExtensions === true
      ? '.ts'
      : '.js'
  } catch {
    // tsc reports a tsconfig.json that cannot be read.
    return '.js'
  }
}
