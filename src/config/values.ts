import { createRequire } from 'node:module';
import type { ConfigKey, LeafSchema } from './keys.ts';
import { nearest } from './nearest.ts';

/** A text from the environment or a flag, as the value that the key's schema wants; left as text when it is no such value. */
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

/** Loaded when there is a value to check: a start on the defaults has none. */
function errorsOf(schema: object, value: unknown) {
  const { Errors } = createRequire(import.meta.url)('typebox/schema') as typeof import('typebox/schema');
  return Errors(schema, value)[1];
}

/** @returns what is wrong with the value, `undefined` when it fits the key's schema (what other keys say is not checked) */
export function problemOf(key: ConfigKey, value: unknown): string | undefined {
  // The deepest place is where the mistake is: an error of a choice is reported at each of its branches, too.
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

/** In words, for messages and for the documentation. */
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

/** The schema that an error's path points into: a choice is told whole, not by the branch that did not fit. */
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
