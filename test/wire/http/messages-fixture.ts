// People with keys for messages, on the real HTTP server.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import {
  type Correspondent,
  type IdentityKeys,
  makeIdentityKeys,
  publicJwksOf,
  readCorrespondent,
} from '../../../src/client/messages/identity-keys.ts';
import {
  type OpenedMessage,
  openMessage,
  sha256Of,
  signReceipt,
} from '../../../src/client/messages/open-message.ts';
import { type OutgoingMessage, sealMessage } from '../../../src/client/messages/seal-message.ts';
import { identityQuestion } from '../../../src/domain/identity/identity-question.ts';
import type { ApiToken, ApiUser, HttpFixture, Response } from './http-fixture.ts';

export const DAY_MS = 86_400_000;

/** A user with an `ocra` token and keys that are in force. */
export class Person {
  readonly user: ApiUser;
  readonly token: ApiToken;
  readonly keys: IdentityKeys;

  constructor(user: ApiUser, token: ApiToken, keys: IdentityKeys) {
    this.user = user;
    this.token = token;
    this.keys = keys;
  }

  get name(): string {
    return this.user.username;
  }

  static async make(fixture: HttpFixture, name: string): Promise<Person> {
    const user = await fixture.user(name);
    const person = new Person(user, await user.enrol('ocra'), await makeIdentityKeys(true));
    const enrolled = await person.enrol();
    assert.equal(enrolled.status, 201, enrolled.text);
    return person;
  }

  codeOver({ signKey: sign, sealKey: seal }: Pick<IdentityKeys, 'signKey' | 'sealKey'> = this.keys): string {
    return this.token.answer(identityQuestion({ user: this.name, sign, seal }));
  }

  async enrol(keys: IdentityKeys = this.keys, code = this.codeOver(keys)): Promise<Response> {
    return this.user.post('/v1/identities', { ...(await publicJwksOf(keys)), code });
  }

  async seen(name: string): Promise<Correspondent> {
    const { json } = await this.user.get(`/v1/identities/${encodeURIComponent(name)}`);
    const found = await readCorrespondent(json);
    assert.ok(found, JSON.stringify(json));
    return found;
  }

  async seal(to: readonly Person[], content: string | Uint8Array, more: Partial<OutgoingMessage> = {}) {
    return sealMessage({
      user: this.name,
      keys: this.keys,
      recipients: await Promise.all(to.map(({ name }) => this.seen(name))),
      content: typeof content === 'string' ? Buffer.from(content) : content,
      contentType: 'text/plain',
      now: this.user.fixture.now(),
      lifetimeMs: DAY_MS,
      id: randomUUID(),
      ...more,
    });
  }

  post(jwe: string, headers: Record<string, string> = {}): Promise<Response> {
    const { fixture, token } = this.user;
    return fixture.request('POST', '/v1/messages', { raw: jwe, token, headers });
  }

  /** @returns the message's id */
  async send(to: readonly Person[], content: string | Uint8Array): Promise<string> {
    const sent = await this.post(await this.seal(to, content));
    assert.equal(sent.status, 201, sent.text);
    return sent.json.id;
  }

  async open(id: string, from: Person): Promise<{ opened: OpenedMessage; jwe: string }> {
    const { text, status } = await this.user.get(`/v1/messages/${id}`);
    assert.equal(status, 200, text);
    const sender = await this.seen(from.name);
    const opened = await openMessage(text, this.keys, sender, this.user.fixture.now());
    assert.ok(!('problem' in opened), JSON.stringify(opened));
    return { opened, jwe: text };
  }

  async receiptOf({
    opened,
    jwe,
  }: {
    readonly opened: OpenedMessage;
    readonly jwe: string;
  }): Promise<string> {
    const now = this.user.fixture.now();
    return signReceipt(this.name, this.keys, opened, { sha256: await sha256Of(jwe), now });
  }

  acknowledge(id: string, receipt: string): Promise<Response> {
    return this.user.post(`/v1/messages/${id}/receipt`, { receipt });
  }

  async waiting(): Promise<{ id: string; from: string; at: string }[]> {
    return (await this.user.get('/v1/messages')).json.messages;
  }
}
