import type { Refusal } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';
import type { UserId } from '../../ports/store.ts';
import type { Context } from '../context.ts';
import { boundToCode } from '../idempotency/bound-to-code.ts';
import { idempotent, wholeResult } from '../idempotency/idempotent.ts';
import { type CodeValidation, UNKNOWN_USER, type ValidateCodeRequest } from './code-validation.ts';
import { UnknownUserCodes } from './unknown-user-codes.ts';
import { ValidateCodeJob } from './validate-code-job.ts';

/**
 * Validates a code for a service, such as a log-in server:
 *
 * 1. The idempotency key is bound to the code, so that another code under it is another request.
 * 2. The user is found by name. An unknown or disabled user costs the same, is answered the same and locks the same as
 *    one whose code is wrong (`UnknownUserCodes`).
 * 3. `ValidateCodeJob` decides: a repeat is answered from its record; the challenge of a transaction must be issued to
 *    this service and unspent; the code must fit, and must be a bound one where there is a transaction.
 * 4. A negative answer waits until a multiple of a fixed time, so that its duration tells nothing.
 *
 * A valid code is spent; a wrong one counts and locks like any other. A lock is an answer (`valid: false`), not a
 * refusal of the request.
 */
export class CodeValidator {
  readonly #context: Context;
  readonly #unknownUsers: UnknownUserCodes;
  /** By name: a user keeps both name and id for ever. */
  readonly #userIds = new Map<string, UserId>();

  constructor(context: Context) {
    this.#context = context;
    this.#unknownUsers = new UnknownUserCodes(context);
  }

  async validate(asked: ValidateCodeRequest): Promise<CodeValidation | Refusal> {
    const { challenges, decider, responsePadding } = this.#context;
    const startedAt = responsePadding.now();
    const waiting = challenges.ensureKeys(decider.now());
    if (waiting) await waiting;
    const idempotency =
      asked.idempotency && (await boundToCode(this.#context, asked.idempotency, asked.code));
    const request = idempotency ? { ...asked, idempotency } : asked;
    const userId = this.#userIds.get(request.username) ?? (await this.#find(request.username));
    const decided = userId === undefined ? UNKNOWN_USER : await this.#decide(userId, request);
    const validation = decided === UNKNOWN_USER ? await this.#unknownUsers.validate(request) : decided;
    if (!('valid' in validation && validation.valid)) {
      await responsePadding.pad(startedAt, LIMITS.codeResponsePaddingMs);
    }
    return validation;
  }

  async #find(username: string): Promise<UserId | undefined> {
    const userId = (await this.#context.store.findUser(username))?.userId;
    if (userId !== undefined) {
      if (this.#userIds.size >= LIMITS.usersCachedMax) this.#userIds.clear();
      this.#userIds.set(username, userId);
    }
    return userId;
  }

  async #decide(userId: UserId, request: ValidateCodeRequest): Promise<CodeValidation | Refusal> {
    const job = new ValidateCodeJob(this.#context, userId, request);
    const { decider } = this.#context;
    return (await decider.submit(idempotent(job, request.idempotency, wholeResult<CodeValidation>()))).result;
  }
}
