/** Listens to AbortSignals: one listener per signal, however many calls share it, and none when they are over. */

/** What an aborted signal ends. */
export interface SignalWatcher {
  /** Runs when the signal aborts; must not throw. */
  aborted(signal: AbortSignal): void
}

/** The listener of one signal. Node warns of a leak at the eleventh listener, so that many calls need to share one. */
class SignalFan {
  readonly watchers: Set<SignalWatcher> = new Set()
  readonly signal: AbortSignal

  constructor(signal: AbortSignal) {
    this.signal = signal
  }

  handleEvent(): void {
    fans.delete(this.signal)
    for (const watcher of this.watchers) watcher.aborted(this.signal)
  }
}

const fans = new WeakMap<AbortSignal, SignalFan>()

/** Tells a watcher when a signal, which has not aborted yet, does. */
export function watchSignal(signal: AbortSignal, watcher: SignalWatcher): void {
  let fan = fans.get(signal)
  if (fan === undefined) {
    fan = new SignalFan(signal)
    fans.set(signal, fan)
    signal.addEventListener('abort', fan)
  }
  fan.watchers.add(watcher)
}

/** Stops it. A signal that nobody watches keeps no listener: Node would keep alive one that `AbortSignal.any` made. */
export function unwatchSignal(signal: AbortSignal, watcher: SignalWatcher): void {
  const fan = fans.get(signal)
  if (fan === undefined || !fan.watchers.delete(watcher) || fan.watchers.size > 0) return
  fans.delete(signal)
  signal.removeEventListener('abort', fan)
}
