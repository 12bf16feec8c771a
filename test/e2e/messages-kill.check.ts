/*
 * Goal: whatever server is killed, a message that was acknowledged to its sender is in the inbox once, one that was not is there
 * once or not at all after it was sent again, and none is shown twice to who acknowledges what they read.
 * Method: two servers on one PostgreSQL behind HAProxy, killed in turn while one person sends, short and long messages, and the
 * other reads and acknowledges, each repeating what got no answer. Run by .ci/run, and alone: node --test FILE
 */
import assert from 'node:assert/strict';
import { createHmac, randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type Correspondent,
  type IdentityKeys,
  makeIdentityKeys,
  publicJwksOf,
  readCorrespondent,
} from '../../src/client/messages/identity-keys.ts';
import { openMessage, sha256Of, signReceipt } from '../../src/client/messages/open-message.ts';
import { sealMessage } from '../../src/client/messages/seal-message.ts';
import { decodeBase32 } from '../../src/domain/encoding/base32.ts';
import { identityQuestion } from '../../src/domain/identity/identity-question.ts';
import { boundCode } from '../../src/domain/otp/bound-code.ts';
import { Cluster } from '../services/cluster.ts';

const MESSAGES = 120;
const KILLS = 6;
const PASSWORD = 'secreto';
const RETRY_MS = 50;
const GIVE_UP_MS = 60_000;
const hmac = (algorithm: string, key: Uint8Array, message: Uint8Array) =>
  createHmac(algorithm, key).update(message).digest();

/** Sends until there is an answer that is final: a server that was killed, or is not ready, gives none. */
async function persistently(url: string, init: RequestInit): Promise<{ status: number; text: string }> {
  for (const until = Date.now() + GIVE_UP_MS; ; await delay(RETRY_MS)) {
    try {
      const answer = await fetch(url, { ...init, signal: AbortSignal.timeout(10_000) });
      const text = await answer.text();
      if (answer.status < 500) return { status: answer.status, text };
    } catch {
      // Whether it was done is not known: the same is sent again.
    }
    assert.ok(Date.now() < until, `${init.method} ${url}: no answer`);
  }
}

class Party {
  readonly name: string;
  readonly keys: IdentityKeys;
  readonly #base: string;
  readonly #token: string;

  constructor(base: string, name: string, token: string, keys: IdentityKeys) {
    this.name = name;
    this.keys = keys;
    this.#base = base;
    this.#token = token;
  }

  static async make(base: string, name: string): Promise<Party> {
    const credentials = { username: name, password: PASSWORD };
    const anonymous = new Party(base, name, '', await makeIdentityKeys());
    await anonymous.ask('POST', '/v1/users', credentials);
    const { access_token } = await anonymous.ask('POST', '/v1/sessions', credentials);
    const party = new Party(base, name, access_token, anonymous.keys);
    const token = await party.ask('POST', '/v1/tokens', { type: 'ocra' });
    const seed = decodeBase32(token.secret) ?? new Uint8Array();
    const answer = (question: string) => boundCode(hmac, seed, question, Date.now());
    await party.ask('POST', `/v1/tokens/${token.id}/activation`, { code: answer(token.activation_question) });
    const { signKey: sign, sealKey: seal } = party.keys;
    const code = answer(identityQuestion({ user: name, sign, seal }));
    await party.ask('POST', '/v1/identities', { ...(await publicJwksOf(party.keys)), code });
    return party;
  }

  async request(method: string, path: string, body?: string, headers: Record<string, string> = {}) {
    const { status, text } = await persistently(this.#base + path, {
      method,
      headers: {
        ...(this.#token === '' ? {} : { authorization: `Bearer ${this.#token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body }),
    });
    assert.ok(status < 400, `${method} ${path}: ${status} ${text.slice(0, 300)}`);
    return text;
  }

  async ask(method: string, path: string, body?: object) {
    const text = await this.request(method, path, body && JSON.stringify(body));
    return text === '' ? undefined : JSON.parse(text);
  }

  async seen(name: string): Promise<Correspondent> {
    const found = await readCorrespondent(await this.ask('GET', `/v1/identities/${name}`));
    assert.ok(found);
    return found;
  }
}

test(`${MESSAGES} messages while two servers are killed in turn: each arrives, none twice`, async (t) => {
  const cluster = await Cluster.start({
    names: ['a', 'b'],
    flags: { '--messages-inbox-count-max': '65536' },
  });
  t.after(() => cluster.remove());
  const [alice, bob] = [await Party.make(cluster.http, 'alice'), await Party.make(cluster.http, 'bob')];
  const [toBob, fromAlice] = [await alice.seen('bob'), await bob.seen('alice')];
  let sending = true;

  const send = async () => {
    const ids: string[] = [];
    for (let index = 0; index < MESSAGES; index++) {
      const jti = randomUUID();
      const jwe = await sealMessage({
        ...{ user: 'alice', keys: alice.keys, recipients: [toBob], contentType: 'text/plain' },
        content: Buffer.from(`${index}`.padEnd(index % 5 === 0 ? 600_000 : 20)),
        ...{ now: Date.now(), lifetimeMs: 3_600_000, id: jti },
      });
      // Its key makes a repeat safe: the answer that was lost is told again.
      const sent = await alice.request('POST', '/v1/messages', jwe, { 'idempotency-key': jti });
      ids.push(JSON.parse(sent).id);
    }
    sending = false;
    return ids;
  };

  const receive = async () => {
    const read: string[] = [];
    const contents: number[] = [];
    for (;;) {
      const last = !sending;
      const { messages } = await bob.ask('GET', '/v1/messages');
      for (const { id } of messages as { id: string }[]) {
        assert.ok(!read.includes(id), `${id} was acknowledged, and is shown again`);
        const jwe = await bob.request('GET', `/v1/messages/${id}`);
        const opened = await openMessage(jwe, bob.keys, fromAlice, Date.now());
        assert.ok(!('problem' in opened), JSON.stringify(opened));
        const receipt = await signReceipt('bob', bob.keys, opened, {
          sha256: await sha256Of(jwe),
          now: Date.now(),
        });
        await bob.ask('POST', `/v1/messages/${id}/receipt`, { receipt });
        read.push(id);
        contents.push(Number(Buffer.from(opened.content).toString()));
      }
      if (last && messages.length === 0) return { read, contents };
    }
  };

  const kill = async () => {
    let kills = 0;
    for (; sending && kills < KILLS; kills++) {
      await delay(300);
      const name = kills % 2 === 0 ? 'a' : 'b';
      await cluster.servers.get(name)?.kill();
      await cluster.startServer(name);
    }
    return kills;
  };

  const [ids, { read, contents }, kills] = await Promise.all([send(), receive(), kill()]);
  t.diagnostic(`${kills} kills`);
  assert.ok(kills >= 2, `${kills} kills`);
  assert.deepEqual([...read].sort(), [...ids].sort());
  assert.deepEqual(
    [...contents].sort((a, b) => a - b),
    Array.from({ length: MESSAGES }, (_, index) => index),
  );
});
