/*
 * Goal: identities and messages over TCP are those of REST, in the protocol's manner.
 * Method: the real servers on one application; one person speaks TCP, the other REST.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  makeIdentityKeys,
  publicJwksOf,
  readCorrespondent,
} from '../../../src/client/messages/identity-keys.ts';
import { openMessage } from '../../../src/client/messages/open-message.ts';
import { TcpClient } from '../../../src/client/tcp-client.ts';
import { LIMITS } from '../../../src/limits.ts';
import { startTcpServer } from '../../../src/wire/tcp/server.ts';
import { PASSWORD, testHttp } from '../http/http-fixture.ts';
import { Person } from '../http/messages-fixture.ts';

test('one over TCP and one over REST enrol, find each other, send, list, read in pieces and acknowledge', async (t) => {
  const fixture = await testHttp(t);
  const silent = { debug() {}, info() {}, warn() {}, error: (fields: unknown) => console.error(fields) };
  const { services } = fixture.application;
  const server = await startTcpServer({ host: '127.0.0.1', port: 0, services, logger: silent });
  t.after(() => server.stop(0));
  const tcp = await TcpClient.connect({ host: '127.0.0.1', port: server.address().port });
  t.after(() => tcp.destroy());
  const ask = (accion: string, more: object = {}) => tcp.request({ accion, ...more });
  const refused = async (code: string, accion: string, more: object = {}) =>
    assert.equal((await ask(accion, more)).error, code);

  await refused('session_required', 'bandeja');
  const alice = await Person.make(fixture, 'alice');
  const user = await fixture.user('bob');
  const bob = new Person(user, await user.enrol('ocra'), await makeIdentityKeys());
  assert.equal((await ask('login', { username: 'bob', password: PASSWORD })).status, 'OK');

  await refused('identity_unknown', 'identidad', { usuario: 'bob' });
  const { sign_jwk: sign, seal_jwk: seal } = await publicJwksOf(bob.keys);
  const keys = { clave_firma: sign, clave_sellado: seal };
  await refused('identity_key_invalid', 'identidad', { ...keys, clave_firma: seal, codigo: '123456' });
  await refused('message_invalid', 'identidad', keys);
  const enrolled = await ask('identidad', { ...keys, codigo: bob.codeOver() });
  assert.deepEqual(
    [enrolled.status, enrolled.firma, enrolled.sellado, enrolled.nivel],
    ['OK', bob.keys.signKey, bob.keys.sealKey, 'self_asserted'],
  );
  const shown = await ask('identidad', { usuario: 'alice' });
  const { json } = await alice.user.get('/v1/identities/alice');
  assert.deepEqual(
    [shown.usuario, shown.clave_firma, shown.clave_sellado, shown.nivel, shown.indice],
    [json.user, json.sign_jwk, json.seal_jwk, json.level, json.index],
  );

  const jwe = JSON.parse(await bob.seal([alice], 'desde TCP'));
  const sent = await ask('mensaje', { jwe });
  assert.equal(sent.status, 'OK', JSON.stringify(sent));
  const { opened } = await alice.open(String(sent.mensaje_id), bob);
  assert.equal(Buffer.from(opened.content).toString(), 'desde TCP');
  await refused('message_repeated', 'mensaje', { jwe });
  await refused('message_form_invalid', 'mensaje', { jwe: { ...jwe, zip: 'DEF' } });
  await refused('message_unknown', 'mensaje', { mensaje_id: sent.mensaje_id });
  await refused('message_invalid', 'mensaje', { mensaje_id: sent.mensaje_id, desde: -1 });

  const content = Buffer.alloc(200_000, 'ñ');
  const ids = [await alice.send([bob], content), await alice.send([bob], 'corto')];
  const page = await ask('bandeja', { limite: 1 });
  const [first] = page.mensajes as { mensaje_id: string; de: string; bytes: number }[];
  assert.deepEqual([first?.mensaje_id, first?.de, page.siguiente], [ids[0], 'alice', ids[0]]);
  const rest = await ask('bandeja', { desde: page.siguiente });
  assert.deepEqual(
    [(rest.mensajes as { mensaje_id: string }[]).map((each) => each.mensaje_id), rest.siguiente],
    [[ids[1]], null],
  );
  let text = '';
  for (let desde: unknown = 0; desde !== null; ) {
    const piece = await ask('mensaje', { mensaje_id: ids[0], desde });
    assert.ok(String(piece.jwe).length <= LIMITS.messagePieceBytes);
    text += piece.jwe;
    desde = piece.siguiente;
  }
  const sender = await readCorrespondent(json);
  assert.ok(sender);
  const read = await openMessage(text, bob.keys, sender, Date.now());
  assert.ok(!('problem' in read) && content.equals(read.content));
  await refused('message_unknown', 'mensaje', { mensaje_id: ids[0], desde: text.length });
  const acuse = await bob.receiptOf({ opened: read, jwe: text });
  await refused('delivery_receipt_invalid', 'mensaje', { mensaje_id: ids[1], acuse });
  assert.equal((await ask('mensaje', { mensaje_id: ids[0], acuse })).mensaje, 'Acuse registrado');
  const { receipts } = (await alice.user.get(`/v1/messages/${ids[0]}/receipts`)).json;
  assert.equal(receipts[0].receipt, acuse);

  assert.equal((await ask('logout')).status, 'OK');
  await refused('session_required', 'mensaje', { mensaje_id: ids[1] });
});
