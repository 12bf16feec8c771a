import Type, { type TObject } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';
import type { Limits } from '../../limits.ts';

/** Text without lone surrogates, which have no UTF-8 form and so could be neither hashed nor recorded. */
const text = () => Type.Refine(Type.String(), (value) => value.isWellFormed());

/** JSON escapes each of these to six bytes: an echoed `id` with them could push an answer over its bound. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern is for them
const CONTROL = /[\u0000-\u001f\u007f]/;

/** The schema of each message. A `description` is the bound that a refusal names beside the key. */
export function messageSchemas(limits: Limits) {
  const { idBytesMax, idempotencyKeyBytesMax, challengesPerRequestMax, inboxPageSize } = limits;
  const jwk = Type.Object({}, { description: 'JWK' });
  const id = Type.Refine(
    Type.Union([Type.String(), Type.Integer()], { description: `≤ ${idBytesMax} bytes` }),
    (value) => (typeof value === 'string' ? isIdText(value, idBytesMax) : Number.isSafeInteger(value)),
  );
  const idempotencyKey = Type.Refine(
    Type.String({ description: `1–${idempotencyKeyBytesMax} bytes` }),
    (value) => value !== '' && value.isWellFormed() && Buffer.byteLength(value) <= idempotencyKeyBytesMax,
  );
  const count = Type.Integer({
    minimum: 1,
    maximum: challengesPerRequestMax,
    description: `1–${challengesPerRequestMax}`,
  });
  return {
    envelope: compile(Type.Object({ accion: Type.String(), id: Type.Optional(id) })),
    register: compile(Type.Object({ username: text(), password: text() })),
    login: compile(Type.Object({ username: text(), password: text(), codigo: Type.Optional(text()) })),
    challenge: compile(Type.Object({ cantidad: Type.Optional(count) })),
    transaction: compile(
      Type.Object({
        data: text(),
        mac: Type.Optional(text()),
        nonce: Type.Optional(text()),
        codigo: Type.Optional(text()),
        idempotencia: Type.Optional(idempotencyKey),
        recibo: Type.Optional(Type.Boolean()),
      }),
    ),
    resume: compile(Type.Object({ sesion: text() })),
    identity: compile(Type.Object({ usuario: text() })),
    enrolment: compile(Type.Object({ clave_firma: jwk, clave_sellado: jwk, codigo: text() })),
    sealed: compile(Type.Object({ jwe: Type.Object({}) })),
    piece: compile(
      Type.Object({
        mensaje_id: text(),
        desde: Type.Optional(Type.Integer({ minimum: 0, description: '≥ 0' })),
      }),
    ),
    receipt: compile(Type.Object({ mensaje_id: text(), acuse: text() })),
    inbox: compile(
      Type.Object({
        limite: Type.Optional(
          Type.Integer({ minimum: 1, maximum: inboxPageSize, description: `1–${inboxPageSize}` }),
        ),
        desde: Type.Optional(text()),
      }),
    ),
  };
}

export type MessageSchemas = ReturnType<typeof messageSchemas>;

/** A compiled schema, and the description of what does not fit it. */
export interface Compiled<Schema extends TObject> {
  readonly validator: Validator<Record<never, never>, Schema>;
  /** Names the first key that does not fit, and its bound. */
  fault(value: unknown): string;
}

function compile<Schema extends TObject>(schema: Schema): Compiled<Schema> {
  const validator = Compile(schema);
  return {
    validator,
    fault(value) {
      const [error] = validator.Errors(value);
      if (!error) throw new Error('a message that fits its schema has no fault');
      const key =
        error.keyword === 'required' ? error.params.requiredProperties[0] : error.instancePath.split('/')[1];
      const bound = schema.properties[key ?? ''] as { description?: string } | undefined;
      return bound?.description === undefined ? `${key}` : `${key}: ${bound.description}`;
    },
  };
}

function isIdText(value: string, bytesMax: number): boolean {
  return value.isWellFormed() && Buffer.byteLength(value) <= bytesMax && !CONTROL.test(value);
}
