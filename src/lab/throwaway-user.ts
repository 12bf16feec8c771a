import { randomBytes } from 'node:crypto';
import { tokenHmac } from '../client/token-hmac.ts';
import { transferMac } from '../client/transfer-mac.ts';
import { decodeBase32 } from '../domain/encoding/base32.ts';
import { isRefusal } from '../domain/errors.ts';
import { boundCode } from '../domain/otp/bound-code.ts';
import { hotpCode } from '../domain/otp/hotp.ts';
import { totpCode } from '../domain/otp/totp.ts';
import { boundQuestion } from '../domain/transaction/bound-question.ts';
import { parseTransfer } from '../domain/transaction/transfer.ts';
import { LabConnection } from './connection.ts';
import type { Endpoint, SocketOptions } from './endpoint.ts';
import { LabRefused } from './lab-error.ts';
import { unexpectedReply } from './nonces.ts';
import type { Target } from './target.ts';

const PERIOD_S = 60;
/**
 * How far the token's clock is ahead, so that the previous code, shown just before a minute ends, is not yet too old.
 */
const FAST_MS = 2_000;
const TOTP = { algorithm: 'sha1', digits: 6, periodS: PERIOD_S } as const;
/** For log-ins: each needs a code, and the TOTP has one a minute. Of eight digits, so that no guess at the TOTP fits. */
const HOTP = { algorithm: 'sha1', digits: 8 } as const;

export interface TransactionMessage {
  readonly accion: 'transaccion';
  readonly data: string;
  readonly nonce?: string;
  readonly mac?: string;
  readonly codigo?: string;
  readonly idempotencia?: string;
  readonly id?: number;
}

interface Credentials {
  readonly username: string;
  readonly password: string;
}

function randomCredentials({ config }: Target): Credentials {
  const passwordBytes = Math.max(12, Math.ceil(config.passwordLengthMin / 2));
  return {
    username: `lab-${randomBytes(6).toString('hex')}`,
    password: randomBytes(passwordBytes).toString('hex'),
  };
}

/** A token just enrolled, for a person to see. */
export interface EnrolledToken {
  readonly type: 'totp' | 'ocra';
  /** Base32. */
  readonly secret: string;
  readonly suite: string | undefined;
}

/** A user made for one attack. Knows the protocol and its own secrets, like an honest client. */
export class ThrowawayUser {
  readonly username: string;
  readonly password: string;
  /** The secret that resumes the latest session. */
  session = '';
  readonly #target: Target;
  #totp: Uint8Array | undefined;
  #ocra: Uint8Array | undefined;
  #hotp: { readonly seed: Uint8Array; counter: number } | undefined;

  private constructor(target: Target, { username, password }: Credentials) {
    this.#target = target;
    this.username = username;
    this.password = password;
  }

  /**
   * Registers over the protocol, or through the operator when registration is closed or rate limited.
   * @throws LabRefused, ServerLost
   */
  static async register(target: Target, named?: Credentials): Promise<ThrowawayUser> {
    const user = new ThrowawayUser(target, named ?? randomCredentials(target));
    const { username, password } = user;
    const connection = await LabConnection.open(target.endpoint);
    const reply = await connection.ask({ accion: 'register', username, password });
    connection.destroy();
    if (reply.status === 'OK') return user;
    if (reply.kind !== 'answer') throw unexpectedReply('register', reply);
    const created = await target.operate('user.create', { username, password, role: 'user' });
    if (isRefusal(created)) throw new LabRefused('setup_failed', `register: ${created.refused}`);
    return user;
  }

  /** Enrols and activates a token of each kind. @throws LabRefused, ServerLost */
  async enrolTokens(): Promise<readonly EnrolledToken[]> {
    const now = Date.now();
    const ocra = await this.#enrol('ocra', (seed, question) => boundCode(tokenHmac, seed, question, now));
    // Activated with the previous code, so that the current one is still unused.
    const totp = await this.#enrol('totp', (seed) =>
      totpCode(tokenHmac, seed, now + FAST_MS - PERIOD_S * 1_000, TOTP),
    );
    this.#ocra = ocra.seed;
    this.#totp = totp.seed;
    return [ocra, totp];
  }

  async #enrol<Type extends 'totp' | 'ocra' | 'hotp'>(
    type: Type,
    firstCode: (seed: Uint8Array, question: string) => string,
    parameters: { readonly digits?: number } = {},
  ): Promise<Omit<EnrolledToken, 'type'> & { readonly type: Type; readonly seed: Uint8Array }> {
    const { username } = this;
    const enrolled = await this.#target.operate('token.enrol', { username, type, ...parameters });
    if (isRefusal(enrolled)) throw new LabRefused('setup_failed', `token.enrol: ${enrolled.refused}`);
    const seed = decodeBase32(enrolled.secret);
    if (!seed) throw new LabRefused('setup_failed', 'token.enrol: secret');
    const question = 'activation_question' in enrolled ? enrolled.activation_question : '';
    const code = firstCode(seed, question);
    const active = await this.#target.operate('token.activate', { username, id: enrolled.id, code });
    if (isRefusal(active)) throw new LabRefused('setup_failed', `token.activate: ${active.refused}`);
    return { type, seed, secret: enrolled.secret, suite: 'suite' in enrolled ? enrolled.suite : undefined };
  }

  /** The message of a log-in, with a code where the server asks this user for one. @throws LabRefused, ServerLost */
  async logInMessage(): Promise<{ readonly accion: 'login' } & Credentials & { readonly codigo?: string }> {
    const { username, password } = this;
    const message = { accion: 'login', username, password } as const;
    if (!this.#totp || !this.#target.config.tcpLogInCodeRequired) return message;
    if (!this.#hotp) {
      const { seed } = await this.#enrol('hotp', (seed) => hotpCode(tokenHmac, seed, 0, HOTP), {
        digits: HOTP.digits,
      });
      this.#hotp = { seed, counter: 0 };
    }
    const { seed } = this.#hotp;
    return { ...message, codigo: hotpCode(tokenHmac, seed, ++this.#hotp.counter, HOTP) };
  }

  /** Logs in on a new connection to the server, or to a proxy in front of it. @throws LabRefused, ServerLost */
  async logIn(endpoint: Endpoint = this.#target.endpoint, options?: SocketOptions): Promise<LabConnection> {
    const connection = await LabConnection.open(endpoint, options);
    const reply = await connection.ask(await this.logInMessage());
    if (reply.status !== 'OK') {
      connection.destroy();
      throw unexpectedReply('login', reply);
    }
    this.session = String(reply.answer.sesion ?? '');
    return connection;
  }

  /** Resumes the session on another connection. @throws LabRefused, ServerLost */
  async resume(options?: SocketOptions): Promise<LabConnection> {
    const connection = await LabConnection.open(this.#target.endpoint, options);
    const reply = await connection.ask({ accion: 'reanudar', sesion: this.session });
    if (reply.status === 'OK') return connection;
    connection.destroy();
    throw unexpectedReply('reanudar', reply);
  }

  mac(data: string, nonce: string): string {
    return transferMac(this.password, data, nonce);
  }

  /** An honest transaction with its MAC and what `more` adds. */
  transaction(
    data: string,
    nonce: string,
    more: Partial<Omit<TransactionMessage, 'accion' | 'data' | 'nonce'>> = {},
  ): TransactionMessage {
    return { accion: 'transaccion', data, nonce, mac: this.mac(data, nonce), ...more };
  }

  /** The code that the user's token shows for this transaction only. */
  boundCode(data: string, nonce: string): string {
    const transfer = parseTransfer(data, this.#target.config.currencyDefault);
    if (isRefusal(transfer) || !this.#ocra) throw new LabRefused('setup_failed', `bound code of ${data}`);
    return boundCode(
      tokenHmac,
      this.#ocra,
      boundQuestion({ ...transfer, challenge: nonce, v: 1 }),
      Date.now(),
    );
  }

  plainCode(): string {
    if (!this.#totp) throw new LabRefused('setup_failed', 'plain code');
    return totpCode(tokenHmac, this.#totp, Date.now() + FAST_MS, TOTP);
  }

  /** How long the current plain code stays on the screen. */
  static plainCodeLeftMs(): number {
    return PERIOD_S * 1_000 - ((Date.now() + FAST_MS) % (PERIOD_S * 1_000));
  }

  /** Distinct codes that the plain token does not show at any time near now. */
  wrongCodes(count: number): string[] {
    const right = new Set<string>();
    for (let step = -3; step <= 3; step++) {
      if (this.#totp) right.add(totpCode(tokenHmac, this.#totp, Date.now() + step * PERIOD_S * 1_000, TOTP));
    }
    const codes: string[] = [];
    for (let n = 0; codes.length < count; n++) {
      const code = String((n * 7_919 + 123_457) % 1_000_000).padStart(6, '0');
      if (!right.has(code)) codes.push(code);
    }
    return codes;
  }
}
