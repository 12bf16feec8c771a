import type { Refusal } from '../domain/errors.ts';

/** One request over the operator's socket: a line of JSON. The server answers it before it reads the next. */
export interface OperatorRequest {
  /** The name of an operation, such as `user.create`. */
  readonly command: string;
  readonly arguments: unknown;
}

/** The answer to one request: a line of JSON. */
export type OperatorAnswer =
  | { readonly ok: true; readonly result: unknown }
  | ({ readonly ok: false } & Refusal);
