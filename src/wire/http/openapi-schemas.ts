import type { TSchema } from 'typebox';
import { nameOf } from './schema.ts';

export type Json = Record<string, unknown>;

/**
 * A schema as plain JSON. Puts a named schema among the components and returns a reference to it.
 * @param schemas the components found so far; added to
 */
export function schemaReference(schema: TSchema, schemas: Json): Json {
  const name = nameOf(schema);
  if (name === undefined) return expanded(schema, schemas);
  if (!(name in schemas)) {
    schemas[name] = {};
    schemas[name] = expanded(schema, schemas);
  }
  return { $ref: `#/components/schemas/${name}` };
}

function expanded(schema: TSchema, schemas: Json): Json {
  const plain: Json = {};
  for (const [keyword, value] of Object.entries(schema)) {
    if (keyword.startsWith('~')) continue;
    plain[keyword] = isSubschema(keyword) ? expandedMember(keyword, value, schemas) : value;
  }
  return plain;
}

function isSubschema(keyword: string): boolean {
  return ['properties', 'patternProperties', 'items', 'anyOf', 'additionalProperties'].includes(keyword);
}

function expandedMember(keyword: string, value: unknown, schemas: Json): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((member) => schemaReference(member, schemas));
  if (keyword === 'items' || keyword === 'additionalProperties')
    return schemaReference(value as TSchema, schemas);
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, schemaReference(member as TSchema, schemas)]),
  );
}
