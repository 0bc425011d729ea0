/** One side of a race in its own process: `server STACK 0 VARIANT` or `client STACK PORT VARIANT`; the race speaks to it over IPC. */

const [, , role, stack, port, variant] = process.argv
const { serve, connect } = await import(`./stack/${stack}.mjs`)

const side = role === 'server' ? await serve(variant) : await connect(Number(port), variant)

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

/** Runs `lanes` streams that carry `calls` messages together, as fast as their other end takes them. */
async function stream({ calls, lanes, size }) {
  const message = 'x'.repeat(size)
  const each = Math.floor(calls / lanes)
  const lane = async () => {
    const got = await side.chat(message, each)
    if (got !== each) throw new Error(`${got} messages of ${each} came back`)
  }
  const start = performance.now()
  const before = process.cpuUsage()
  await Promise.all(Array.from({ length: lanes }, lane))
  const { user, system } = process.cpuUsage(before)
  const wall = performance.now() - start
  return { cpu: user + system, wall, perSecond: (each * lanes * 1000) / wall }
}

/** The same with a server of variant `late`: it begins to read when much has piled up, and answers how many it has read. */
async function piled({ calls, lanes, size }) {
  const message = 'x'.repeat(size)
  const each = Math.floor(calls / lanes)
  const start = performance.now()
  const before = process.cpuUsage()
  const read = await Promise.all(Array.from({ length: lanes }, () => side.collect(message, each)))
  const wrong = read.find((count) => count !== each)
  if (wrong !== undefined) throw new Error(`${wrong} messages of ${each} were read`)
  const { user, system } = process.cpuUsage(before)
  const wall = performance.now() - start
  return { cpu: user + system, wall, perSecond: (each * lanes * 1000) / wall }
}

/**
 * Open loop: sends `rate` echoes a second for `seconds`, whether answers come or not; latencies in microseconds from the
 * moment when each was due, so that waiting to be sent counts.
 */
async function openLoop({ rate, seconds, size }) {
  const message = 'x'.repeat(size)
  const latencies = []
  const calls = []
  const total = Math.floor(rate * seconds)
  const start = performance.now()
  for (let sent = 0; sent < total; ) {
    const due = Math.min(total, Math.floor(((performance.now() - start) * rate) / 1000))
    for (; sent < due; sent++) {
      const at = start + (sent * 1000) / rate
      calls.push(side.echo(message).then(() => latencies.push((performance.now() - at) * 1000)))
    }
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  await Promise.all(calls)
  latencies.sort((a, b) => a - b)
  const of = (part) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * part))]
  return { p50: of(0.5), p99: of(0.99), p999: of(0.999) }
}

process.on('message', async (message) => {
  if (message.kind === 'memory') process.send({ rss: process.memoryUsage().rss })
  else if (message.kind === 'open') process.send(await openLoop(message))
  else if (message.kind === 'cpu') process.send({ cpu: process.cpuUsage(), rss: process.memoryUsage.rss() })
  else if (message.kind === 'run') process.send(await run(message))
  else if (message.kind === 'piled') process.send(await piled(message))
  else if (message.kind === 'stream') process.send(await stream(message))
  else {
    await side.close()
    process.disconnect()
  }
})
process.send({ port: side.port })
