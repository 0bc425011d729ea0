/** The questions that `volo init` asks on a terminal. */

import { isCancel, select, text } from '@clack/prompts'
import { Interrupted } from '../project/project-error.ts'
import { nameProblem } from '../project/scaffold/project-name.ts'

/** Asks for the project's name. */
export async function askName(): Promise<string> {
  return answerOf<string>(
    await text({
      message: 'What is the project called?',
      placeholder: 'my-service',
      defaultValue: 'my-service',
      validate: (value) => (value === undefined || value === '' ? undefined : nameProblem(value)),
    }),
  )
}

/** Asks which starter IDL to lay down. */
export async function askProtocol(): Promise<'thrift' | 'grpc'> {
  return answerOf<'thrift' | 'grpc'>(
    await select<'thrift' | 'grpc'>({
      message: 'No IDL was given. Which kind shall the project start with?',
      options: [
        { value: 'thrift', label: 'Thrift' },
        { value: 'grpc', label: 'gRPC', hint: 'protobuf' },
      ],
    }),
  )
}

function answerOf<T extends string>(answer: T | symbol): T {
  if (isCancel(answer)) throw new Interrupted()
  return answer as T
}
