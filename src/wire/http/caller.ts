import type { Session } from '../../application/sessions/session.ts';
import type { ServiceRow } from '../../ports/store.ts';

export interface UserCaller {
  readonly kind: 'user';
  readonly session: Session;
  /** For a session in the browser's cookie: the value that X-CSRF-Token must have. */
  readonly csrfToken?: string;
}

export interface ServiceCaller {
  readonly kind: 'service';
  readonly service: ServiceRow;
}

export type Caller = UserCaller | ServiceCaller;

/** The kinds of callers that routes are for, and what a handler then receives. */
export interface Callers {
  anyone: undefined;
  user: UserCaller;
  service: ServiceCaller;
  user_or_service: Caller;
  admin: UserCaller;
  admin_or_service: Caller;
  /** Administrators and auditors: for routes that only read. */
  auditor: UserCaller;
}
export type CallerKind = keyof Callers;

/** A unique name of the caller, for limits, cursors and idempotency keys. */
export function callerId(caller: Caller): string {
  return caller.kind === 'user' ? `user/${caller.session.userId}` : `service/${caller.service.serviceId}`;
}
