/** volo-ts/inproc: calls inside one process, and mocks for tests. */

export { type InProcessOptions, inProcess } from './runtime/inproc/direct.ts'
export {
  type MockCall,
  type MockService,
  type MockStreamCall,
  type MockUnaryCall,
  mockService,
} from './runtime/inproc/mock-service.ts'
