import type { RefusalCode } from '../../domain/errors.ts';
import { ERRORS } from '../errors.ts';
import type { OpenApiDocument, Operation } from './openapi.ts';

type Json = Record<string, unknown>;

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;

/** The whole API on one page without a script, made of the document that programs read. */
export function docsPage(api: OpenApiDocument): string {
  const tags = api.tags.map(({ name }) => String(name));
  const operations = Object.entries(api.paths).flatMap(([path, methods]) =>
    METHODS.flatMap((method) => {
      const operation = methods[method];
      return operation ? [{ path, method, operation }] : [];
    }),
  );
  const sections = tags.map((tag) => {
    const own = operations.filter(({ operation }) => operation.tags.includes(tag));
    return `<section id="${tag}"><h2>${tag}</h2>${own.map((each) => operationHtml(each)).join('')}</section>`;
  });
  const schemas = Object.entries((api.components.schemas ?? {}) as Json).map(
    ([name, schema]) =>
      `<article id="schema-${name}"><h3>${name}</h3>${schemaHtml(schema as Json)}</article>`,
  );
  const links = [...tags, 'schemas'].map((tag) => `<a href="#${tag}">${tag}</a>`).join(' ');
  return page(
    'Sello: the API',
    `<header><h1>Sello: the API</h1><p>${escaped(String(api.info.summary))}</p><nav>${links} <a href="/docs/problems">errors</a> <a href="/openapi.json">openapi.json</a></nav></header>${sections.join('')}<section id="schemas"><h2>schemas</h2>${schemas.join('')}</section>`,
  );
}

/** The table of errors: where the `type` of a problem points. */
export function problemsPage(): string {
  const rows = (Object.keys(ERRORS) as RefusalCode[]).sort().map((code) => {
    const { http, en, es } = ERRORS[code];
    return `<tr id="${code}"><td><code>${code}</code></td><td>${http}</td><td>${escaped(en.title)}. ${escaped(en.detail)}</td><td lang="es">${escaped(es.title)}. ${escaped(es.detail)}</td></tr>`;
  });
  return page(
    'Sello: errors',
    `<header><h1>Errors</h1><nav><a href="/docs">the API</a></nav></header><table><thead><tr><th>code</th><th>status</th><th>English</th><th>español</th></tr></thead><tbody>${rows.join('')}</tbody></table>`,
  );
}

function page(title: string, body: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title><link rel="stylesheet" href="/docs/style.css"></head><body>${body}</body></html>\n`;
}

interface Shown {
  readonly path: string;
  readonly method: string;
  readonly operation: Operation;
}

function operationHtml({ path, method, operation }: Shown): string {
  const { summary, description, parameters, requestBody, responses, security } = operation;
  const callers = security.flatMap((scheme) => Object.keys(scheme)).join(', ') || 'anyone';
  const body = requestBody && ((requestBody.content as Json)['application/json'] as Json);
  return `<article id="${operation.operationId}"><h3><span class="method">${method.toUpperCase()}</span> <code>${escaped(path)}</code></h3><p><strong>${escaped(summary)}</strong> <small>(${callers})</small></p>${
    description
      ? description
          .split('\n\n')
          .map((text) => `<p>${inline(text)}</p>`)
          .join('')
      : ''
  }${parametersHtml(parameters)}${body ? `<h4>body</h4>${schemaHtml(body.schema as Json)}${exampleHtml(body.example)}` : ''}<h4>answers</h4>${Object.entries(
    responses,
  )
    .map(([status, response]) => responseHtml(status, response))
    .join('')}</article>`;
}

function parametersHtml(parameters: readonly Json[]): string {
  const shown = parameters.filter(({ name }) => name !== 'Accept-Language' && name !== 'X-CSRF-Token');
  if (shown.length === 0) return '';
  const rows = shown.map(
    ({ name, in: place, required, schema, description }) =>
      `<tr><td><code>${escaped(String(name))}</code></td><td>${escaped(String(place))}${required ? ', required' : ''}</td><td>${typeHtml(schema as Json)}</td><td>${inline(String(description ?? (schema as Json).description ?? ''))}</td></tr>`,
  );
  return `<h4>parameters</h4><table>${rows.join('')}</table>`;
}

function responseHtml(status: string, response: Json): string {
  const content = (response.content as Record<string, Json> | undefined) ?? {};
  const schemas = Object.entries(content).map(
    ([type, { schema, example }]) =>
      `<p><code>${type}</code> ${typeHtml(schema as Json)}</p>${isObject(schema) ? schemaHtml(schema) : ''}${exampleHtml(example)}`,
  );
  const lines = String(response.description).split('\n').map(inline);
  return `<details${status.startsWith('2') ? ' open' : ''}><summary>${status}</summary><p>${lines.join('<br>')}</p>${schemas.join('')}</details>`;
}

function isObject(schema: unknown): schema is Json {
  return typeof schema === 'object' && schema !== null && 'properties' in schema;
}

function schemaHtml(schema: Json): string {
  if (!isObject(schema)) return `<p>${typeHtml(schema)}</p>`;
  const required = (schema.required as readonly string[] | undefined) ?? [];
  const rows = Object.entries(schema.properties as Record<string, Json>).map(
    ([name, member]) =>
      `<tr><td><code>${escaped(name)}</code>${required.includes(name) ? '' : ' <small>optional</small>'}</td><td>${typeHtml(member)}</td><td>${inline(String(member.description ?? ''))}</td></tr>`,
  );
  return rows.length === 0 ? '' : `<table>${rows.join('')}</table>`;
}

function typeHtml(schema: Json): string {
  const { $ref, anyOf, enum: values, type, items, format, pattern } = schema;
  if (typeof $ref === 'string') {
    const name = $ref.slice($ref.lastIndexOf('/') + 1);
    return `<a href="#schema-${name}">${name}</a>`;
  }
  if (Array.isArray(anyOf)) return anyOf.map((member) => typeHtml(member as Json)).join(' or ');
  if (Array.isArray(values)) return values.map((value) => `<code>${escaped(String(value))}</code>`).join(' ');
  if (type === 'array') return `list of ${typeHtml((items ?? {}) as Json)}`;
  if (typeof schema.const === 'string') return `<code>${escaped(schema.const)}</code>`;
  return escaped([type ?? 'any', format, pattern].filter((part) => part !== undefined).join(' '));
}

function exampleHtml(example: unknown): string {
  return example === undefined ? '' : `<pre>${escaped(JSON.stringify(example, undefined, 2))}</pre>`;
}

/** Text with `code` in it. */
function inline(text: string): string {
  return escaped(text).replace(/`([^`]+)`/g, '<code>$1</code>');
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

export const STYLE = `:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}
body{max-width:60rem;margin:0 auto;padding:1rem}
nav a{margin-right:.75rem}
article{border-top:1px solid #8886;padding:.5rem 0 1rem}
h3{font-size:1.05rem}h4{margin:.75rem 0 .25rem}
.method{display:inline-block;min-width:4.5rem;font-weight:700}
table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #8884;padding:.25rem .5rem;text-align:left;vertical-align:top}
pre{overflow:auto;background:#8881;padding:.5rem}code{overflow-wrap:anywhere}
tr:target{background:#fd06}
`;
