/** InnerContext: a context inside another one, which is about the same call. */

import type { MethodType, ServiceType } from '../service-type.ts'
import { CancelScope } from './cancel-scope.ts'
import type { Context } from './context.ts'
import { type ResponseListener, responseStarted } from './response-start.ts'

/** What every context inside another one has from it; its life is its own. */
export abstract class InnerContext extends CancelScope implements ResponseListener {
  protected readonly outer: Context

  constructor(outer: Context, deadline: number | undefined) {
    super(deadline)
    this.outer = outer
  }

  /** The context that this one stands in for. */
  get parentContext(): Context {
    return this.outer
  }
  get role(): 'client' | 'server' {
    return this.outer.role
  }
  get service(): ServiceType {
    return this.outer.service
  }
  get method(): MethodType {
    return this.outer.method
  }
  get caller(): string {
    return this.outer.caller
  }
  set caller(name: string) {
    this.outer.caller = name
  }
  get callee(): string {
    return this.outer.callee
  }
  set callee(name: string) {
    this.outer.callee = name
  }

  responseStarted(): void {
    responseStarted(this.outer)
  }

  protected title(): string {
    return `${this.service.name}.${this.method.name}`
  }
}
