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
