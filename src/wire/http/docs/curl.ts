import type { Operation } from '../openapi.ts';
import type { Json } from './html.ts';

const INDENT = ' \\\n  ';

/**
 * The command that makes a call, for a POSIX shell: `$base` is the server, `$token` a user's access token, `$key` a service's
 * key, and each part of the path a variable of its name.
 */
export function curlOf(method: string, path: string, operation: Operation): string {
  const { parameters, requestBody, security } = operation;
  const query = parameters
    .filter(({ in: place, required }) => place === 'query' && required === true)
    .map(({ name }) => `${name}=$${name}`);
  const address = path.replace(/\{(\w+)\}/g, '$$$1') + (query.length === 0 ? '' : `?${query.join('&')}`);
  const words = [`curl -sS${method === 'get' ? '' : ` -X ${method.toUpperCase()}`} "$base${address}"`];
  const bearer = bearerOf(security);
  if (bearer !== undefined) words.push(`-H "authorization: Bearer ${bearer}"`);
  if (parameters.some(({ name }) => name === 'Idempotency-Key'))
    words.push(`-H "idempotency-key: $(uuidgen)"`);
  const body = requestBody && ((requestBody.content as Json)['application/json'] as Json);
  if (body?.example !== undefined) {
    words.push("-H 'content-type: application/json'", `-d ${quoted(JSON.stringify(body.example))}`);
  }
  return words.join(INDENT);
}

function bearerOf(security: readonly Json[]): string | undefined {
  const schemes = new Set(security.flatMap((each) => Object.keys(each)));
  if (schemes.has('access_token')) return '$token';
  return schemes.has('service_key') ? '$key' : undefined;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
