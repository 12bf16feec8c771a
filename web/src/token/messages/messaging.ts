import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import {
  type Correspondent,
  type IdentityKeys,
  makeIdentityKeys,
  publicJwksOf,
  readCorrespondent,
} from '../../../../src/client/messages/identity-keys.ts';
import type { MessageProblem } from '../../../../src/client/messages/message-problem.ts';
import {
  type OpenedMessage,
  openMessage,
  sha256Of,
  signReceipt,
} from '../../../../src/client/messages/open-message.ts';
import { judgePin, type PinVerdict, pinOf } from '../../../../src/client/messages/pinned-keys.ts';
import { safetyNumber } from '../../../../src/client/messages/safety-number.ts';
import { sealMessage } from '../../../../src/client/messages/seal-message.ts';
import { jsonString } from '../../../../src/domain/encoding/canonical-json.ts';
import { idempotencyKey } from '../../api/api.ts';
import { isProblem } from '../../api/problem.ts';
import type { DeviceSession } from '../device/device-session.ts';
import type { DeviceStorage, TokenRecord } from '../device/storage.ts';
import { correspondenceOf, pinFor, type UserCorrespondence, withCorrespondence } from './correspondence.ts';

export interface MessagingOptions {
  readonly storage: DeviceStorage;
  /** Estimated server time, ms since 1970. */
  readonly now: () => number;
  readonly session: (token: TokenRecord) => DeviceSession;
}

/** A person as the server shows them now, beside what this device saw of them first. */
export interface Contact {
  readonly correspondent: Correspondent;
  readonly verdict: PinVerdict;
  /** Whether the user has compared the safety number with the person. */
  readonly compared: boolean;
  /** Of the keys that the server shows now. */
  readonly safetyNumber: string;
}

export interface ListedMessage {
  readonly id: string;
  readonly from: string;
  readonly at: string;
  readonly bytes: number;
}

export type ReadMessage =
  | { readonly kind: 'opened'; readonly message: OpenedMessage }
  /** Nothing was opened: the sender's keys are others than before. */
  | { readonly kind: 'changed'; readonly contact: Contact }
  /** The sender's keys were revoked, or they have none. */
  | { readonly kind: 'unknown_sender' }
  | ({ readonly kind: 'problem' } & MessageProblem);

/** `none`: never made here. `replaced`: others are in force, made on another device, or revoked. */
export type KeysState = 'none' | 'in_force' | 'replaced';

/** A message lives so long. */
const LIFETIME_MS = 30 * 86_400_000;
const LONG_CALL_MS = 120_000;

/** Sends and reads sealed messages on behalf of a token's user, by keys of this device. */
export class Messaging {
  readonly #storage: DeviceStorage;
  readonly #now: () => number;
  readonly #session: MessagingOptions['session'];

  constructor({ storage, now, session }: MessagingOptions) {
    this.#storage = storage;
    this.#now = now;
    this.#session = session;
  }

  /** @throws ProblemError, ConnectionLost */
  async keysState(token: TokenRecord): Promise<KeysState> {
    const { keys } = await this.#kept(token);
    if (!keys) return 'none';
    const shown = await this.#look(token, token.username);
    return shown?.signKey === keys.signKey && shown.sealKey === keys.sealKey ? 'in_force' : 'replaced';
  }

  /**
   * Makes new keys on this device and enrols them by a code over both. Keys that were in force are replaced: messages to
   * those can no longer be opened here.
   * @param answer computes the token's bound code of a question (hex)
   * @throws ProblemError, ConnectionLost
   */
  async enrol(token: TokenRecord, answer: (question: string) => Promise<string>): Promise<void> {
    const keys = await makeIdentityKeys(false);
    const { username } = token;
    const covered = `{"seal":"${keys.sealKey}","sign":"${keys.signKey}","user":${jsonString(username)},"v":1}`;
    const code = await answer(bytesToHex(sha256(new TextEncoder().encode(covered))));
    const { sign_jwk, seal_jwk } = await publicJwksOf(keys);
    await this.#session(token).api(
      'POST /v1/identities',
      { body: { sign_jwk: { ...sign_jwk }, seal_jwk: { ...seal_jwk }, code } },
      { idempotencyKey: idempotencyKey() },
    );
    await this.#keep(token, (kept) => ({ ...kept, keys }));
  }

  /**
   * Looks somebody up. What is seen first is kept.
   * @returns undefined where they have no keys @throws ProblemError, ConnectionLost
   */
  async contact(token: TokenRecord, name: string): Promise<Contact | undefined> {
    const correspondent = await this.#look(token, name);
    if (!correspondent) return undefined;
    const own = await this.#ownKeys(token);
    const pin = pinFor(await this.#kept(token), name);
    const verdict = judgePin(pin, correspondent);
    if (verdict === 'first') await this.#pin(token, correspondent, false);
    return {
      correspondent,
      verdict,
      compared: verdict === 'same' && pin?.compared === true,
      safetyNumber: await safetyNumber({ user: token.username, ...own }, correspondent),
    };
  }

  /** The user believes these keys from now on. @param compared whether they compared the safety number */
  trust(token: TokenRecord, { correspondent }: Contact, compared: boolean): Promise<void> {
    return this.#pin(token, correspondent, compared);
  }

  /** Messages that wait, or were read and have not expired. @throws ProblemError, ConnectionLost */
  async inbox(token: TokenRecord, read = false): Promise<readonly ListedMessage[]> {
    const query = { acknowledged: read ? 'true' : 'false' } as const;
    return (await this.#session(token).api('GET /v1/messages', { query })).messages;
  }

  /**
   * Opens a message by the sender's keys as this device knows them, and acknowledges it by a signed receipt. Nothing is
   * opened or acknowledged where they changed.
   * @throws ProblemError, ConnectionLost
   */
  async read(token: TokenRecord, { id, from }: ListedMessage): Promise<ReadMessage> {
    const contact = await this.contact(token, from);
    if (!contact) return { kind: 'unknown_sender' };
    if (contact.verdict === 'changed') return { kind: 'changed', contact };
    const session = this.#session(token);
    const text = await session.text(`/v1/messages/${encodeURIComponent(id)}`);
    const keys = await this.#ownKeys(token);
    const opened = await openMessage(text, keys, contact.correspondent, this.#now());
    if ('problem' in opened) return { kind: 'problem', ...opened };
    const receipt = await signReceipt(token.username, keys, opened, {
      sha256: await sha256Of(text),
      now: this.#now(),
    });
    await session.api('POST /v1/messages/{id}/receipt', { path: { id }, body: { receipt } });
    return { kind: 'opened', message: opened };
  }

  /** Deletes a message without opening or acknowledging it. @throws ProblemError, ConnectionLost */
  async remove(token: TokenRecord, id: string): Promise<void> {
    await this.#session(token).api('DELETE /v1/messages/{id}', { path: { id } });
  }

  /** @throws ProblemError, ConnectionLost; Error where a contact's keys changed and the user has not said that they believe them */
  async send(
    token: TokenRecord,
    contacts: readonly Contact[],
    content: { readonly bytes: Uint8Array; readonly type: string },
  ): Promise<void> {
    if (contacts.some(({ verdict }) => verdict === 'changed')) throw new Error('a key changed');
    const message = await sealMessage({
      user: token.username,
      keys: await this.#ownKeys(token),
      recipients: contacts.map(({ correspondent }) => correspondent),
      content: content.bytes,
      contentType: content.type,
      now: this.#now(),
      lifetimeMs: LIFETIME_MS,
      id: crypto.randomUUID(),
    });
    await this.#session(token).api(
      'POST /v1/messages',
      { body: JSON.parse(message) },
      { idempotencyKey: idempotencyKey(), timeMs: LONG_CALL_MS },
    );
  }

  async #ownKeys(token: TokenRecord): Promise<IdentityKeys> {
    const { keys } = await this.#kept(token);
    if (!keys) throw new Error('this device has no keys for messages');
    return keys;
  }

  async #look(token: TokenRecord, name: string): Promise<Correspondent | undefined> {
    try {
      const answer = await this.#session(token).api('GET /v1/identities/{user}', { path: { user: name } });
      const read = await readCorrespondent(answer);
      // An answer about somebody else is none.
      return read?.user === name ? read : undefined;
    } catch (error) {
      if (isProblem(error, 'identity_unknown', 'message_invalid')) return undefined;
      throw error;
    }
  }

  #pin(token: TokenRecord, correspondent: Correspondent, compared: boolean): Promise<void> {
    const pin = pinOf(correspondent, this.#now(), compared);
    return this.#keep(token, (kept) => ({
      ...kept,
      pins: Object.fromEntries([...Object.entries(kept.pins), [correspondent.user, pin]]),
    }));
  }

  async #kept({ username }: TokenRecord): Promise<UserCorrespondence> {
    return correspondenceOf(await this.#storage.read('correspondence'), username);
  }

  #keep({ username }: TokenRecord, change: (kept: UserCorrespondence) => UserCorrespondence): Promise<void> {
    return this.#storage.change('correspondence', (all) => ({
      value: withCorrespondence(all, username, change(correspondenceOf(all, username))),
      result: undefined,
    }));
  }
}
