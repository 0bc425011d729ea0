/** The slot for ambient inheritance of the context; empty, and then free, unless `runtime/ambient` fills it. */

import { processWide } from '../copies/process-wide.ts'
import type { Context } from './context.ts'
import type { Service } from './service.ts'

/** Knows which call the running code belongs to. */
export interface AmbientStore {
  /** The context of the call that the running code belongs to. */
  get(): Context | undefined
  /** Runs a service so that everything it starts belongs to `cx`. */
  run(cx: Context, service: Service, request: unknown): Promise<unknown>
  /** Runs any function so that everything it starts belongs to `cx`. */
  enter<T>(cx: Context, run: () => T): T
}

const slot = processWide('ambient', (): { store: AmbientStore | undefined } => ({ store: undefined }))

/** Fills the slot for the whole process; undefined empties it. */
export function setAmbientStore(store: AmbientStore | undefined): void {
  slot.store = store
}

/** What fills the slot. */
export function ambientStore(): AmbientStore | undefined {
  return slot.store
}

/** The context of the call that the running code belongs to; undefined without ambient inheritance. */
export function ambientContext(): Context | undefined {
  return slot.store === undefined ? undefined : slot.store.get()
}
