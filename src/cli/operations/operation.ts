import type { Static, TSchema } from 'typebox';
import type { Application, RunningServer } from '../../compose.ts';
import { isRefusal, type Refusal, refuse } from '../../domain/errors.ts';
import type { UserId } from '../../ports/store.ts';

/** What an operation works on: the parts, and the server where one runs. */
export interface Operated {
  readonly application: Application;
  readonly server?: RunningServer;
}

/** An operator's act: its arguments and its result are JSON, for it may run in the server, at the other end of a socket. */
export interface Operation<Parameters extends TSchema = TSchema, Result = unknown> {
  readonly parameters: Parameters;
  /** `given` fits `parameters`. */
  readonly run: (operated: Operated, given: Static<Parameters>) => Promise<Result | Refusal>;
}

export function operation<Parameters extends TSchema, Result>(
  parameters: Parameters,
  run: (operated: Operated, given: Static<Parameters>) => Promise<Result | Refusal>,
): Operation<Parameters, Result> {
  return { parameters, run };
}

/** Runs it for the user of that name, or answers `user_unknown`. */
export async function withUser<Result>(
  { application }: Operated,
  username: string,
  run: (userId: UserId) => Promise<Result | Refusal>,
): Promise<Result | Refusal> {
  const user = await application.context.store.findUser(username);
  return user ? run(user.userId) : refuse('user_unknown');
}

/** The answer of an act that has no other: who it was done to. */
export async function done(
  username: string,
  act: Promise<unknown>,
): Promise<{ readonly username: string } | Refusal> {
  const result = await act;
  return isRefusal(result) ? result : { username };
}

const busy = new WeakMap<Operated['application'], string>();

/**
 * Runs it unless another of its kind runs: a backup holds the database and the keys as of one moment, and a rotation
 * in between would leave them apart.
 */
export async function exclusively<Result>(
  { application }: Operated,
  name: string,
  run: () => Promise<Result | Refusal>,
): Promise<Result | Refusal> {
  const other = busy.get(application);
  if (other !== undefined) return refuse('busy', { detail: `${other} is running`, retryAfterMs: 1_000 });
  busy.set(application, name);
  try {
    return await run();
  } finally {
    busy.delete(application);
  }
}
