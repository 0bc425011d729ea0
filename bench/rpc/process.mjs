/** One side of a race in its own process: `server STACK` or `client STACK PORT VARIANT`; the race speaks to it over IPC. */

const [, , role, stack, port, variant] = process.argv
const { serve, connect } = await import(`./stack/${stack}.mjs`)

const side = role === 'server' ? await serve() : await connect(Number(port), variant)

/** Runs `calls` echoes, `lanes` at a time; gives CPU microseconds, wall milliseconds and latencies in microseconds. */
async function run({ calls, lanes, size }) {
  const message = 'x'.repeat(size)
  const latencies = new Float64Array(calls)
  let next = 0
  const lane = async () => {
    while (next < calls) {
      const index = next++
      const start = performance.now()
      const reply = await side.echo(message)
      latencies[index] = (performance.now() - start) * 1000
      if (reply.message.length !== size) throw new Error('wrong echo')
    }
  }
  const start = performance.now()
  const before = process.cpuUsage()
  await Promise.all(Array.from({ length: lanes }, lane))
  const { user, system } = process.cpuUsage(before)
  latencies.sort()
  return {
    cpu: user + system,
    wall: performance.now() - start,
    p50: latencies[Math.floor(calls * 0.5)],
    p99: latencies[Math.floor(calls * 0.99)],
  }
}

process.on('message', async (message) => {
  if (message.kind === 'cpu') process.send({ cpu: process.cpuUsage() })
  else if (message.kind === 'run') process.send(await run(message))
  else {
    await side.close()
    process.disconnect()
  }
})
process.send({ port: side.port })
