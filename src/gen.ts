/** What generated code imports. People need it rarely; it reaches no `node:` module. */

export type { CallOptions } from './runtime/core/client/call-options.ts'
export type { Context } from './runtime/core/context/context.ts'
export { DeclaredException } from './runtime/core/error.ts'
export {
  completeList,
  completeMap,
  completePairs,
  completeRecord,
  keptCase,
  missing,
  unknownCase,
} from './runtime/core/message/complete.ts'
export { defaultsOf } from './runtime/core/message/defaults.ts'
export { type EnumNumbers, enumNumbers } from './runtime/core/message/enum-name.ts'
export { fileSchema, messageSchema } from './runtime/core/message/file-schema.ts'
export type { FileSchema, MessageSchema } from './runtime/core/message/schema.ts'
export type { UnknownFields } from './runtime/core/message/unknown-fields.ts'
export { methodType, type ServiceType, serviceType } from './runtime/core/service-type.ts'
export { type Extension, extension } from './runtime/protobuf/extension.ts'
export {
  $file as anyFile,
  Any,
  type AnyInput,
} from './runtime/protobuf/gen/google/protobuf/any.ts'
export {
  $file as durationFile,
  Duration,
  type DurationInput,
} from './runtime/protobuf/gen/google/protobuf/duration.ts'
export {
  $file as emptyFile,
  Empty,
  type EmptyInput,
} from './runtime/protobuf/gen/google/protobuf/empty.ts'
export {
  $file as fieldMaskFile,
  FieldMask,
  type FieldMaskInput,
} from './runtime/protobuf/gen/google/protobuf/field_mask.ts'
export {
  $file as structFile,
  ListValue,
  type ListValueInput,
  NullValue,
  Struct,
  type StructInput,
  Value,
  type ValueInput,
} from './runtime/protobuf/gen/google/protobuf/struct.ts'
export {
  $file as timestampFile,
  Timestamp,
  type TimestampInput,
} from './runtime/protobuf/gen/google/protobuf/timestamp.ts'
export {
  $file as wrappersFile,
  BoolValue,
  type BoolValueInput,
  BytesValue,
  type BytesValueInput,
  DoubleValue,
  type DoubleValueInput,
  FloatValue,
  type FloatValueInput,
  Int32Value,
  type Int32ValueInput,
  Int64Value,
  type Int64ValueInput,
  StringValue,
  type StringValueInput,
  UInt32Value,
  type UInt32ValueInput,
  UInt64Value,
  type UInt64ValueInput,
} from './runtime/protobuf/gen/google/protobuf/wrappers.ts'
export {
  $file as codeFile,
  Code,
} from './runtime/protobuf/gen/google/rpc/code.ts'
export {
  $file as errorDetailsFile,
  BadRequest,
  BadRequest_FieldViolation,
  type BadRequest_FieldViolationInput,
  type BadRequestInput,
  DebugInfo,
  type DebugInfoInput,
  ErrorInfo,
  type ErrorInfoInput,
  Help,
  Help_Link,
  type Help_LinkInput,
  type HelpInput,
  LocalizedMessage,
  type LocalizedMessageInput,
  PreconditionFailure,
  PreconditionFailure_Violation,
  type PreconditionFailure_ViolationInput,
  type PreconditionFailureInput,
  QuotaFailure,
  QuotaFailure_Violation,
  type QuotaFailure_ViolationInput,
  type QuotaFailureInput,
  RequestInfo,
  type RequestInfoInput,
  ResourceInfo,
  type ResourceInfoInput,
  RetryInfo,
  type RetryInfoInput,
} from './runtime/protobuf/gen/google/rpc/error_details.ts'
export {
  $file as statusFile,
  Status,
  type StatusInput,
} from './runtime/protobuf/gen/google/rpc/status.ts'
export {
  type DefaultedMessage,
  defaultedMessage,
  missingProtobufField,
  type ProtobufMessage,
  protobufMessage,
  writeUnknownProtobufFields,
} from './runtime/protobuf/message.ts'
export type { ProtobufReader } from './runtime/protobuf/reader.ts'
export type { ProtobufWriter } from './runtime/protobuf/writer.ts'
export type { ThriftReader, ThriftStruct, ThriftWriter } from './runtime/thrift/protocol/protocol.ts'
export {
  type DefaultedStruct,
  defaultedStruct,
  doubleCase,
  missingField,
  thriftStruct,
} from './runtime/thrift/protocol/struct.ts'
export { type ThriftUnion, thriftUnion } from './runtime/thrift/protocol/union.ts'
export {
  keepUnknownField,
  unknownArm,
  writeUnknownCase,
  writeUnknownFields,
} from './runtime/thrift/protocol/unknown-fields.ts'
