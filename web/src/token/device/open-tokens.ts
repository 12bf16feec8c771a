import { keysOf, type Root } from '../keyring/keyring.ts';
import { unseal } from '../keyring/sealed.ts';
import { type ShownCode, shownCode } from '../otp/shown-code.ts';
import { DeviceSession, type SessionOptions } from './device-session.ts';
import type { TokenRecord } from './storage.ts';
import { sealedContext } from './token-record.ts';

export interface OpenTokensOptions extends Omit<SessionOptions, 'onEnded'> {
  readonly onEnded: (tokenId: string) => void;
}

/** Holds the seeds of plain codes and the sessions while the device is open, and no seed of bound codes. */
export class OpenTokens {
  readonly #options: OpenTokensOptions;
  readonly #seeds = new Map<string, Uint8Array<ArrayBuffer>>();
  readonly #sessions = new Map<string, DeviceSession>();

  constructor(options: OpenTokensOptions) {
    this.#options = options;
  }

  async open(root: Root, tokens: readonly TokenRecord[]): Promise<void> {
    const { codes } = await keysOf(root);
    for (const token of tokens) {
      if (this.#sessions.has(token.id)) continue;
      const seed = token.codes && (await unseal(codes, token.codes.seed, sealedContext(token.id, 'codes')));
      const secret = await unseal(codes, token.session, sealedContext(token.id, 'session'));
      if (seed) this.#seeds.set(token.id, seed);
      if (!secret) continue;
      const options = { ...this.#options, onEnded: () => this.#options.onEnded(token.id) };
      this.#sessions.set(token.id, new DeviceSession(new TextDecoder().decode(secret), options));
    }
  }

  shown(token: TokenRecord, atMs: number): ShownCode | undefined {
    const seed = this.#seeds.get(token.id);
    return seed && token.codes ? shownCode(seed, token.codes, atMs) : undefined;
  }

  session(tokenId: string): DeviceSession | undefined {
    return this.#sessions.get(tokenId);
  }

  close(tokenId: string): void {
    this.#seeds.get(tokenId)?.fill(0);
    this.#seeds.delete(tokenId);
    this.#sessions.delete(tokenId);
  }

  closeAll(): void {
    for (const id of [...this.#seeds.keys(), ...this.#sessions.keys()]) this.close(id);
  }
}
