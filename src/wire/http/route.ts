import type { ServerResponse } from 'node:http';
import type { Static, TObject, TProperties, TSchema } from 'typebox';
import type { Scope } from '../../application/services/scopes.ts';
import type { Refusal, RefusalCode } from '../../domain/errors.ts';
import type { Caller, CallerKind, Callers } from './caller.ts';
import type { HttpDependencies } from './dependencies.ts';
import { closed } from './schema.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

export type Tag =
  | 'users'
  | 'sessions'
  | 'transactions'
  | 'tokens'
  | 'passkeys'
  | 'codes'
  | 'receipts'
  | 'journal'
  | 'administration'
  | 'laboratory'
  | 'operations';

/** What a route answers where it refuses nothing. */
export type RouteResponse =
  | BufferedResponse
  /** The route writes the response itself from here on. */
  | { readonly stream: (response: ServerResponse, headers: Readonly<Record<string, string>>) => void };

/** Header fields by their names in lower case. */
export type BufferedResponse =
  | {
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      /** JSON; none where there is no body. */
      readonly body?: unknown;
    }
  | {
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly text: string;
      readonly contentType: string;
    };

export interface ResponseSpec {
  readonly description: string;
  /** Of the JSON body. */
  readonly schema?: TSchema;
  readonly example?: unknown;
  /** Where the body comes in another type. */
  readonly contentType?: string;
  /** Besides JSON, where the client accepts it: the type of the same as text. */
  readonly textType?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request that has been authenticated and fits the route's schemas. */
export interface RouteRequest<
  Params extends TProperties,
  Query extends TProperties,
  Body extends TSchema,
  C extends CallerKind,
> {
  readonly params: Static<TObject<Params>>;
  readonly query: Static<TObject<Query>>;
  readonly body: Static<Body>;
  readonly caller: Callers[C];
  /** Of the client. */
  readonly client: string;
  /** By what limits know the client: its address, or the network of it. */
  readonly address: string;
  /** The path as sent, without its query. */
  readonly path: string;
  readonly secure: boolean;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly idempotencyKey: string | undefined;
  /** Aborts when the client is gone or the server stops. */
  gone(): AbortSignal;
}

interface RouteSpec<
  Params extends TProperties,
  Query extends TProperties,
  Body extends TSchema,
  C extends CallerKind,
> {
  readonly method: Method;
  /** With parameters as OpenAPI writes them: `/v1/transactions/{id}`. */
  readonly path: string;
  readonly tag: Tag;
  readonly summary: string;
  readonly description?: string;
  readonly caller: C;
  /** What a service must be allowed. */
  readonly scope?: Scope;
  /** Open to the session of a virtual token too; without it, that is refused. */
  readonly device?: true;
  readonly params?: Params;
  readonly query?: Query;
  readonly body?: Body;
  readonly bodyExample?: unknown;
  /** Header fields that it reads, besides those that every route does. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Takes an Idempotency-Key. */
  readonly repeatable?: boolean;
  readonly responses: Readonly<Record<number, ResponseSpec>>;
  /** Those of its own: what any request may be refused for is added (openapi.ts). */
  readonly refusals: readonly RefusalCode[];
  /** @throws what the use cases throw: an operating failure, or a bug */
  handle(
    asked: RouteRequest<Params, Query, Body, C>,
    dependencies: HttpDependencies,
  ): RouteResponse | Refusal | Promise<RouteResponse | Refusal>;
}

type AnyRouteRequest = RouteRequest<TProperties, TProperties, TSchema, CallerKind>;

export interface Route
  extends Omit<
    RouteSpec<TProperties, TProperties, TSchema, CallerKind>,
    'params' | 'query' | 'body' | 'handle'
  > {
  readonly params: TObject | undefined;
  readonly query: TObject;
  readonly body: TSchema | undefined;
  handle(
    asked: AnyRouteRequest & { readonly caller: Caller | undefined },
    dependencies: HttpDependencies,
  ): RouteResponse | Refusal | Promise<RouteResponse | Refusal>;
}

type None = Record<never, never>;

/** A route whose handler is typed by its own schemas, which are those that validate and that /openapi.json shows. */
export function route<
  Params extends TProperties = None,
  Query extends TProperties = None,
  Body extends TSchema = TSchema,
  const C extends CallerKind = CallerKind,
>(spec: RouteSpec<Params, Query, Body, C>): Route {
  return {
    ...spec,
    params: spec.params && closed(spec.params),
    query: closed(spec.query ?? {}),
    body: spec.body,
  } as unknown as Route;
}
