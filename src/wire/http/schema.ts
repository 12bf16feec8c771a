import Type, { type TObject, type TProperties, type TSchema } from 'typebox';
import { LIMITS } from '../../limits.ts';

const names = new Map<TSchema, string>();

/** Names a schema, which makes it a component of the OpenAPI document. */
export function named<Schema extends TSchema>(name: string, schema: Schema): Schema {
  names.set(schema, name);
  return schema;
}

export function nameOf(schema: TSchema): string | undefined {
  return names.get(schema);
}

/** An object with these members and no others. */
export function closed<Properties extends TProperties>(
  properties: Properties,
  options: object = {},
): TObject<Properties> {
  return Type.Object(properties, { ...options, additionalProperties: false });
}

export const time = (description: string) =>
  Type.String({ format: 'date-time', description: `${description} RFC 3339, UTC.` });

export const Username = Type.String({
  minLength: 1,
  maxLength: LIMITS.usernameBytesMax,
  description: 'Exact and case-sensitive; visible characters in NFC, at most 128 bytes.',
});
export const Password = Type.String({ minLength: 1, maxLength: LIMITS.passwordBytesMax });
/** A keyword of this program: the validator takes blanks out of such a text before it checks it. */
export const BLANKS_IGNORED = 'x-blanks-ignored';

export const Code = Type.String({
  minLength: 1,
  maxLength: 64,
  description: 'What the token shows. Blanks in it are ignored.',
  [BLANKS_IGNORED]: true,
});
export const RecoveryCode = Type.String({
  minLength: 24,
  maxLength: 64,
  description: 'Of `POST /v1/recovery-codes`; blanks and dashes do not matter.',
});
export const Nonce = Type.String({
  pattern: '^[0-9a-f]{64}$',
  description: 'A challenge, as issued: lower-case hex.',
});
export const Account = Type.String({
  minLength: 1,
  maxLength: LIMITS.accountBytesMax,
  description: 'Visible characters in NFC without a comma, at most 64 bytes.',
});
export const Amount = Type.String({
  minLength: 1,
  maxLength: 32,
  description: "An exact decimal with a point: positive, and with no more decimals than the currency's.",
});
export const Currency = Type.String({ pattern: '^[A-Z]{3}$', description: 'ISO 4217.' });
export const Id = Type.String({ minLength: 1, maxLength: 64, description: 'Opaque.' });
export const Cursor = Type.String({
  minLength: 1,
  maxLength: LIMITS.cursorLengthMax,
  description: '`next_cursor` of the page before, unchanged.',
});
export const Limit = Type.Integer({
  minimum: 1,
  maximum: LIMITS.pageSizeMax,
  default: LIMITS.pageSize,
  description: 'How many at most.',
});
export const NextCursor = Type.Union([Type.String(), Type.Null()], {
  description: 'Where the next page begins; null: this is the last.',
});

export const Problem = named(
  'Problem',
  closed({
    type: Type.String({ description: 'Where the code is described.' }),
    title: Type.String({ description: 'What happened, in the language of Accept-Language (en, es).' }),
    status: Type.Integer(),
    detail: Type.String({ description: 'What to do about it.' }),
    code: Type.String({ description: 'Stable: for programs.' }),
    retry_after_ms: Type.Optional(
      Type.Integer({ minimum: 0, description: 'The same request is evaluated after this.' }),
    ),
    request_id: Type.String(),
  }),
);
