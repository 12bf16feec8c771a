import type { FastifySchemaCompiler } from 'fastify';
import type { TObject, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { refuse } from '../../domain/errors.ts';
import { withoutBlanks } from '../../domain/otp/typed-code.ts';
import { RefusedRequest } from './refused-request.ts';
import { BLANKS_IGNORED } from './schema.ts';

/** Query and path parameters are text; where a schema asks for an integer, plain decimal digits are read as one. */
const INTEGER = /^(0|[1-9][0-9]{0,8})$/;

/**
 * Makes TypeBox Fastify's validator, so that documented schemas are the ones enforced. A refusal names what does not
 * fit.
 *
 * Why: docs/DECISIONS.md#validation-is-a-thin-compiler-on-typebox
 */
export const typeboxCompiler: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const validator = Compile(schema);
  const integers = httpPart === 'body' ? [] : integersOf(schema as TObject);
  const codes = httpPart === 'body' ? codesOf(schema as TObject) : [];
  return (given: unknown) => {
    // A missing body is read as an empty object, so that the refusal names the missing member.
    const value = given === null ? {} : withoutBlanksIn(withIntegers(given, integers), codes);
    if (validator.Check(value)) return { value };
    const [error] = validator.Errors(value);
    const place = httpPart === 'body' ? '' : `${httpPart === 'querystring' ? 'query' : 'path'} `;
    const member = (error?.instancePath ?? '').slice(1).replaceAll('/', '.');
    const detail = `${place}${member === '' ? '' : `${member}: `}${faultOf(error, schema, member)}`;
    return { error: new RefusedRequest(refuse('message_invalid', { detail })) };
  };
};

function faultOf(
  error: { readonly keyword: string; readonly message: string; readonly params: object } | undefined,
  schema: TSchema,
  member: string,
) {
  if (error === undefined) return 'does not fit';
  if (error.keyword === 'boolean')
    return `not known here; known: ${namesBeside(schema, member).join(', ') || 'none'}`;
  if (error.keyword === 'enum' && 'allowedValues' in error.params) {
    return `must be one of ${(error.params.allowedValues as readonly unknown[]).join(', ')}`;
  }
  return error.message;
}

/** The names of the members beside the named one, at its depth. */
function namesBeside(schema: TSchema, member: string): readonly string[] {
  const within = member.split('.').slice(0, -1);
  const holder = within.reduce<TSchema | undefined>((at, name) => membersOf(at)[name], schema);
  return Object.keys(membersOf(holder));
}

function membersOf(schema: TSchema | undefined): Readonly<Record<string, TSchema>> {
  return (schema as TObject | undefined)?.properties ?? {};
}

function integersOf({ properties }: TObject): readonly string[] {
  return Object.entries(properties ?? {}).flatMap(([name, member]) =>
    'type' in member && member.type === 'integer' ? [name] : [],
  );
}

function codesOf({ properties }: TObject): readonly string[] {
  return Object.entries(properties ?? {}).flatMap(([name, member]) =>
    BLANKS_IGNORED in member ? [name] : [],
  );
}

function withoutBlanksIn(given: unknown, names: readonly string[]): unknown {
  if (names.length === 0 || typeof given !== 'object' || given === null) return given;
  const value: Record<string, unknown> = { ...given };
  for (const name of names) {
    const text = value[name];
    if (typeof text === 'string') value[name] = withoutBlanks(text);
  }
  return value;
}

function withIntegers(given: unknown, names: readonly string[]): unknown {
  if (names.length === 0) return given;
  const value: Record<string, unknown> = { ...(given as object) };
  for (const name of names) {
    const text = value[name];
    if (typeof text === 'string' && INTEGER.test(text)) value[name] = Number(text);
  }
  return value;
}
