/** The tracer and the histograms of the OpenTelemetry SDK that the application has registered, if it has. */

import { createNoopMeter, type Histogram, type MeterProvider, metrics, type Tracer, trace } from '@opentelemetry/api'
import { durationBuckets } from './semantic-convention.ts'

const scope = 'volo-ts'

/** What the calls of one layer are recorded with. */
export interface Instruments {
  readonly tracer: Tracer | undefined
  readonly duration: { readonly client: Histogram; readonly server: Histogram } | undefined
}

/**
 * Returns a function that gives what is registered now, undefined while nothing is. An SDK may be registered after the
 * layers are made, and before it is, a call must not pay for it.
 */
export function registeredInstruments(): () => Instruments | undefined {
  let found: Instruments | undefined
  let meters: MeterProvider | undefined
  return () => {
    if (found?.tracer !== undefined && found.duration !== undefined) return found
    const tracer = found?.tracer ?? registeredTracer()
    let duration = found?.duration
    const provider = metrics.getMeterProvider()
    if (duration === undefined && provider !== meters) {
      meters = provider
      duration = histograms(provider)
    }
    if (tracer !== found?.tracer || duration !== found?.duration) found = { tracer, duration }
    return found
  }
}

/** The global provider is a proxy whose delegate is the SDK's. */
function registeredTracer(): Tracer | undefined {
  const provider = trace.getTracerProvider()
  if (!('getDelegateTracer' in provider)) return provider.getTracer(scope)
  return (provider as { getDelegateTracer(name: string): Tracer | undefined }).getDelegateTracer(scope)
}

function histograms(provider: MeterProvider): Instruments['duration'] {
  const meter = provider.getMeter(scope)
  if (meter === createNoopMeter()) return undefined
  const histogram = (role: 'client' | 'server'): Histogram =>
    meter.createHistogram(`rpc.${role}.call.duration`, {
      unit: 's',
      description: `Duration of the calls of the ${role}`,
      advice: { explicitBucketBoundaries: [...durationBuckets] },
    })
  return { client: histogram('client'), server: histogram('server') }
}
