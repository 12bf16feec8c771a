/*
 * Goal: each form of a message is well formed, whatever stands in an entry.
 * Method: parsers of the RFC's and CEF's grammar here and, where they are installed, of PyPI; hostile texts by property.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { frame, syslogMessage } from '../../../src/adapters/syslog/message.ts';
import { EventForm } from '../../../src/application/relay/outgoing-event.ts';
import { type EntryBody, encodeBody } from '../../../src/domain/journal/entry.ts';
import { pythonWith } from '../../services/python.ts';

const form = new EventForm({ source: 'sello.test', types: ['*'], fieldsOmitted: [] });
const options = { source: 'sello.test', productVersion: '1.2.3', enterpriseNumber: 32_473 } as const;
const AT = Date.UTC(2026, 4, 4, 9, 30, 0, 123);

const APPROVED: EntryBody = {
  at: AT,
  type: 'transaction.approved',
  user: 'alice',
  version: 7,
  detail: { proofs: 'mac', by: 'root' },
  transaction: {
    ...{ id: 't-1', amount: '100.00', currency: 'EUR', payee: 'ES91 2100', payer: 'ES79', v: 1 },
    challenge: 'ab'.repeat(32),
  },
};

function message(body: Partial<EntryBody>, format: 'structured' | 'cef' | 'ocsf', index = 41): string {
  const { at, ...rest } = { ...APPROVED, ...body };
  const entry = {
    index,
    userId: 1,
    version: 7,
    at,
    type: rest.type,
    body: encodeBody({ at, ...rest }),
    hash: 'f'.repeat(64),
  };
  return syslogMessage(form.of(entry), { ...options, format });
}

/** RFC 5424 section 6. @returns the parameters and the text */
function parsed(text: string): { params: Map<string, string>; msg: string; id: string; pri: number } {
  const head = /^<(\d{1,3})>1 (\S+) (\S+) sello - (\S{1,32}) \[sello@32473 /.exec(text);
  assert.ok(head, text);
  const params = new Map<string, string>();
  let at = head[0].length;
  for (;;) {
    const param = /^([!#-<>-\\^-~]{1,32})="((?:[^"\\\]]|\\["\\\]])*)"( |\])/.exec(text.slice(at));
    assert.ok(param, text.slice(at));
    params.set(param[1] ?? '', (param[2] ?? '').replace(/\\(["\\\]])/g, '$1'));
    at += param[0].length;
    if (param[3] === ']') break;
  }
  return { params, msg: text.slice(at + 1), id: head[4] ?? '', pri: Number(head[1]) };
}

test('structured data has what is known of the event', () => {
  const { params, msg, id, pri } = parsed(message({}, 'structured'));
  assert.deepEqual(Object.fromEntries(params), {
    ...{ index: '41', type: 'transaction.approved', user: 'alice', version: '7', hash: 'f'.repeat(64) },
    ...{ transaction: 't-1', amount: '100.00', currency: 'EUR', payee: 'ES91 2100', payer: 'ES79' },
    ...{ detail_proofs: 'mac', detail_by: 'root' },
  });
  assert.deepEqual([id, pri], ['transaction.approved', 86]);
  assert.equal(msg, '\ufefftransaction.approved alice: 100.00 EUR');
  const refused = message(
    { type: 'login.refused', reason: 'password_wrong', transaction: undefined },
    'structured',
  );
  assert.equal(parsed(refused).pri, 84, 'a warning');
});

const hostile = fc.string({ unit: 'binary', maxLength: 40 }).map((text) => `${text}"]\\|=\n\r\u0000`);

test('no text breaks out of its place, in any form', () => {
  fc.assert(
    fc.property(hostile, hostile, (user, payee) => {
      const body = {
        user,
        transaction: { ...APPROVED.transaction, payee } as NonNullable<EntryBody['transaction']>,
      };
      const shown = (text: string) => text.replace(/\p{Cc}/gu, '\ufffd');
      const { params } = parsed(message(body, 'structured'));
      assert.equal(params.get('user'), shown(user));
      assert.equal(params.get('payee'), shown(payee));
      for (const format of ['structured', 'cef', 'ocsf'] as const) {
        const text = message(body, format);
        assert.ok(!/[\n\r\0]/.test(text), 'a message is one line');
        const framed = frame(text);
        const blank = framed.indexOf(0x20);
        assert.equal(Number(framed.subarray(0, blank)), framed.byteLength - blank - 1);
      }
      const cef = parsed(message(body, 'cef')).msg;
      const header = /^CEF:0(?:\|(?:[^|\\]|\\[|\\])*){6}\|/.exec(cef)?.[0];
      assert.ok(header, cef);
      const keys = [...cef.slice(header.length).matchAll(/(?:^| )(\w+)=((?:[^\\=]|\\[\\=rn])*)(?= \w+=|$)/g)];
      assert.equal(keys.map(([pair]) => pair).join(''), cef.slice(header.length), 'nothing but pairs');
      assert.equal(new Set(keys.map(([, key]) => key)).size, keys.length, 'each key once');
      const ocsf = JSON.parse(parsed(message(body, 'ocsf')).msg);
      assert.equal(ocsf.unmapped.transaction.payee, payee);
    }),
    { numRuns: 300 },
  );
});

test('OCSF: authentication, account change and API activity have the attributes that their classes require', () => {
  const common = ['activity_id', 'category_uid', 'class_uid', 'metadata', 'severity_id', 'time', 'type_uid'];
  for (const [type, uid, activity, required] of [
    ['login.accepted', 3002, 1, ['user']],
    ['login.refused', 3002, 1, ['user']],
    ['session.ended', 3002, 2, ['user']],
    ['user.registered', 3001, 1, ['user']],
    ['transaction.approved', 6003, 3, ['actor', 'api', 'src_endpoint']],
    ['transaction.requested', 6003, 1, ['actor', 'api', 'src_endpoint']],
    ['admin.service_created', 6003, 1, ['actor', 'api', 'src_endpoint']],
    ['token.revoked', 6003, 4, ['actor', 'api', 'src_endpoint']],
  ] as const) {
    const event = JSON.parse(parsed(message({ type }, 'ocsf')).msg);
    for (const name of [...common, ...required]) assert.notEqual(event[name], undefined, `${type}: ${name}`);
    assert.deepEqual(
      [event.class_uid, event.activity_id, event.type_uid],
      [uid, activity, uid * 100 + activity],
    );
    assert.deepEqual([event.metadata.version, event.metadata.uid], ['1.3.0', '41']);
    assert.equal(Math.floor(event.class_uid / 1_000), event.category_uid);
  }
});

test('PyPI pycef reads CEF with every value as it was', async (t) => {
  const python = await pythonWith(t, 'pycef==1.11');
  if (!python) return;
  const payee = 'a|b=c\\d "e" [f] ñ';
  const body = { transaction: { ...APPROVED.transaction, payee } as NonNullable<EntryBody['transaction']> };
  const cef = parsed(message(body, 'cef')).msg;
  const read = await python('import sys, json, pycef; print(json.dumps(pycef.parse(sys.stdin.read())))', cef);
  const values = JSON.parse(read);
  assert.equal(values.DeviceEventClassID ?? values.DeviceSignatureID, 'transaction.approved');
  assert.equal(values.externalId, '41');
  assert.equal(values.suser, 'alice');
  // It leaves the escapes of values as they are.
  assert.equal((values.cs3 ?? values.payee).replace(/\\([\\=])/g, '$1'), payee);
});
