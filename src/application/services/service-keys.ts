import { hash } from 'node:crypto';
import { type Refusal, refuse } from '../../domain/errors.ts';
import { type PublicKey, thumbprintOf } from '../../domain/identity/public-key.ts';
import type { Random } from '../../ports/random.ts';
import { type ServiceKey, type ServiceRow, SYSTEM_USER_ID } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import { isRecent } from './service-key-uses.ts';

const KEY_PATTERN = /^slo_[A-Za-z0-9_-]{43}$/;
const KEY_ID_LENGTH = 16;
/** `slo_` and 36 of 256 bits. */
const HINT_LENGTH = 10;
const CACHE_TIME_MS = 1_000;
const CACHED_MAX = 1_024;

/** A bearer token (RFC 6750) of 256 random bits, and the hash as which it is stored. */
export function makeServiceKey(random: Random): MadeServiceKey {
  const key = `slo_${Buffer.from(random.bytes(32)).toString('base64url')}`;
  return { key, hash: hashOfKey(key), hint: hintOf(key) };
}

export interface MadeServiceKey {
  readonly key: string;
  readonly hash: string;
  readonly hint: string;
}

/** The beginning of a bearer token: enough to recognise it, too little to guess it. */
function hintOf(key: string): string {
  return key.slice(0, HINT_LENGTH);
}

/**
 * Names one of a service's keys: the beginning of its hash, which opens nothing.
 *
 * Why: docs/DECISIONS.md#service-keys-are-named-by-their-digest
 */
export function idOfServiceKey({ hash }: Pick<ServiceKey, 'hash'>): string {
  return hash.slice(0, KEY_ID_LENGTH);
}

/** What a public signing key is stored as: SHA-256 of its RFC 8785 JSON, which is its thumbprint (RFC 7638) in hex. */
export function hashOfKey(key: string): string {
  return hash('sha256', key, 'hex');
}

interface FoundService {
  readonly service: ServiceRow;
  /** Until its key expires. */
  readonly leftMs: number;
}

/**
 * Authenticates services by their bearer tokens. A key is looked up by its hash, so that no comparison tells how much of
 * it fits. Answers are cached for a second: a change made by this server counts at once, one made by another within that
 * second. A key that has expired is refused from that moment on.
 */
export class ServiceKeys {
  readonly #context: Context;
  #cached = new Map<string, { readonly service: ServiceRow; readonly until: number }>();
  /** How often services have changed: an answer that was looked up across a change may be stale. */
  #changes = 0;

  constructor(context: Context) {
    this.#context = context;
    const forget = () => {
      this.#changes++;
      this.#cached = new Map();
    };
    context.decider.subscribeCommits((entries) => {
      if (entries.some(({ userId }) => userId === SYSTEM_USER_ID)) forget();
    });
    context.userCache.subscribeChanges((users) => {
      if (users === 'all' || users.includes(SYSTEM_USER_ID)) forget();
    });
  }

  /** The service of a key that was looked up within the last second. @returns undefined: ask `authenticate` */
  recall(key: string): ServiceRow | undefined {
    const known = this.#cached.get(key);
    return known && known.until > performance.now() ? known.service : undefined;
  }

  /** Whether it was a service's key when it was last looked up. */
  knows(key: string): boolean {
    return this.#cached.has(key);
  }

  /** @returns `session_ended` when no service has the key, or its service is disabled; `service_key_expired` */
  async authenticate(key: string): Promise<ServiceRow | Refusal> {
    const known = this.recall(key);
    if (known) return known;
    if (!KEY_PATTERN.test(key)) return refuse('session_ended');
    const changes = this.#changes;
    const found = await this.#find(hashOfKey(key), () => hintOf(key));
    if ('refused' in found) return found;
    const { service, leftMs } = found;
    if (changes === this.#changes) {
      if (this.#cached.size >= CACHED_MAX) this.#cached = new Map();
      this.#cached.set(key, { service, until: performance.now() + Math.min(CACHE_TIME_MS, leftMs) });
    }
    return service;
  }

  /**
   * Finds the service of a public key by which it signs requests. Does NOT verify a signature.
   * @param key RFC 8785 JSON of the key: no bearer token has that form
   */
  async findSigner(key: string): Promise<ServiceRow | Refusal> {
    const found = await this.#find(hashOfKey(key), () => thumbprintOf(JSON.parse(key) as PublicKey));
    return 'refused' in found ? found : found.service;
  }

  async #find(hash: string, hint: () => string): Promise<FoundService | Refusal> {
    const { store, decider, serviceKeyUses } = this.#context;
    const service = await store.findService(hash);
    const key = service?.keys.find((each) => each.hash === hash);
    if (!service || !key || service.disabled) return refuse('session_ended');
    const at = decider.now();
    const leftMs = (key.expiresAt ?? Infinity) - at;
    if (leftMs <= 0) return refuse('service_key_expired');
    if (!isRecent(key, at)) serviceKeyUses.note({ hash, hint: key.hint ?? hint(), at });
    return { service, leftMs };
  }
}
