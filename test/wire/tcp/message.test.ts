/*
 * Goal: bytes are parsed as the messages of the protocol, or refused with the right code.
 * Method: tables of lines, and properties.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { LIMITS } from '../../../src/limits.ts';
import { type Message, MessageReader } from '../../../src/wire/tcp/message.ts';

const READER = new MessageReader(LIMITS);

function read(value: unknown): Message {
  return READER.read(typeof value === 'string' ? value : JSON.stringify(value), 1);
}

function refusal(value: unknown): { refused: string; detail?: string } {
  const message = read(value);
  assert.equal(message.action, 'refused', `${JSON.stringify(value)} was accepted`);
  return message.action === 'refused' ? message.refusal : { refused: '' };
}

const TRANSACTION = { accion: 'transaccion', data: 'A,B,1.00', mac: 'ab' };

test('lines that are not JSON or not an object', () => {
  for (const line of [
    '',
    ' ',
    '{',
    'hello',
    '{"accion":"logout"',
    '{accion:"logout"}',
    "{'a':1}",
    '\u0000',
    '{"a":1}{"a":1}',
    '\uFEFF{}',
    '{"a":NaN}',
  ]) {
    assert.equal(refusal(line).refused, 'json_invalid', JSON.stringify(line));
  }
  for (const line of ['null', '1', '"x"', 'true', '[]', '[{"accion":"logout"}]']) {
    assert.equal(refusal(line).refused, 'message_invalid', line);
  }
});

test('nesting beyond the bound is refused before it is parsed; brackets in strings do not count', () => {
  const nested = (depth: number) =>
    `{"accion":"logout","x":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`;
  assert.equal(read(nested(LIMITS.nestingDepthMax)).action, 'logout');
  assert.equal(refusal(nested(LIMITS.nestingDepthMax + 1)).refused, 'json_invalid');
  assert.equal(refusal('['.repeat(8_000)).refused, 'json_invalid');
  assert.equal(refusal('{"a":'.repeat(1_600)).refused, 'json_invalid');
  assert.equal(read({ ...TRANSACTION, data: `${'[{'.repeat(50)}\\"` }).action, 'transaccion');
});

test('blanks in a code are dropped, and an empty one is none', () => {
  const codeOf = (message: object) => (read(message) as { code?: string }).code;
  for (const codigo of ['123 456', ' 123456\n', '123\u00a0456', '123\u202f456']) {
    assert.equal(codeOf({ ...TRANSACTION, codigo }), '123456', JSON.stringify(codigo));
    assert.equal(codeOf({ accion: 'login', username: 'a', password: 'b', codigo }), '123456');
  }
  for (const codigo of ['', ' ', '\t\u00a0']) {
    assert.equal(codeOf({ ...TRANSACTION, codigo }), undefined, JSON.stringify(codigo));
    assert.equal(codeOf({ accion: 'login', username: 'a', password: 'b', codigo }), undefined);
  }
});

test('a missing or mistyped key is named', () => {
  const needed: Record<string, object> = {
    username: { accion: 'login', password: 'x' },
    password: { accion: 'register', username: 'x' },
    data: { accion: 'transaccion', mac: 'x' },
    sesion: { accion: 'reanudar' },
    accion: { action: 'login', username: 'x', password: 'x' },
  };
  for (const [key, message] of Object.entries(needed)) {
    assert.deepEqual(refusal(message), { refused: 'message_invalid', detail: key });
  }
  for (const key of ['data', 'mac', 'nonce', 'codigo', 'idempotencia']) {
    for (const value of [1, 0, null, true, [], ['x'], {}, { toString: 'x' }, '\ud800']) {
      const { refused, detail } = refusal({ ...TRANSACTION, [key]: value });
      assert.equal(refused, 'message_invalid', `${key}: ${JSON.stringify(value)}`);
      assert.match(detail ?? '', new RegExp(`^${key}(: .*bytes)?$`));
    }
  }
  for (const value of ['true', 1, 0, null, []])
    assert.equal(refusal({ ...TRANSACTION, recibo: value }).detail, 'recibo');
  for (const value of [1, null, [], {}]) assert.equal(refusal({ accion: value }).detail, 'accion');
});

test('an unknown action, in English or named like a method of every object', () => {
  for (const accion of ['transaction', 'LOGIN', 'constructor', '__proto__', 'toString', 'refused', '']) {
    assert.equal(refusal({ accion }).refused, 'action_unknown', accion);
  }
});

test('keys named like those of a prototype do nothing', () => {
  const line =
    '{"__proto__":{"data":"A,B,1","accion":"logout"},"constructor":{"prototype":{"mac":"x"}},"accion":"transaccion"}';
  assert.deepEqual(refusal(line), { refused: 'message_invalid', detail: 'data' });
  assert.equal(({} as Record<string, unknown>).data, undefined);
  assert.equal(refusal('{"__proto__":{"accion":"logout"}}').detail, 'accion');
});

test('a polluted prototype lends a message nothing', () => {
  const prototype = Object.prototype as unknown as Record<string, unknown>;
  prototype.codigo = '123456';
  try {
    const message = read(TRANSACTION);
    assert.ok(message.action === 'transaccion');
    assert.equal(message.code, undefined);
  } finally {
    delete prototype.codigo;
  }
});

test('the id: a string within its bound or a safe integer, echoed as it was sent', () => {
  const bytesMax = LIMITS.idBytesMax;
  for (const id of ['x', '', '"\\', 'ñ'.repeat(bytesMax / 2), 0, -1, Number.MAX_SAFE_INTEGER]) {
    assert.equal(read({ ...TRANSACTION, id }).id, JSON.stringify(id));
  }
  for (const id of [
    'x'.repeat(bytesMax + 1),
    'ñ'.repeat(bytesMax / 2 + 1),
    1.5,
    2 ** 53,
    null,
    true,
    {},
    [],
    'a\nb',
    '\ud800',
  ]) {
    const message = read({ ...TRANSACTION, id });
    assert.equal(message.action, 'refused', JSON.stringify(id));
    assert.equal(message.id, undefined);
  }
  const refused = read({ accion: 'nothing', id: 'x' });
  assert.equal(refused.id, '"x"', 'a refused message is answered under its id');
});

test('the bounds of cantidad and idempotencia', () => {
  const max = LIMITS.challengesPerRequestMax;
  for (const cantidad of [1, max]) {
    assert.deepEqual(read({ accion: 'pet_transaccion', cantidad }), {
      action: 'pet_transaccion',
      count: cantidad,
      id: undefined,
      bytes: 1,
    });
  }
  for (const cantidad of [0, -1, max + 1, 1.5, '2', null, [], 1e300]) {
    assert.equal(refusal({ accion: 'pet_transaccion', cantidad }).detail, `cantidad: 1–${max}`);
  }
  const bytesMax = LIMITS.idempotencyKeyBytesMax;
  assert.equal(read({ ...TRANSACTION, idempotencia: 'x'.repeat(bytesMax) }).action, 'transaccion');
  for (const idempotencia of ['', 'x'.repeat(bytesMax + 1), 'ñ'.repeat(bytesMax / 2 + 1)]) {
    assert.match(refusal({ ...TRANSACTION, idempotencia }).detail ?? '', /^idempotencia/);
  }
});

test('unknown keys are ignored, English ones too', () => {
  const message = read({ ...TRANSACTION, code: '123456', amount: 7, extra: { a: [1] } });
  assert.ok(message.action === 'transaccion');
  assert.equal(message.code, undefined);
});

test('any text gives a message', () => {
  const keys = fc.constantFrom(
    'accion',
    'data',
    'mac',
    'nonce',
    'id',
    'codigo',
    '__proto__',
    'cantidad',
    'username',
  );
  const actions = fc.constantFrom(
    'login',
    'transaccion',
    'pet_transaccion',
    'register',
    'logout',
    'reanudar',
  );
  const message = fc.dictionary(keys, fc.oneof(actions, fc.jsonValue()));
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.json(),
        message.map((value) => JSON.stringify(value)),
      ),
      (line) => {
        assert.equal(typeof READER.read(line, 0).action, 'string');
      },
    ),
    { numRuns: 1_000 },
  );
});
