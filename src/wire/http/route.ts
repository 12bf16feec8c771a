import type { ServerResponse } from 'node:http';
import type { Static, TObject, TProperties, TSchema } from 'typebox';
import type { Scope } from '../../application/services/scopes.ts';
import type { Refusal, RefusalCode } from '../../domain/errors.ts';
import type { Caller, CallerKind, Callers } from './caller.ts';
import type { HttpDependencies } from './dependencies.ts';
import { closed } from './schema.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export type Tag =
  | 'users'
  | 'sessions'
  | 'transactions'
  | 'tokens'
  | 'passkeys'
  | 'codes'
  | 'receipts'
  | 'journal'
  | 'datasets'
  | 'identities'
  | 'messages'
  | 'log'
  | 'administration'
  | 'laboratory'
  | 'operations';

/** A route's response when it refuses nothing. */
export type RouteResponse =
  | BufferedResponse
  /** The route writes the response itself, from the status line on. */
  | { readonly stream: (response: ServerResponse, headers: Readonly<Record<string, string>>) => void };

/** A list is sent as a field a value: several cookies. */
export type HeaderFields = Readonly<Record<string, string | string[]>>;

/** A response that is complete when the handler returns. Header fields have names in lower case. */
export type BufferedResponse =
  | {
      readonly status: number;
      readonly headers?: HeaderFields;
      /** Sent as JSON; undefined: no body. */
      readonly body?: unknown;
    }
  | {
      readonly status: number;
      readonly headers?: HeaderFields;
      readonly text: string;
      readonly contentType: string;
    }
  | {
      readonly status: number;
      readonly headers?: HeaderFields;
      readonly bytes: Uint8Array;
      readonly contentType: string;
    };

export interface ResponseSpec {
  readonly description: string;
  /** The schema of a JSON body. */
  readonly schema?: TSchema;
  readonly example?: unknown;
  /** The body's type if it is not JSON. */
  readonly contentType?: string;
  /** The type of another textual form that the client may ask for, by Accept or a parameter. */
  readonly textType?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An admitted request that fits the route's schemas. */
export interface RouteRequest<
  Params extends TProperties,
  Query extends TProperties,
  Body extends TSchema,
  C extends CallerKind,
> {
  readonly params: Static<TObject<Params>>;
  readonly query: Static<TObject<Query>>;
  readonly body: Static<Body>;
  /** The body of a route with `rawBody`. */
  readonly bytes: Buffer;
  readonly caller: Callers[C];
  /** The client's address. */
  readonly client: string;
  /** The key under which limits count the client (`clientNetwork`). */
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
  /** In OpenAPI's notation: `/v1/transactions/{id}`. */
  readonly path: string;
  /** Whether the last parameter takes the rest of the path, slashes too. The handler reads it from the path. */
  readonly restOfPath?: true;
  readonly tag: Tag;
  readonly summary: string;
  readonly description?: string;
  readonly caller: C;
  /** The scope that a service needs. */
  readonly scope?: Scope;
  /** Whether the session of a virtual token may use the route too. */
  readonly device?: true;
  readonly params?: Params;
  readonly query?: Query;
  readonly body?: Body;
  readonly bodyExample?: unknown;
  /** The longest body, where it is another than `LIMITS.httpBodyBytesMax`. Such bodies have a quota (body-quota.ts). */
  readonly bodyBytesMax?: number;
  /** Whether the handler gets the body as bytes and reads it itself: `body` is for the document alone. */
  readonly rawBody?: true;
  /** Header fields that only this route reads, with their descriptions. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether the route accepts an Idempotency-Key. */
  readonly repeatable?: boolean;
  readonly responses: Readonly<Record<number, ResponseSpec>>;
  /** The route's own refusals; those of any request are added in route-refusals.ts. */
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

/** Makes a route. Its schemas type the handler, validate requests and appear in /openapi.json. */
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
