/** volo-ts/inproc: calls inside one process, and mocks for tests. */

export {
  type InProcessLimits,
  type InProcessOptions,
  type InProcessStats,
  type InProcessTransport,
  inProcess,
} from './runtime/inproc/direct.ts'
export {
  type MockCall,
  type MockService,
  type MockStreamCall,
  type MockUnaryCall,
  mockService,
} from './runtime/inproc/mock-service.ts'
export { type ServeThreadOptions, serveThread } from './runtime/inproc/thread/server.ts'
export type { ThreadStats, ThreadsStats } from './runtime/inproc/thread/stats.ts'
export { type ThreadsOptions, type ThreadsTransport, threads } from './runtime/inproc/thread/threads.ts'
export { transfer } from './runtime/inproc/transfer.ts'
