/** The compiler for other programs: IDL text in, TypeScript text and diagnostics out, no file system needed. */

/** Compatibility of two versions. */
export type { BreakingChange, DeclarationChange } from './compiler/breaking/change.ts'
export { changeDiagnostic } from './compiler/breaking/change-diagnostic.ts'
export { type Comparison, compareVersions } from './compiler/breaking/compare/compare.ts'
export { applyIgnores, type BreakingIgnore, type FilteredComparison } from './compiler/breaking/ignore.ts'
export {
  type BreakingCategory,
  type BreakingRule,
  type BreakingRuleId,
  breakingCategories,
  breakingRule,
  breakingRules,
} from './compiler/breaking/rule.ts'
/** Compile or check IDL files. */
export {
  type CheckInput,
  type CheckResult,
  type CompileInput,
  type CompileResult,
  check,
  compile,
  type GeneratedFile,
  type GenerateOptions,
  hasErrors,
  type OptionPlaces,
} from './compiler/compile.ts'
/** What the compiler says, and its codes. */
export type { Diagnostic, RelatedPlace, Severity, SourceFile, Span } from './compiler/diagnostic.ts'
export { type DiagnosticCode, diagnosticCodes } from './compiler/diagnostic-code.ts'
/** Where files come from. */
export { type Host, memoryHost } from './compiler/host.ts'
/** The model of a program, for tools. */
export type {
  IrAnnotation,
  IrAnnotationValue,
  IrConst,
  IrDeclaration,
  IrEnum,
  IrEnumValue,
  IrExtension,
  IrField,
  IrFile,
  IrImport,
  IrMessage,
  IrMethod,
  IrOneof,
  IrProgram,
  IrReference,
  IrService,
  IrType,
  IrTypedef,
  IrValue,
  ScalarName,
} from './compiler/ir/ir.ts'
export type { LoadedFile } from './compiler/load.ts'
/** Descriptions for generic clients and servers, made at run time. */
export { type FileSchema, loadSchemas, type SchemaResult } from './compiler/load-schemas.ts'
/** Diagnostics as text and as JSON; places of offsets. */
export { type Position, positionAt } from './compiler/text/position.ts'
export {
  diagnosticToJson,
  type JsonDiagnostic,
  type JsonPlace,
  type RenderableDiagnostic,
  type RenderOptions,
  renderDiagnostic,
} from './compiler/text/render-diagnostic.ts'
