/** Checks modules given by absolute path; `gen` is the module that stands for `volo-ts/gen`. */
export function typeCheck(
  modules: ReadonlyMap<string, string>,
  gen?: string,
): { readonly errors: readonly string[]; readonly files: number }
