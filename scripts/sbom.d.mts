export function packagesOf(moduleIds: Iterable<string>): string[]
export function sbom(packages: readonly string[]): string
export function bundledPackages(): { readonly name: string; readonly version: string }[]
