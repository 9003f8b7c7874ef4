import type { IncomingMessage } from 'node:http'

/** Where a request goes that no router may read: a path that no request can name, and no route has. */
export const nowhere = '/\0'

const faults = new WeakMap<IncomingMessage, Error>()

/** Notes why a request leads nowhere; the step `unknown` refuses it for that, behind the steps that every answer passes. */
export function markUnroutable(request: IncomingMessage, fault: Error) {
  faults.set(request, fault)
}

/** Why a request leads nowhere, if it does for a reason of its own. */
export const unroutableFor = (request: IncomingMessage): Error | undefined => faults.get(request)
