/** The rules of compatibility, in one table: what each finds, the gravest thing it breaks, an example, and the rules of buf that it covers. */

/** What a change breaks, gravest first: bytes between versions, their JSON, code that uses what is generated. */
export const breakingCategories = ['wire', 'json', 'source'] as const

/** One of {@link breakingCategories}. */
export type BreakingCategory = (typeof breakingCategories)[number]

/** One rule. */
export interface BreakingRule {
  /** The gravest thing that it breaks; what breaks the wire is not said again for JSON and source. */
  readonly category: BreakingCategory
  /** The IDLs in which it can occur. */
  readonly idl: 'thrift' | 'protobuf' | 'both'
  /** What changed, and what that does; one sentence. */
  readonly about: string
  /** Before → after. */
  readonly example: string
  /** The rules of buf that it covers. */
  readonly buf?: readonly string[]
}

/** Every rule by its id. */
export const breakingRules = {
  'file-removed': {
    category: 'source',
    idl: 'both',
    about: 'an IDL file is gone, and its generated module with it',
    example: '`shop.proto` → gone',
    buf: ['FILE_NO_DELETE'],
  },
  'package-changed': {
    category: 'wire',
    idl: 'protobuf',
    about: 'a file has another package, so its services have other paths and its messages other names in `Any`',
    example: '`package shop.v1` → `package shop.v2`',
    buf: ['FILE_SAME_PACKAGE', 'PACKAGE_NO_DELETE'],
  },
  'namespace-changed': {
    category: 'source',
    idl: 'thrift',
    about: 'a file has another namespace in some language, so code generated there moves',
    example: '`namespace go shop` → `namespace go store`',
  },
  'file-option-changed': {
    category: 'source',
    idl: 'protobuf',
    about: 'an option that decides where or how other languages generate the code of a file has another value',
    example: '`option go_package = "a"` → `option go_package = "b"`',
    buf: [
      'FILE_SAME_CC_ENABLE_ARENAS',
      'FILE_SAME_CC_GENERIC_SERVICES',
      'FILE_SAME_CSHARP_NAMESPACE',
      'FILE_SAME_GO_PACKAGE',
      'FILE_SAME_JAVA_GENERIC_SERVICES',
      'FILE_SAME_JAVA_MULTIPLE_FILES',
      'FILE_SAME_JAVA_OUTER_CLASSNAME',
      'FILE_SAME_JAVA_PACKAGE',
      'FILE_SAME_JAVA_STRING_CHECK_UTF8',
      'FILE_SAME_OBJC_CLASS_PREFIX',
      'FILE_SAME_OPTIMIZE_FOR',
      'FILE_SAME_PHP_CLASS_PREFIX',
      'FILE_SAME_PHP_GENERIC_SERVICES',
      'FILE_SAME_PHP_METADATA_NAMESPACE',
      'FILE_SAME_PHP_NAMESPACE',
      'FILE_SAME_PY_GENERIC_SERVICES',
      'FILE_SAME_RUBY_PACKAGE',
      'FILE_SAME_SWIFT_PREFIX',
    ],
  },
  'syntax-changed': {
    category: 'source',
    idl: 'protobuf',
    about: 'a file has another syntax or edition, which changes defaults of presence, enums and packing',
    example: '`syntax = "proto2"` → `syntax = "proto3"`',
    buf: ['FILE_SAME_SYNTAX'],
  },
  'declaration-moved': {
    category: 'source',
    idl: 'both',
    about: 'a declaration stands in another file, so it is imported from another module',
    example: '`Money` in `shop.thrift` → in `common.thrift`',
    buf: ['ENUM_NO_DELETE', 'EXTENSION_NO_DELETE', 'MESSAGE_NO_DELETE', 'SERVICE_NO_DELETE'],
  },
  'declaration-kind-changed': {
    category: 'source',
    idl: 'both',
    about: 'a name is a declaration of another kind',
    example: '`enum Size` → `struct Size`',
  },
  'message-removed': {
    category: 'source',
    idl: 'both',
    about: 'a message, struct, union or exception is gone',
    example: '`struct Cart` → gone',
    buf: ['MESSAGE_NO_DELETE', 'PACKAGE_MESSAGE_NO_DELETE'],
  },
  'union-kind-changed': {
    category: 'wire',
    idl: 'thrift',
    about:
      'a struct or exception is a union or the reverse: a reader of the union refuses what sets several fields or none',
    example: '`struct Payment` → `union Payment`',
  },
  'exception-kind-changed': {
    category: 'source',
    idl: 'thrift',
    about: 'a struct is an exception or the reverse: the same bytes, another class',
    example: '`struct Refused` → `exception Refused`',
  },
  'message-set-changed': {
    category: 'wire',
    idl: 'protobuf',
    about: 'a message gains or loses the wire format of message sets',
    example: '`option message_set_wire_format = true` → gone',
    buf: ['MESSAGE_SAME_MESSAGE_SET_WIRE_FORMAT'],
  },
  'message-option-changed': {
    category: 'source',
    idl: 'protobuf',
    about: 'an option that changes the generated class of a message in other languages has another value',
    example: 'nothing → `option no_standard_descriptor_accessor = true`',
    buf: ['MESSAGE_NO_REMOVE_STANDARD_DESCRIPTOR_ACCESSOR'],
  },
  'json-format-changed': {
    category: 'json',
    idl: 'protobuf',
    about: 'a message or enum is no longer sure to have a JSON form (`features.json_format`)',
    example: '`syntax = "proto3"` → `syntax = "proto2"`',
    buf: ['MESSAGE_SAME_JSON_FORMAT', 'ENUM_SAME_JSON_FORMAT'],
  },
  'reserved-removed': {
    category: 'wire',
    idl: 'protobuf',
    about: 'a number or name is no longer reserved, so what older versions mean by it may come back as something else',
    example: '`reserved 4` → gone',
    buf: ['RESERVED_MESSAGE_NO_DELETE', 'RESERVED_ENUM_NO_DELETE'],
  },
  'extension-range-removed': {
    category: 'source',
    idl: 'protobuf',
    about: 'numbers are no longer left to extensions',
    example: '`extensions 100 to 199` → `extensions 100 to 149`',
    buf: ['EXTENSION_MESSAGE_NO_DELETE'],
  },
  'field-removed': {
    category: 'source',
    idl: 'both',
    about: 'a field is gone; where the IDL can reserve its number and name, both are reserved',
    example: '`2: optional string note` → gone',
    buf: ['FIELD_NO_DELETE'],
  },
  'field-number-unreserved': {
    category: 'wire',
    idl: 'protobuf',
    about:
      'a field is gone and its number is not reserved, so another field may take it and read the bytes of this one',
    example: '`string note = 2` → gone',
    buf: ['FIELD_NO_DELETE_UNLESS_NUMBER_RESERVED'],
  },
  'field-name-unreserved': {
    category: 'json',
    idl: 'protobuf',
    about: 'a field is gone and its name is not reserved, so another field may take it and read the JSON of this one',
    example: '`string note = 2` → `reserved 2`',
    buf: ['FIELD_NO_DELETE_UNLESS_NAME_RESERVED'],
  },
  'field-id-changed': {
    category: 'wire',
    idl: 'both',
    about: 'a field, argument or declared exception has another id, so each version skips what the other writes',
    example: '`2: string note` → `3: string note`',
  },
  'field-id-reused': {
    category: 'wire',
    idl: 'both',
    about: 'the id of a field that is gone belongs to a different one, which reads the bytes of the old',
    example: '`2: string note` → `2: i64 total`',
  },
  'field-renamed': {
    category: 'json',
    idl: 'both',
    about: 'a field or argument has another name, also in JSON',
    example: '`string note = 2` → `string remark = 2`',
    buf: ['FIELD_SAME_NAME'],
  },
  'field-name-changed': {
    category: 'source',
    idl: 'protobuf',
    about: 'a field has another name and keeps the one it has in JSON',
    example: '`string note = 2` → `string remark = 2 [json_name = "note"]`',
    buf: ['FIELD_SAME_NAME'],
  },
  'field-json-name-changed': {
    category: 'json',
    idl: 'protobuf',
    about: 'a field has another name in JSON only',
    example: '`string note = 2` → `string note = 2 [json_name = "n"]`',
    buf: ['FIELD_SAME_JSON_NAME'],
  },
  'field-wire-type-changed': {
    category: 'wire',
    idl: 'both',
    about: 'a field has a type whose bytes are others, or mean another value',
    example: '`2: i32 count` → `2: i64 count`; `sint32 count = 2` → `int32 count = 2`',
    buf: ['FIELD_WIRE_COMPATIBLE_TYPE', 'FIELD_SAME_TYPE'],
  },
  'field-json-type-changed': {
    category: 'json',
    idl: 'both',
    about: 'a field has a type of the same bytes that is written otherwise in JSON',
    example: '`int32 count = 2` → `int64 count = 2`; `2: string raw` → `2: binary raw`',
    buf: ['FIELD_WIRE_JSON_COMPATIBLE_TYPE', 'FIELD_WIRE_JSON_COMPATIBLE_CARDINALITY', 'FIELD_SAME_TYPE'],
  },
  'field-type-changed': {
    category: 'source',
    idl: 'both',
    about: 'a field has another type of the same bytes and JSON',
    example: '`int32 count = 2` → `uint32 count = 2`',
    buf: ['FIELD_SAME_TYPE'],
  },
  'field-cardinality-changed': {
    category: 'wire',
    idl: 'protobuf',
    about: 'a singular field is repeated or the reverse: packed numbers cannot be read, of several values one is kept',
    example: '`string tag = 2` → `repeated string tag = 2`',
    buf: ['FIELD_WIRE_COMPATIBLE_CARDINALITY', 'FIELD_SAME_CARDINALITY', 'FIELD_SAME_LABEL'],
  },
  'field-presence-changed': {
    category: 'source',
    idl: 'both',
    about: 'a field gains or loses explicit presence, so its member may or may not be undefined',
    example: '`string note = 2` → `optional string note = 2`',
    buf: ['FIELD_SAME_CARDINALITY', 'FIELD_SAME_LABEL'],
  },
  'required-field-added': {
    category: 'wire',
    idl: 'both',
    about: 'a field or argument is new and required: messages of older versions are refused',
    example: 'nothing → `3: required string note`',
    buf: ['MESSAGE_SAME_REQUIRED_FIELDS'],
  },
  'required-field-removed': {
    category: 'wire',
    idl: 'both',
    about: 'a required field or argument is gone: older versions refuse messages without it',
    example: '`3: required string note` → gone',
    buf: ['MESSAGE_SAME_REQUIRED_FIELDS'],
  },
  'field-became-required': {
    category: 'wire',
    idl: 'both',
    about: 'a field is now required: messages of older versions may lack it and are refused',
    example: '`3: optional string note` → `3: required string note`',
    buf: ['MESSAGE_SAME_REQUIRED_FIELDS', 'FIELD_WIRE_COMPATIBLE_CARDINALITY'],
  },
  'field-no-longer-required': {
    category: 'wire',
    idl: 'both',
    about: 'a field may be absent now: older versions refuse messages without it',
    example: '`3: required string note` → `3: optional string note`',
    buf: ['MESSAGE_SAME_REQUIRED_FIELDS', 'FIELD_WIRE_COMPATIBLE_CARDINALITY'],
  },
  'field-default-changed': {
    category: 'wire',
    idl: 'both',
    about: 'a field or argument has another default: a message without it means something else to each version',
    example: '`3: i32 size = 10` → `3: i32 size = 20`',
    buf: ['FIELD_SAME_DEFAULT'],
  },
  'field-utf8-changed': {
    category: 'wire',
    idl: 'protobuf',
    about: 'a string is or is no longer held to UTF-8: one version refuses what the other writes',
    example: '`[features.utf8_validation = NONE]` → nothing',
    buf: ['FIELD_SAME_UTF8_VALIDATION'],
  },
  'field-encoding-changed': {
    category: 'wire',
    idl: 'protobuf',
    about: 'a message field is delimited by tags (a group) or no longer',
    example: '`group Item = 2` → `Item item = 2`',
    buf: ['FIELD_SAME_TYPE', 'FIELD_WIRE_COMPATIBLE_TYPE'],
  },
  'field-option-changed': {
    category: 'source',
    idl: 'protobuf',
    about: 'an option that changes the type of a field in other languages has another value',
    example: '`[jstype = JS_STRING]` → nothing',
    buf: ['FIELD_SAME_CPP_STRING_TYPE', 'FIELD_SAME_CTYPE', 'FIELD_SAME_JAVA_UTF8_VALIDATION', 'FIELD_SAME_JSTYPE'],
  },
  'field-oneof-changed': {
    category: 'wire',
    idl: 'protobuf',
    about: 'a field moves into, out of or between oneofs that have other fields: of two that are set, readers keep one',
    example: '`string a = 1; oneof x { string b = 2; }` → `oneof x { string a = 1; string b = 2; }`',
    buf: ['FIELD_SAME_ONEOF'],
  },
  'field-oneof-alone': {
    category: 'source',
    idl: 'protobuf',
    about: 'a field moves into a oneof where it is alone, or out of one: the same bytes, another member',
    example: '`optional string a = 1` → `oneof x { string a = 1; }`',
    buf: ['FIELD_SAME_ONEOF'],
  },
  'oneof-removed': {
    category: 'source',
    idl: 'protobuf',
    about: 'a oneof is gone',
    example: '`oneof owner { … }` → gone',
    buf: ['ONEOF_NO_DELETE'],
  },
  'oneof-renamed': {
    category: 'source',
    idl: 'protobuf',
    about: 'a oneof has another name',
    example: '`oneof owner { string user = 1; }` → `oneof holder { string user = 1; }`',
    buf: ['ONEOF_NO_DELETE', 'FIELD_SAME_ONEOF'],
  },
  'union-field-added': {
    category: 'wire',
    idl: 'thrift',
    about:
      'a union can hold something new, which older versions read as a union of nothing: some peers then refuse the message',
    example: '`union Payment { 1: Card card }` → `union Payment { 1: Card card, 2: Cash cash }`',
  },
  'union-field-removed': {
    category: 'wire',
    idl: 'thrift',
    about:
      'a union can no longer hold something: what older versions write is read as a union of nothing, which some peers refuse',
    example: '`union Payment { 1: Card card, 2: Cash cash }` → `union Payment { 1: Card card }`',
  },
  'enum-removed': {
    category: 'source',
    idl: 'both',
    about: 'an enum is gone',
    example: '`enum Color` → gone',
    buf: ['ENUM_NO_DELETE', 'PACKAGE_ENUM_NO_DELETE'],
  },
  'enum-openness-changed': {
    category: 'wire',
    idl: 'protobuf',
    about:
      'an enum is closed or open, so a number without a name is an unknown field to one version and a value to the other',
    example: '`enum` of proto2 → `enum` of proto3',
    buf: ['ENUM_SAME_TYPE'],
  },
  'enum-default-changed': {
    category: 'wire',
    idl: 'protobuf',
    about: 'an enum begins with another number, which is what an absent field means',
    example: '`enum Color { RED = 1; BLUE = 2; }` → `enum Color { BLUE = 2; RED = 1; }`',
    buf: ['FIELD_SAME_DEFAULT'],
  },
  'enum-value-removed': {
    category: 'source',
    idl: 'both',
    about: 'a value of an enum is gone; where the IDL can reserve its number and name, both are reserved',
    example: '`BLUE = 2` → gone',
    buf: ['ENUM_VALUE_NO_DELETE'],
  },
  'enum-value-number-unreserved': {
    category: 'wire',
    idl: 'protobuf',
    about: 'a value of an enum is gone and its number is not reserved, so another value may take it',
    example: '`BLUE = 2` → gone',
    buf: ['ENUM_VALUE_NO_DELETE_UNLESS_NUMBER_RESERVED'],
  },
  'enum-value-name-unreserved': {
    category: 'json',
    idl: 'protobuf',
    about: 'a value of an enum is gone and its name is not reserved, so JSON that has it cannot be read',
    example: '`BLUE = 2` → `reserved 2`',
    buf: ['ENUM_VALUE_NO_DELETE_UNLESS_NAME_RESERVED'],
  },
  'enum-value-renamed': {
    category: 'json',
    idl: 'both',
    about: 'a number of an enum has another name, also in JSON',
    example: '`BLUE = 2` → `NAVY = 2`',
    buf: ['ENUM_VALUE_SAME_NAME'],
  },
  'enum-value-number-changed': {
    category: 'wire',
    idl: 'both',
    about: 'a value of an enum has another number',
    example: '`BLUE = 2` → `BLUE = 3`',
    buf: ['ENUM_VALUE_SAME_NAME'],
  },
  'typedef-removed': {
    category: 'source',
    idl: 'thrift',
    about: 'a typedef is gone',
    example: '`typedef i64 OrderId` → gone',
  },
  'typedef-changed': {
    category: 'source',
    idl: 'thrift',
    about: 'a typedef stands for another type; what that does to bytes is said at the fields that use it',
    example: '`typedef i32 OrderId` → `typedef i64 OrderId`',
  },
  'const-removed': {
    category: 'source',
    idl: 'thrift',
    about: 'a constant is gone',
    example: '`const i32 LIMIT = 10` → gone',
  },
  'const-changed': {
    category: 'source',
    idl: 'thrift',
    about: 'a constant has another type or value',
    example: '`const i32 LIMIT = 10` → `const i32 LIMIT = 20`',
  },
  'extension-removed': {
    category: 'source',
    idl: 'protobuf',
    about: 'an extension is gone',
    example: '`extend Cart { string note = 100; }` → gone',
    buf: ['EXTENSION_NO_DELETE', 'PACKAGE_EXTENSION_NO_DELETE'],
  },
  'extension-target-changed': {
    category: 'wire',
    idl: 'protobuf',
    about: 'an extension extends another message',
    example: '`extend Cart { … }` → `extend Order { … }`',
  },
  'service-removed': {
    category: 'wire',
    idl: 'both',
    about: 'a service is gone: calls to it fail',
    example: '`service Shop` → gone',
    buf: ['SERVICE_NO_DELETE', 'PACKAGE_SERVICE_NO_DELETE'],
  },
  'service-extends-changed': {
    category: 'source',
    idl: 'thrift',
    about: 'a service extends another service, or none',
    example: '`service Shop extends Base` → `service Shop`',
  },
  'method-removed': {
    category: 'wire',
    idl: 'both',
    about: 'a method is gone or renamed: calls to it fail',
    example: '`rpc Checkout(…)` → gone',
    buf: ['RPC_NO_DELETE'],
  },
  'method-wire-type-changed': {
    category: 'wire',
    idl: 'both',
    about: 'a method takes or gives a type whose bytes are others',
    example: '`i32 count()` → `i64 count()`; `void add(…)` → `i32 add(…)`',
    buf: ['RPC_SAME_REQUEST_TYPE', 'RPC_SAME_RESPONSE_TYPE'],
  },
  'method-json-type-changed': {
    category: 'json',
    idl: 'both',
    about: 'a method takes or gives a type of the same bytes that is written otherwise in JSON',
    example: '`string read()` → `binary read()`',
    buf: ['RPC_SAME_REQUEST_TYPE', 'RPC_SAME_RESPONSE_TYPE'],
  },
  'method-type-changed': {
    category: 'source',
    idl: 'both',
    about: 'a method takes or gives another type of the same bytes and JSON',
    example: '`rpc Get(GetRequest)` → `rpc Get(FetchRequest)` with the same fields',
    buf: ['RPC_SAME_REQUEST_TYPE', 'RPC_SAME_RESPONSE_TYPE'],
  },
  'client-streaming-changed': {
    category: 'wire',
    idl: 'protobuf',
    about: 'a method takes a stream where it took one message, or the reverse',
    example: '`rpc Send(Part)` → `rpc Send(stream Part)`',
    buf: ['RPC_SAME_CLIENT_STREAMING'],
  },
  'server-streaming-changed': {
    category: 'wire',
    idl: 'protobuf',
    about: 'a method gives a stream where it gave one message, or the reverse',
    example: '`returns (Part)` → `returns (stream Part)`',
    buf: ['RPC_SAME_SERVER_STREAMING'],
  },
  'oneway-changed': {
    category: 'wire',
    idl: 'thrift',
    about: 'a method is oneway or no longer: one side waits for an answer that the other does not send',
    example: '`void log(…)` → `oneway void log(…)`',
  },
  'idempotency-changed': {
    category: 'wire',
    idl: 'both',
    about:
      'a method promises something else about being called twice, on which retries (and GET in some protocols) stand',
    example: '`option idempotency_level = IDEMPOTENT` → gone',
    buf: ['RPC_SAME_IDEMPOTENCY_LEVEL'],
  },
  'argument-added': {
    category: 'source',
    idl: 'thrift',
    about: 'a method takes one more argument that callers must give, or one before others',
    example: '`void add(1: i32 a)` → `void add(1: i32 a, 2: i32 b)`',
  },
  'argument-removed': {
    category: 'source',
    idl: 'thrift',
    about: 'a method no longer takes an argument',
    example: '`void add(1: i32 a, 2: i32 b)` → `void add(1: i32 a)`',
  },
  'argument-order-changed': {
    category: 'source',
    idl: 'thrift',
    about: 'the arguments of a method stand in another order: the same bytes, other calls',
    example: '`(1: i32 a, 2: i32 b)` → `(2: i32 b, 1: i32 a)`',
  },
  'exception-added': {
    category: 'source',
    idl: 'thrift',
    about:
      'a method with a result declares one more exception, which older clients take for an answer without a result',
    example: '`i32 pay()` → `i32 pay() throws (1: Refused refused)`',
  },
  'exception-removed': {
    category: 'source',
    idl: 'thrift',
    about:
      'a method with a result no longer declares an exception; what older servers throw is an answer without a result',
    example: '`i32 pay() throws (1: Refused refused)` → `i32 pay()`',
  },
  'void-exception-added': {
    category: 'wire',
    idl: 'thrift',
    about: 'a void method declares one more exception, which older clients take for success',
    example: '`void pay()` → `void pay() throws (1: Refused refused)`',
  },
  'void-exception-removed': {
    category: 'wire',
    idl: 'thrift',
    about: 'a void method no longer declares an exception; clients take what older servers throw for success',
    example: '`void pay() throws (1: Refused refused)` → `void pay()`',
  },
} as const

/** The id of a rule. */
export type BreakingRuleId = keyof typeof breakingRules

/** The rule of an id. */
export function breakingRule(id: BreakingRuleId): BreakingRule {
  return breakingRules[id]
}

/** True when something that breaks `category` counts for who asks for `wanted`: `source` asks for all, `wire` for the wire alone. */
export function isWanted(category: BreakingCategory, wanted: BreakingCategory): boolean {
  return breakingCategories.indexOf(category) <= breakingCategories.indexOf(wanted)
}

/** The graver of two categories. */
export function graver(a: BreakingCategory | undefined, b: BreakingCategory | undefined): BreakingCategory | undefined {
  if (a === undefined) return b
  if (b === undefined) return a
  return isWanted(a, b) ? a : b
}
