/** What a process holds after garbage collection. */

/** MiB of the heap with its buffers, MiB resident, and the count of active resources: sockets, timers, requests. */
export async function held() {
  // Finalizers and what they release take more than one turn.
  for (let i = 0; i < 3; i++) {
    globalThis.gc()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const { heapUsed, external, rss } = process.memoryUsage()
  const mib = (bytes) => bytes / 2 ** 20
  return { heap: mib(heapUsed + external), rss: mib(rss), resources: process.getActiveResourcesInfo().length }
}
