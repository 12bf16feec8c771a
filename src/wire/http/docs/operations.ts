import type { OpenApiDocument, Operation } from '../openapi.ts';
import { curlOf } from './curl.ts';
import { escaped, inline, type Json, listing, paragraphs } from './html.ts';
import { CHAPTERS } from './introduction.ts';
import { page } from './page.ts';

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;

/** The whole API on one page, made of the document that programs read. */
export function docsPage(api: OpenApiDocument): string {
  const operations = Object.entries(api.paths).flatMap(([path, methods]) =>
    METHODS.flatMap((method) => {
      const operation = methods[method];
      return operation ? [{ path, method, operation }] : [];
    }),
  );
  const groups = api.tags.map(({ name }) => ({
    tag: String(name),
    own: operations.filter(({ operation }) => operation.tags.includes(String(name))),
  }));
  const schemas = Object.entries((api.components.schemas ?? {}) as Json);
  const sections = groups.map(
    ({ tag, own }) =>
      `<section id="${tag}"><h2>${capital(tag)}</h2>${own.map((each) => operationHtml(each)).join('')}</section>`,
  );
  return page({
    title: 'Sello: the API',
    navigation: [
      {
        title: 'Introduction',
        links: CHAPTERS.map(({ id, title }) => ({ href: `#${id}`, html: escaped(title) })),
      },
      ...groups.map(({ tag, own }) => ({
        title: capital(tag),
        links: own.map(({ path, method, operation }) => ({
          href: `#${operation.operationId}`,
          html: `<span class="method ${method}">${method.toUpperCase()}</span> ${escaped(path.replace(/^\/v1/, ''))}`,
        })),
      })),
      {
        title: 'Schemas',
        links: schemas.map(([name]) => ({ href: `#schema-${name}`, html: escaped(name) })),
      },
    ],
    main: `<section class="introduction"><h1>The API</h1><p class="lead">${escaped(String(api.info.summary))}</p></section>${CHAPTERS.map(
      ({ id, title, html }) =>
        `<section id="${id}" data-text="${escaped(title.toLowerCase())}"><h2>${escaped(title)}</h2>${html}</section>`,
    ).join('')}${sections.join('')}<section id="schemas"><h2>Schemas</h2>${schemas
      .map(
        ([name, schema]) =>
          `<article id="schema-${name}" data-text="${escaped(name.toLowerCase())}"><h3>${name}</h3>${schemaHtml(schema as Json)}</article>`,
      )
      .join('')}</section>`,
  });
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

interface Shown {
  readonly path: string;
  readonly method: string;
  readonly operation: Operation;
}

/** Who may call it, in words. */
const CALLERS: Readonly<Record<string, string>> = {
  access_token: 'user',
  service_key: 'service',
  browser: 'browser',
};

function operationHtml({ path, method, operation }: Shown): string {
  const { summary, description = '', parameters, requestBody, responses, security, operationId } = operation;
  const callers = security
    .flatMap((scheme) => Object.keys(scheme))
    .map((scheme) => CALLERS[scheme] ?? scheme);
  const body = requestBody && ((requestBody.content as Json)['application/json'] as Json);
  const text = `${method} ${path} ${summary} ${Object.keys(responses).join(' ')}`.toLowerCase();
  return [
    `<article id="${operationId}" data-text="${escaped(text)}">`,
    `<h3><a href="#${operationId}"><span class="method ${method}">${method.toUpperCase()}</span> <code>${escaped(path)}</code></a></h3>`,
    `<p class="summary">${escaped(summary)} <small>${callers.join(', ') || 'anyone'}</small></p>`,
    description === '' ? '' : paragraphs(description),
    listing(curlOf(method, path, operation)),
    parametersHtml(parameters),
    body ? `<h4>Body</h4>${schemaHtml(body.schema as Json)}` : '',
    '<h4>Answers</h4>',
    ...Object.entries(responses).map(([status, response]) => responseHtml(status, response)),
    '</article>',
  ].join('');
}

function parametersHtml(parameters: readonly Json[]): string {
  const shown = parameters.filter(({ name }) => name !== 'Accept-Language' && name !== 'X-CSRF-Token');
  if (shown.length === 0) return '';
  const rows = shown.map(
    ({ name, in: place, required, schema, description }) =>
      `<tr><td><code>${escaped(String(name))}</code></td><td>${escaped(String(place))}${required ? ', required' : ''}</td><td>${typeHtml(schema as Json)}</td><td>${inline(String(description ?? (schema as Json).description ?? ''))}</td></tr>`,
  );
  return `<h4>Parameters</h4>${table(rows)}`;
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
  return rows.length === 0 ? '' : table(rows);
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
  return example === undefined ? '' : listing(JSON.stringify(example, undefined, 2));
}

/** Scrolls by itself where a screen is narrower. */
function table(rows: readonly string[]): string {
  return `<div class="table" tabindex="0"><table>${rows.join('')}</table></div>`;
}
