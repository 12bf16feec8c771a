import type { XSchema, XStatic } from 'typebox/schema';
import { runExclusively as alone } from '../../application/upkeep/exclusive-operation.ts';
import type { Application, RunningServer } from '../../compose.ts';
import { isRefusal, type Refusal, refuse } from '../../domain/errors.ts';
import type { UserId } from '../../ports/store.ts';

/** The application that an operation works on, and the server when one runs. */
export interface OperationTarget {
  readonly application: Application;
  readonly server?: RunningServer;
}

/** An operation. Arguments and result are JSON, because it may run in the server at the other end of a socket. */
export interface Operation<Parameters = unknown, Result = unknown> {
  /** JSON Schema of its arguments. */
  readonly parameters: object;
  /** `given` fits `parameters`. A long operation ends at its next step when `cancelled` aborts. */
  readonly run: (
    target: OperationTarget,
    given: Parameters,
    cancelled?: AbortSignal,
  ) => Promise<Result | Refusal>;
}

/** JSON Schema of an object with exactly these members. The `optional` ones may be missing. */
export function parameters<
  const Properties extends Readonly<Record<string, XSchema>>,
  const Optional extends keyof Properties = never,
>(properties: Properties, optional: readonly Optional[] = []): ParametersSchema<Properties, Optional> {
  const required = Object.keys(properties).filter((name) => !(optional as readonly string[]).includes(name));
  return { type: 'object', properties, required, additionalProperties: false };
}

export interface ParametersSchema<Properties, Optional extends keyof Properties> {
  readonly type: 'object';
  readonly properties: Properties;
  readonly required: readonly string[];
  readonly additionalProperties: false;
  /** Phantom member: never set at run time, carries the type of the optional names. */
  readonly optional?: Optional;
}

type Given<Properties, Optional extends keyof Properties> = {
  readonly [Name in Exclude<keyof Properties, Optional>]: XStatic<Properties[Name]>;
} & { readonly [Name in Optional]?: XStatic<Properties[Name]> };

export function operation<Properties, Optional extends keyof Properties, Result>(
  schema: ParametersSchema<Properties, Optional>,
  run: (
    target: OperationTarget,
    given: Given<Properties, Optional>,
    cancelled?: AbortSignal,
  ) => Promise<Result | Refusal>,
): Operation<Given<Properties, Optional>, Result> {
  return { parameters: schema, run };
}

/** Runs `run` for the user of that name. @returns `user_unknown` when there is none */
export async function withUser<Result>(
  { application }: OperationTarget,
  username: string,
  run: (userId: UserId) => Promise<Result | Refusal>,
): Promise<Result | Refusal> {
  const user = await application.context.store.findUser(username);
  return user ? run(user.userId) : refuse('user_unknown');
}

/** The answer of an operation without a result of its own: the user's name. */
export async function done(
  username: string,
  act: Promise<unknown>,
): Promise<{ readonly username: string } | Refusal> {
  const result = await act;
  return isRefusal(result) ? result : { username };
}

/** Runs `run` unless another exclusive operation runs, here or through the API. */
export function exclusively<Result>(
  { application }: OperationTarget,
  name: string,
  run: (signal: AbortSignal) => Promise<Result | Refusal>,
  cancelled?: AbortSignal,
): Promise<Result | Refusal> {
  return alone(application.context, name, run, cancelled);
}
