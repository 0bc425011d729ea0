/** The table of diagnostic codes: each with its severity and what it means. */

/** How bad it is. Only errors stop generation. */
export type Severity = 'error' | 'warning'

/** Every code the compiler can give. Codes are stable; messages are not. */
export const diagnosticCodes = {
  'file-not-found': { severity: 'error', about: 'an entry file or an included file does not exist' },
  'file-unreadable': { severity: 'error', about: 'a file exists and cannot be read or is not UTF-8' },
  syntax: { severity: 'error', about: 'the text does not follow the grammar' },
  unterminated: { severity: 'error', about: 'a string or comment is never closed' },
  'nested-too-deep': { severity: 'error', about: 'types, values or bodies are nested beyond any use' },
  'number-out-of-range': { severity: 'error', about: 'a number does not fit where it stands' },
  'missing-field-id': { severity: 'warning', about: 'a Thrift field has no id and gets a negative one' },
  'odd-field-id': { severity: 'warning', about: 'a Thrift field id is zero or negative' },
  'import-cycle': { severity: 'error', about: 'a file includes itself, directly or through others' },
  'unused-import': { severity: 'warning', about: 'nothing of an included file is used' },
  'unsupported-file': {
    severity: 'error',
    about: 'an entry or include is neither .thrift nor .proto, or of the other IDL',
  },
  'duplicate-module': { severity: 'error', about: 'two files of different roots have the same path below them' },
  'unknown-type': { severity: 'error', about: 'no type of this name is visible' },
  'unknown-value': { severity: 'error', about: 'no constant or enum value of this name is visible' },
  'unknown-service': { severity: 'error', about: 'no service of this name is visible' },
  'not-imported': { severity: 'error', about: 'a name is declared in a file that this one does not import' },
  'ambiguous-name': { severity: 'error', about: 'a name means something in several included files of one name' },
  'not-a-type': { severity: 'error', about: 'a constant or service stands where a type belongs' },
  'not-a-value': { severity: 'error', about: 'a type or service stands where a value belongs' },
  'not-a-service': { severity: 'error', about: 'extends names something that is no service' },
  'not-an-exception': { severity: 'error', about: 'throws names something that is no exception' },
  'not-a-message': { severity: 'error', about: 'a method or extend needs a message and names something else' },
  'duplicate-declaration': { severity: 'error', about: 'two declarations have one name' },
  'duplicate-in-namespace': { severity: 'warning', about: 'files with one namespace declare the same name' },
  'duplicate-field': { severity: 'error', about: 'two fields of one message or argument list have one name' },
  'duplicate-field-id': { severity: 'error', about: 'two fields of one message or argument list have one id' },
  'duplicate-enum-value': { severity: 'error', about: 'two values of one enum have one name' },
  'duplicate-enum-number': { severity: 'warning', about: 'two values of one Thrift enum have one number' },
  'duplicate-method': { severity: 'error', about: 'two methods of one service, or of one it extends, have one name' },
  'bad-value': { severity: 'error', about: 'a default or constant does not fit its type' },
  'unknown-enum-number': { severity: 'warning', about: 'an enum constant is a number that the enum does not name' },
  'bad-oneway': { severity: 'error', about: 'a oneway method has a result or throws' },
  'bad-key': { severity: 'error', about: 'a type cannot be the key of a map or the element of a set' },
  'union-required': { severity: 'warning', about: 'a field of a union is marked required' },
  'union-defaults': { severity: 'error', about: 'a union has more than one default' },
  'typedef-cycle': { severity: 'error', about: 'a typedef stands for itself' },
  'const-cycle': { severity: 'error', about: 'a constant is defined by itself' },
  'extends-cycle': { severity: 'error', about: 'a service extends itself, directly or through others' },
  'infinite-message': { severity: 'error', about: 'a message requires itself, so that no value of it is finite' },
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
