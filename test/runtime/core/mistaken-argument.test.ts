import { createServer } from 'node:net'
import { expect, it } from 'vitest'
import { createClient } from '../../../src/runtime/core/client/client.ts'
import { grpc } from '../../../src/runtime/grpc/client/transport.ts'
import { Health } from '../../../src/runtime/grpc/gen/grpc/health/v1/health.ts'
import { inProcess } from '../../../src/runtime/inproc/direct.ts'
import { onCleanup } from '../../support/cleanup.ts'

it('a handler where a server belongs is told as such', () => {
  for (const none of [{}, undefined]) expect(() => inProcess(none as never)).toThrow('inProcess() takes a Server')
})

it('a port that speaks something else is asked about', async () => {
  const other = createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
  })
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  onCleanup(() => other.close())
  const wire = grpc(`127.0.0.1:${(other.address() as { port: number }).port}`)
  onCleanup(() => wire.close({ drainMs: 0 }))
  await expect(createClient(Health, wire).check({})).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: expect.stringContaining('the peer seems to speak HTTP/1.1'),
  })
})
