/** Listens to AbortSignals: one listener per signal, however many calls share it, and none when they are over. */

/** What an aborted signal ends. */
export interface SignalWatcher {
  /** Runs when the signal aborts; must not throw. */
  aborted(signal: AbortSignal): void
}

/** The listener of one signal. Node warns of a leak at the eleventh listener, so that many calls need to share one. */
class SignalFan {
  readonly signal: AbortSignal
  /** Most signals have one watcher at a time; a Set is made for the second. */
  first: SignalWatcher | undefined
  others: Set<SignalWatcher> | undefined = undefined

  constructor(signal: AbortSignal, first: SignalWatcher) {
    this.signal = signal
    this.first = first
  }

  handleEvent(): void {
    const { signal, first, others } = this
    fans.delete(signal)
    first?.aborted(signal)
    if (others !== undefined) for (const watcher of others) watcher.aborted(signal)
  }
}

const fans = new WeakMap<AbortSignal, SignalFan>()

/** Tells a watcher when a signal, which has not aborted yet, does. */
export function watchSignal(signal: AbortSignal, watcher: SignalWatcher): void {
  const known = fans.get(signal)
  if (known === undefined) {
    const fan = new SignalFan(signal, watcher)
    fans.set(signal, fan)
    signal.addEventListener('abort', fan)
  } else if (known.first === undefined) known.first = watcher
  else {
    known.others ??= new Set()
    known.others.add(watcher)
  }
}

/** Stops it. A signal that nobody watches keeps no listener: Node would keep alive one that `AbortSignal.any` made. */
export function unwatchSignal(signal: AbortSignal, watcher: SignalWatcher): void {
  const fan = fans.get(signal)
  if (fan === undefined) return
  if (fan.first === watcher) fan.first = undefined
  else fan.others?.delete(watcher)
  if (fan.first !== undefined || (fan.others !== undefined && fan.others.size > 0)) return
  fans.delete(signal)
  signal.removeEventListener('abort', fan)
}
