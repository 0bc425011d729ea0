/** The table of diagnostic codes: each with its severity and what it means. */

/** How bad it is. Only errors stop generation. */
export type Severity = 'error' | 'warning'

/** Every code the compiler can give. Codes are stable; messages are not. */
export const diagnosticCodes = {
  'file-not-found': { severity: 'error', about: 'an entry file or an included file does not exist' },
  'file-unreadable': { severity: 'error', about: 'a file exists and cannot be read or is not UTF-8' },
  syntax: { severity: 'error', about: 'the text does not follow the grammar' },
} as const satisfies Record<string, { severity: Severity; about: string }>

/** One of {@link diagnosticCodes}. */
export type DiagnosticCode = keyof typeof diagnosticCodes
