import type { RecordedTransaction } from '../../domain/journal/entry.ts';
import type { Proof } from '../../domain/policy/policy.ts';
import { receiptFrom, receiptSigningInput } from '../../domain/transaction/receipt.ts';
import { LIMITS } from '../../limits.ts';
import type { KeyVault, Signature } from '../../ports/key-vault.ts';

/** An approval as its entry records it and a receipt states it. */
export interface DecidedTransaction {
  readonly transaction: RecordedTransaction;
  readonly username: string;
  /** ms since 1970 */
  readonly at: number;
  readonly proofs: readonly Proof[];
  /** Of the user's entry that records it. */
  readonly version: number;
  readonly hash: string;
  readonly previous: string;
}

interface Waiting {
  readonly decided: DecidedTransaction;
  readonly resolve: (receipt: string) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Signs receipts as JWS (ES256) by the active signing key: a few in one call of the vault, one call at a time, round robin
 * by user. So one user's thousands of receipts neither fill the vault's queue, in which decisions wait for their MACs, nor
 * delay another one's receipt by more than one of each user.
 *
 * Why: docs/DECISIONS.md#receipts-are-signed-in-turn
 */
export class ReceiptSigner {
  readonly #vault: Pick<KeyVault, 'publicKeys' | 'sign'>;
  /** Whose turn is next stands first. */
  readonly #users = new Map<string, Waiting[]>();
  #running = false;

  constructor(vault: Pick<KeyVault, 'publicKeys' | 'sign'>) {
    this.#vault = vault;
  }

  /** @throws VaultUnavailable: the decision stands, the receipt can be asked for again */
  sign(decided: DecidedTransaction): Promise<string> {
    return new Promise((resolve, reject) => {
      const waiting = { decided, resolve, reject };
      const own = this.#users.get(decided.username);
      if (own) own.push(waiting);
      else this.#users.set(decided.username, [waiting]);
      if (!this.#running) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#running = true;
    // Those that are asked for in the same turn, by the answers to one batch of decisions, are signed together.
    await Promise.resolve();
    while (this.#users.size > 0) {
      const batch = this.#take();
      try {
        const receipts = await this.#signAll(batch.map(({ decided }) => decided));
        for (const [index, { resolve }] of batch.entries()) resolve(receipts[index] as string);
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#running = false;
  }

  #take(): Waiting[] {
    const batch: Waiting[] = [];
    // A user who has more goes to the end of the map, where the loop meets them again.
    for (const [username, own] of this.#users) {
      if (batch.length === LIMITS.receiptsPerCallMax) break;
      const waiting = own.shift();
      if (waiting) batch.push(waiting);
      this.#users.delete(username);
      if (own.length > 0) this.#users.set(username, own);
    }
    return batch;
  }

  async #signAll(all: readonly DecidedTransaction[]): Promise<readonly string[]> {
    // The header names the key, so after a rotation between the two calls the receipts are made again.
    for (let attempt = 0; attempt < 3; attempt++) {
      const [active] = await this.#vault.publicKeys();
      const keyId = active?.jwk.kid;
      if (keyId === undefined) throw new Error('the vault has no signing key');
      const inputs = all.map((decided) => receiptSigningInput(claimsOf(decided), keyId));
      const signed = await this.#vault.sign(inputs.map((input) => Buffer.from(input, 'ascii')));
      if (signed.every((each) => each.keyId === keyId)) {
        return inputs.map((input, index) => receiptFrom(input, (signed[index] as Signature).signature));
      }
    }
    throw new Error('the signing key changed at each attempt');
  }
}

function claimsOf(decided: DecidedTransaction) {
  const { id, ...transaction } = decided.transaction;
  return {
    iss: 'sello',
    sub: decided.username,
    iat: Math.floor(decided.at / 1000),
    jti: id,
    transaction,
    proofs: decided.proofs,
    journal: { version: decided.version, hash: decided.hash, previous: decided.previous },
  } as const;
}
