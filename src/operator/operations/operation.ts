import type { XSchema, XStatic } from 'typebox/schema';
import { runExclusively as alone } from '../../application/upkeep/exclusive-operation.ts';
import type { Application, RunningServer } from '../../compose.ts';
import { isRefusal, type Refusal, refuse } from '../../domain/errors.ts';
import type { UserId } from '../../ports/store.ts';

/** What an operation works on: the parts, and the server where one runs. */
export interface Operated {
  readonly application: Application;
  readonly server?: RunningServer;
}

/** An operator's act: its arguments and its result are JSON, for it may run in the server, at the other end of a socket. */
export interface Operation<Parameters = unknown, Result = unknown> {
  /** JSON Schema of its arguments. */
  readonly parameters: object;
  /** `given` fits `parameters`. */
  readonly run: (operated: Operated, given: Parameters) => Promise<Result | Refusal>;
}

/** An object of these members and no others, by JSON Schema; those `optional` names may be missing. */
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
  /** Not there: it carries a type. */
  readonly optional?: Optional;
}

type Given<Properties, Optional extends keyof Properties> = {
  readonly [Name in Exclude<keyof Properties, Optional>]: XStatic<Properties[Name]>;
} & { readonly [Name in Optional]?: XStatic<Properties[Name]> };

export function operation<Properties, Optional extends keyof Properties, Result>(
  schema: ParametersSchema<Properties, Optional>,
  run: (operated: Operated, given: Given<Properties, Optional>) => Promise<Result | Refusal>,
): Operation<Given<Properties, Optional>, Result> {
  return { parameters: schema, run };
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

/** Runs it unless another operation that must be alone runs, here or by the API. */
export function exclusively<Result>(
  { application }: Operated,
  name: string,
  run: () => Promise<Result | Refusal>,
): Promise<Result | Refusal> {
  return alone(application.context, name, run);
}
