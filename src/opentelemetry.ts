/** volo-ts/opentelemetry: spans, durations and trace propagation of calls; needs `@opentelemetry/api`. */

export { type TelemetryOptions, telemetry } from './runtime/telemetry/opentelemetry/telemetry.ts'
