import type { TObject } from 'typebox';
import { allows, SCOPES } from '../../application/services/scopes.ts';
import type { RefusalCode } from '../../domain/errors.ts';
import { ERRORS } from '../errors.ts';
import type { CallerKind } from './caller.ts';
import { type Json, schemaReference } from './openapi-schemas.ts';
import type { ResponseSpec, Route } from './route.ts';
import { refusalsOf } from './route-refusals.ts';
import { Problem } from './schema.ts';

export interface OpenApiDocument {
  readonly openapi: string;
  readonly info: Json;
  readonly servers: readonly Json[];
  readonly tags: readonly Json[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: Json;
}

export interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly tags: readonly string[];
  readonly parameters: readonly Json[];
  readonly requestBody?: Json;
  readonly responses: Readonly<Record<string, Json>>;
  readonly security: readonly Json[];
}

/** The OpenAPI 3.1 document, made from the routes and from the schemas that validate their requests. */
export function openApiDocument(routes: readonly Route[], version: string): OpenApiDocument {
  const schemas: Json = {};
  const paths: Record<string, Record<string, Operation>> = {};
  for (const route of routes) {
    paths[route.path] ??= {};
    Object.assign(paths[route.path] ?? {}, { [route.method.toLowerCase()]: operationOf(route, schemas) });
  }
  const sorted = Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1)));
  return {
    openapi: '3.1.0',
    info: {
      title: 'Sello',
      version,
      summary: 'Authorises a transaction with a one-time code that fits only that transaction.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: [...new Set(routes.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      schemas: sorted,
      securitySchemes: {
        access_token: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: "A user's access token.",
        },
        service_key: {
          type: 'http',
          scheme: 'bearer',
          description: `A service's key, with scopes of: ${SCOPES.join(', ')}.`,
        },
        browser: {
          type: 'apiKey',
          in: 'cookie',
          name: 'sello_session',
          description:
            'From POST /v1/browser-sessions (over TLS: __Host-sello_session). What changes something needs X-CSRF-Token.',
        },
      },
    },
  };
}

const SECURITY: Readonly<Record<CallerKind, readonly Json[]>> = {
  anyone: [],
  user: [{ access_token: [] }, { browser: [] }],
  admin: [{ access_token: [] }, { browser: [] }],
  auditor: [{ access_token: [] }, { browser: [] }],
  service: [{ service_key: [] }],
  admin_or_service: [{ access_token: [] }, { service_key: [] }, { browser: [] }],
  user_or_service: [{ access_token: [] }, { service_key: [] }, { browser: [] }],
};

function operationOf(route: Route, schemas: Json): Operation {
  const { method, path, summary, description, tag, scope, caller, body } = route;
  const enough = SCOPES.filter((held) => scope !== undefined && allows([held], scope));
  const scoped = scope === undefined ? '' : `\n\nA service needs the scope \`${enough.join('` or `')}\`.`;
  const role = caller.startsWith('admin') ? '\n\nFor administrators; to other users it is not there.' : '';
  const readers =
    caller === 'auditor' ? '\n\nFor administrators and auditors; to others it is not there.' : '';
  const device = route.device ? '\n\nOpen to the session of a virtual token.' : '';
  const text = `${description ?? ''}${scoped}${role}${readers}${device}`.trim();
  return {
    operationId: operationIdOf(method, path),
    summary,
    ...(text === '' ? {} : { description: text }),
    tags: [tag],
    parameters: parametersOf(route, schemas),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: ((body as TObject).required ?? []).length > 0,
            content: {
              'application/json': {
                schema: schemaReference(body, schemas),
                ...(route.bodyExample === undefined ? {} : { example: route.bodyExample }),
              },
            },
          },
        }),
    responses: responsesOf(route, schemas),
    security: SECURITY[caller],
  };
}

/** For `POST /v1/transactions/{id}/approval`: `postTransactionsIdApproval`. */
function operationIdOf(method: string, path: string): string {
  const words = path.replace(/^\/v1/, '').split(/[^a-zA-Z0-9]+/);
  return method.toLowerCase() + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}

function parametersOf({ params, query, repeatable, headers, method }: Route, schemas: Json): Json[] {
  const members = (schema: TObject | undefined, place: 'path' | 'query') =>
    Object.entries(schema?.properties ?? {}).map(([name, member]) => ({
      name,
      in: place,
      required: place === 'path' || ((schema?.required ?? []) as readonly string[]).includes(name),
      schema: schemaReference(member, schemas),
    }));
  const fields: Record<string, string> = {
    ...headers,
    ...(repeatable
      ? {
          'Idempotency-Key':
            'A key of your own, 1 to 128 visible ASCII characters: with it the request may be repeated safely.',
        }
      : {}),
    'Accept-Language': 'The language of a problem: en or es.',
    ...(method === 'GET' ? {} : { 'X-CSRF-Token': 'Where the session is in a cookie.' }),
  };
  return [
    ...members(params, 'path'),
    ...members(query, 'query'),
    ...Object.entries(fields).map(([name, description]) => ({
      name,
      in: 'header',
      required: false,
      description,
      schema: { type: 'string', ...(name === 'Idempotency-Key' ? { pattern: '^[!-~]{1,128}$' } : {}) },
    })),
  ];
}

function responsesOf(route: Route, schemas: Json): Record<string, Json> {
  const responses: Record<string, Json> = {};
  for (const [status, form] of Object.entries(route.responses)) {
    const { description, headers } = form;
    const content = contentOf(form, schemas);
    const names = {
      ...headers,
      ...(route.repeatable
        ? { 'Idempotency-Replayed': 'true: a stored answer, nothing was done anew.' }
        : {}),
    };
    responses[status] = {
      description,
      ...(Object.keys(names).length === 0
        ? {}
        : {
            headers: Object.fromEntries(
              Object.entries(names).map(([name, text]) => [
                name,
                { description: text, schema: { type: 'string' } },
              ]),
            ),
          }),
      ...(content === undefined ? {} : { content }),
    };
  }
  const byStatus = new Map<number, RefusalCode[]>();
  for (const code of refusalsOf(route)) {
    const { http } = ERRORS[code];
    byStatus.set(http, [...(byStatus.get(http) ?? []), code]);
  }
  for (const [status, codes] of [...byStatus].sort(([a], [b]) => a - b)) {
    const known = responses[status];
    const problem = { 'application/problem+json': { schema: schemaReference(Problem, schemas) } };
    const titles = codes.map((code) => `\`${code}\`: ${ERRORS[code].en.title}.`).join('\n');
    responses[status] = {
      ...known,
      description: known ? `${known.description}\n${titles}` : titles,
      content: { ...(known?.content as Json | undefined), ...problem },
    };
  }
  return responses;
}

/** The schema of one event of a stream (HTML section 9.2.6). */
const EVENT: Json = {
  type: 'object',
  properties: {
    id: { type: 'string' },
    event: { type: 'string' },
    data: { type: 'string', description: 'JSON.' },
    retry: { type: 'integer' },
  },
};

function contentOf(
  { schema, contentType, textType, example }: ResponseSpec,
  schemas: Json,
): Json | undefined {
  if (contentType !== undefined) {
    return {
      [contentType]: { schema: contentType === 'text/event-stream' ? EVENT : { type: 'string' } },
      ...(textType === undefined ? {} : { [textType]: { schema: { type: 'string' } } }),
    };
  }
  if (schema === undefined) return undefined;
  return {
    'application/json': {
      schema: schemaReference(schema, schemas),
      ...(example === undefined ? {} : { example }),
    },
    ...(textType === undefined ? {} : { [textType]: { schema: { type: 'string' } } }),
  };
}
