/** hasNoSideEffects(): which methods may be called by GET. */

import { serviceSchema } from '../../core/message/file-schema.ts'
import type { MethodType, ServiceType } from '../../core/service-type.ts'

/** Whether the IDL says that a call changes nothing (`idempotency_level = NO_SIDE_EFFECTS`), so that it may be made by GET. */
export function hasNoSideEffects({ file, fullName }: ServiceType, { name, kind }: MethodType): boolean {
  if (kind !== 'unary') return false
  const method = serviceSchema(file, fullName)?.methods.find((one) => one.name === name)
  return method?.annotations?.['idempotency_level'] === 'NO_SIDE_EFFECTS'
}
