/** The table of diagnostic codes: each with its severity and what it means. */

/** How bad it is. Only errors stop generation. */
export type Severity = 'error' | 'warning'

/** Every code the compiler can give. Codes are stable; messages are not. */
export const diagnosticCodes = {
  'file-not-found': { severity: 'error', about: 'an entry file or an included file does not exist' },
  'file-unreadable': { severity: 'error', about: 'a file exists and cannot be read or is not UTF-8' },
  syntax: { severity: 'error', about: 'the text does not follow the grammar' },
  'config-syntax': { severity: 'error', about: 'volo.yml is not YAML, or says a key twice' },
  'config-unknown-key': { severity: 'error', about: 'volo.yml holds a key that means nothing' },
  'config-value': { severity: 'error', about: 'a value in volo.yml has the wrong type, or a key is missing' },
  'config-unknown-repo': { severity: 'error', about: 'an IDL in volo.yml names a repo that its entry does not have' },
  'config-git-source': {
    severity: 'error',
    about: 'an IDL in volo.yml comes from git, which this version does not fetch',
  },
  'generated-name-clash': { severity: 'error', about: 'two IDL names become the same TypeScript name' },
} as const satisfies Record<string, { severity: Severity; about: string }>

/** One of {@link diagnosticCodes}. */
export type DiagnosticCode = keyof typeof diagnosticCodes
