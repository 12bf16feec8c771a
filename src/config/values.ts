import { createRequire } from 'node:module';
import type { ConfigKey, LeafSchema } from './keys.ts';
import { nearest } from './nearest.ts';

/**
 * Converts a text from the environment or a flag to the type of the key's schema. A text that cannot be converted
 * stays text.
 */
export function fromText(key: ConfigKey, text: string): unknown {
  const { schema } = key;
  if (schema.type === 'integer') return /^-?\d{1,15}$/.test(text) ? Number(text) : text;
  if (schema.type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text;
  if (allowsNull(schema) && text === 'null') return null;
  const structured = schema.type === 'array' || schema.anyOf?.some(({ type }) => type === 'object') === true;
  if (!structured) return text;
  if (schema.type === 'array' && /^[^[{]*$/.test(text))
    return text === '' ? [] : text.split(',').map((item) => item.trim());
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Imported on demand: a start on the defaults checks no value. */
function errorsOf(schema: object, value: unknown) {
  const { Errors } = createRequire(import.meta.url)('typebox/schema') as typeof import('typebox/schema');
  return Errors(schema, value)[1];
}

/**
 * Checks one value against its key's schema, NOT against other keys.
 * @returns the problem, `undefined` when it fits
 */
export function problemOf(key: ConfigKey, value: unknown): string | undefined {
  // The deepest error is the mistake: a failed choice is also reported at each of its branches.
  const [error] = errorsOf(key.schema, value)
    .filter(({ keyword }) => keyword !== 'boolean')
    .sort((a, b) => depth(b.instancePath) - depth(a.instancePath));
  if (!error) return undefined;
  const place = placeOf(error.instancePath);
  if (error.keyword === 'additionalProperties') {
    const [unknown = ''] = (error.params as { additionalProperties: readonly string[] }).additionalProperties;
    const known = knownMembers(schemaAt(key.schema, error.schemaPath));
    return `${place}.${unknown} is not known: expected ${known.join(', ')}${didYouMean(nearest(unknown, known))}`;
  }
  if (error.keyword === 'required') {
    const [missing = ''] = (error.params as { requiredProperties: readonly string[] }).requiredProperties;
    return `${place}.${missing} is missing`;
  }
  const wrong = error.instancePath === '' ? key.schema : schemaAt(key.schema, error.schemaPath);
  const given = at(value, error.instancePath);
  const choices = choicesOf(wrong);
  const near = typeof given === 'string' ? nearest(given, choices) : undefined;
  const shown = key.schema.secret ? 'its value' : show(given);
  return `${place}${place === '' ? '' : ' '}expected ${expectedOf(wrong as LeafSchema)}, not ${shown}${didYouMean(near)}`;
}

function didYouMean(name: string | undefined): string {
  return name === undefined ? '' : ` (did you mean "${name}"?)`;
}

/** What a value must be, in words, for messages and the documentation. */
export function expectedOf(schema: LeafSchema): string {
  if (schema.expected) return schema.expected;
  const choices = choicesOf(schema);
  if (choices.length > 0) return `one of ${choices.join(', ')}`;
  switch (schema.type) {
    case 'integer':
      return schema.maximum === undefined
        ? `a whole number from ${schema.minimum ?? 0}`
        : `a whole number from ${schema.minimum ?? 0} to ${schema.maximum}`;
    case 'boolean':
      return 'true or false';
    case 'array':
      return 'a list';
    case 'object':
      return 'a group of keys';
    default:
      return allowsNull(schema) ? 'a text that is not empty, or null' : 'a text that is not empty';
  }
}

function allowsNull(schema: LeafSchema): boolean {
  return schema.anyOf?.some(({ type }) => type === 'null') === true;
}

function choicesOf(schema: object): readonly string[] {
  return (schema as LeafSchema).enum ?? [];
}

function knownMembers(schema: object): readonly string[] {
  return 'properties' in schema ? Object.keys(schema.properties as object) : [];
}

function depth(pointer: string): number {
  return pointer.split('/').length;
}

/** JSON pointer `/0/when/payer` → `[0].when.payer`. */
function placeOf(pointer: string): string {
  const steps = pointer.split('/').slice(1);
  return steps.map((step) => (/^\d+$/.test(step) ? `[${step}]` : `.${step}`)).join('');
}

function at(value: unknown, pointer: string): unknown {
  let found: unknown = value;
  for (const step of pointer.split('/').slice(1))
    found = (found as Record<string, unknown> | undefined)?.[step];
  return found;
}

/** The schema at an error's path. For a failed choice this is the whole choice, not the branch. */
function schemaAt(schema: object, pointer: string): object {
  let found: unknown = schema;
  for (const step of pointer.replace(/^#/, '').split('/').slice(1)) {
    const next = (found as Record<string, unknown>)[step];
    if (typeof next !== 'object' || next === null) break;
    found = next;
  }
  return found as object;
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
