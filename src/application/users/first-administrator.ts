import { equalConstantTime } from '../../domain/constant-time.ts';
import { type Refusal, refuse } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';
import type { Context } from '../context.ts';
import type { Idempotency } from '../idempotency/idempotency-record.ts';
import { createUser, type RegisteredUser } from './register-user.ts';

const CODE_BYTES = 24;
const USERS_PER_READ = 1_000;

export interface FirstAdministratorRequest {
  readonly code: string;
  readonly username: string;
  readonly password: string;
  readonly address: string;
  readonly idempotency?: Idempotency;
}

/**
 * Creates the first administrator on showing the code that a start printed: once, within `setupTimeMs`, and only
 * while there is no administrator, whoever else there is. The code is in this process's memory alone, so a restart voids it.
 *
 * Why: docs/DECISIONS.md#the-set-up-link-is-in-memory
 */
export class FirstAdministrator {
  /** Printed to the operator's terminal, never logged. */
  readonly code: string;
  readonly #context: Context;
  readonly #until: number;
  #making: Promise<unknown> | undefined;
  #made: RegisteredUser | undefined;

  private constructor(context: Context) {
    this.#context = context;
    this.code = Buffer.from(context.random.bytes(CODE_BYTES)).toString('base64url');
    this.#until = context.decider.now() + LIMITS.setupTimeMs;
  }

  /** @returns undefined where there is an administrator who is not disabled */
  static async offer(context: Context): Promise<FirstAdministrator | undefined> {
    // A store that is unavailable now may have one.
    const known = await hasAdministrator(context).catch(() => true);
    return known ? undefined : new FirstAdministrator(context);
  }

  /** A wrong, a used and an expired code are refused alike. */
  async make(request: FirstAdministratorRequest): Promise<RegisteredUser | Refusal> {
    const { rateLimiter, settings } = this.#context;
    const wait = await rateLimiter.take(`log-in/${request.address}`, settings.rateLimits.logIns);
    if (wait > 0) return refuse('rate_limited', { retryAfterMs: wait });
    if (!equalConstantTime(request.code, this.code)) return refuse('setup_code_invalid');
    // One at a time, so that the second sees whom the first created.
    while (this.#making) await this.#making.catch(() => undefined);
    const making = this.#make(request).finally(() => {
      this.#making = undefined;
    });
    this.#making = making;
    return making;
  }

  async #make({ username, password, idempotency }: FirstAdministratorRequest) {
    const wanted = { username, password, role: 'admin', ...(idempotency ? { idempotency } : {}) } as const;
    // A repeat creates nobody, because the name is taken.
    const isRepeat = idempotency !== undefined && this.#made?.username === username;
    if (isRepeat) return createUser(this.#context, wanted);
    const over = this.#made !== undefined || this.#context.decider.now() > this.#until;
    if (over || (await hasAdministrator(this.#context))) return refuse('setup_code_invalid');
    const made = await createUser(this.#context, wanted);
    if (!('refused' in made)) this.#made = made;
    return made;
  }
}

/** Reads users until one may administrate; those that are disabled may not. */
async function hasAdministrator({ store }: Context): Promise<boolean> {
  let after = 0;
  for (;;) {
    const users = await store.listUsers({ after, limit: USERS_PER_READ });
    if (users.some(({ role, disabled }) => role === 'admin' && !disabled)) return true;
    const last = users.at(-1);
    if (!last || users.length < USERS_PER_READ) return false;
    after = last.userId;
  }
}
