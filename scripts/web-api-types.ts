// Writes web/src/api/operations.ts, the types of the pages' calls, from the OpenAPI document that the server makes of
// its validating schemas. A test (test/web/api-types.test.ts) fails when it is not up to date.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type OpenApiDocument, openApiDocument } from '../src/wire/http/openapi.ts';
import { ROUTES } from '../src/wire/http/routes.ts';

type Json = Readonly<Record<string, unknown>>;

const INDENT = '  ';

/**
 * Returns the text of web/src/api/operations.ts.
 *
 * Why: docs/DECISIONS.md#api-types-are-generated-for-the-pages
 */
export function webApiTypes(document: OpenApiDocument = openApiDocument(ROUTES, '')): string {
  const schemas = Object.entries(document.components.schemas as Record<string, Json>);
  const named = schemas.map(([name, schema]) => `export type ${name} = ${typeOf(schema, '')};\n`);
  const operations = Object.entries(document.paths)
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]): [string, string] => [
        `${method.toUpperCase()} ${path}`,
        operationType(operation as unknown as Json),
      ]),
    )
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, type]) => `${INDENT}'${name}': ${type};\n`);
  return [
    '// Written by scripts/web-api-types.ts from the OpenAPI document; not to be changed by hand.\n\n',
    ...named.map((text) => `${text}\n`),
    '/** Each call: what it is sent, and what it answers when it succeeds. */\n',
    'export interface Operations {\n',
    ...operations,
    '}\n',
  ].join('');
}

function operationType(operation: Json): string {
  const parameters = (operation.parameters ?? []) as readonly Json[];
  const inside = INDENT.repeat(2);
  const members: string[] = [];
  for (const place of ['path', 'query']) {
    const own = parameters.filter((parameter) => parameter.in === place);
    if (own.length === 0) continue;
    const required = own.some((parameter) => parameter.required === true);
    const type = objectType(
      own.map((parameter) => [String(parameter.name), parameter.schema as Json, parameter.required === true]),
      inside,
    );
    members.push(`${inside}${place}${required ? '' : '?'}: ${type};\n`);
  }
  const body = jsonSchema(operation.requestBody as Json | undefined);
  if (body) members.push(`${inside}body: ${typeOf(body, inside)};\n`);
  members.push(`${inside}answer: ${answerType(operation.responses as Record<string, Json>, inside)};\n`);
  return `{\n${members.join('')}${INDENT}}`;
}

function answerType(responses: Record<string, Json>, indent: string): string {
  const types = new Set<string>();
  for (const [status, response] of Object.entries(responses)) {
    if (!status.startsWith('2')) continue;
    const schema = jsonSchema(response);
    types.add(schema ? typeOf(schema, indent) : 'undefined');
  }
  return types.size === 0 ? 'undefined' : [...types].join(' | ');
}

function jsonSchema(holder: Json | undefined): Json | undefined {
  const content = holder?.content as Record<string, Json> | undefined;
  return content?.['application/json']?.schema as Json | undefined;
}

function typeOf(schema: Json, indent: string): string {
  if (typeof schema.$ref === 'string') return schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1);
  if ('const' in schema) return literal(schema.const);
  if (Array.isArray(schema.enum)) return schema.enum.map(literal).join(' | ');
  if (Array.isArray(schema.anyOf)) {
    return schema.anyOf.map((member: Json) => typeOf(member, indent)).join(' | ');
  }
  switch (schema.type) {
    case 'string':
    case 'boolean':
    case 'null':
      return schema.type;
    case 'integer':
    case 'number':
      return 'number';
    case 'array':
      return `readonly ${grouped(typeOf(schema.items as Json, indent))}[]`;
    case 'object':
      return recordType(schema, indent);
    default:
      return 'unknown';
  }
}

function recordType(schema: Json, indent: string): string {
  const patterns = Object.values((schema.patternProperties ?? {}) as Record<string, Json>);
  if (patterns.length > 0) {
    return `Readonly<Record<string, ${patterns.map((member) => typeOf(member, indent)).join(' | ')}>>`;
  }
  const required = new Set((schema.required ?? []) as readonly string[]);
  const members = Object.entries((schema.properties ?? {}) as Record<string, Json>);
  if (members.length === 0) return 'Readonly<Record<string, unknown>>';
  return objectType(
    members.map(([name, member]) => [name, member, required.has(name)]),
    indent,
  );
}

function objectType(members: readonly [string, Json, boolean][], indent: string): string {
  const lines = members.map(([name, schema, required]) => {
    const key = /^[A-Za-z_$][\w$]*$/.test(name) ? name : `'${name}'`;
    return `${indent}${INDENT}readonly ${key}${required ? '' : '?'}: ${typeOf(schema, `${indent}${INDENT}`)};\n`;
  });
  return `{\n${lines.join('')}${indent}}`;
}

/** Returns the type of an array's element, in parentheses if it is a union. */
function grouped(type: string): string {
  return type.includes(' | ') && (!type.startsWith('{') || /^\s*\} \| /m.test(type)) ? `(${type})` : type;
}

function literal(value: unknown): string {
  return typeof value === 'string' ? `'${value.replace(/[\\']/g, '\\$&')}'` : JSON.stringify(value);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL('../web/src/api/operations.ts', import.meta.url), webApiTypes());
}
