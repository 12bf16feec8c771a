/*
 * Goal: the code factor alone judges codes correctly for each use case's variant.
 * Method: users are values, the vault is HMAC over unwrapped seeds, and what the batch decided between `evidence` and
 * `judge` is another value of the same user.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hmac as nobleHmac } from '@noble/hashes/hmac.js';
import { sha1 } from '@noble/hashes/legacy.js';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { CodeFactor, type CodeFactorOptions } from '../../../src/application/codes/code-factor.ts';
import type { Context } from '../../../src/application/context.ts';
import {
  allRequests,
  type Evidence,
  firstRequests,
  furtherRequests,
} from '../../../src/application/decisions/evidence.ts';
import type { User } from '../../../src/application/users/user.ts';
import { BOUND_SUITE, boundCode } from '../../../src/domain/otp/bound-code.ts';
import type { Hmac } from '../../../src/domain/otp/hmac.ts';
import { hotpCode } from '../../../src/domain/otp/hotp.ts';
import { totpCode } from '../../../src/domain/otp/totp.ts';
import { boundQuestion } from '../../../src/domain/transaction/bound-question.ts';
import type { UserState } from '../../../src/domain/user-state.ts';
import { LIMITS } from '../../../src/limits.ts';
import type { MacRequest } from '../../../src/ports/key-vault.ts';
import type { TokenRow, TokenType } from '../../../src/ports/store.ts';

const hashes = { sha1, sha256, sha512 };
const hmac: Hmac = (algorithm, key, message) => nobleHmac(hashes[algorithm], key, message);

const AT = Date.UTC(2026, 0, 2, 3, 4, 5);
const LOCK_MS = 30_000;
const TRANSACTION = {
  ...{ payer: 'A', payee: 'B', amount: '1.00', currency: 'EUR' },
  ...{ challenge: '0'.repeat(64), v: 1 as const },
};
const LOCKED: UserState = { code: { failures: 3, lockedUntil: AT + 7 } };

function token(tokenId: string, type: TokenType, more: Partial<TokenRow> = {}): TokenRow {
  const isBound = type === 'ocra';
  return {
    ...{ userId: 1, tokenId, type, status: 'active', label: '', createdAt: AT },
    ...{ algorithm: isBound ? 'sha256' : 'sha1', digits: 6, periodS: 60, suite: isBound ? BOUND_SUITE : '' },
    ...{ seed: Buffer.from(`the seed of ${tokenId}`).toString('hex') },
    activationQuestion: isBound ? 'ab'.repeat(32) : '',
    ...more,
  };
}

function codeOf({ seed, type, digits }: TokenRow, question = boundQuestion(TRANSACTION)): string {
  const key = Buffer.from(seed, 'hex');
  if (type === 'ocra') return boundCode(hmac, key, question, AT);
  return type === 'totp'
    ? totpCode(hmac, key, AT, { algorithm: 'sha1', digits, periodS: 60 })
    : hotpCode(hmac, key, 0, { algorithm: 'sha1', digits });
}

function wrong(code: string): string {
  return code.replace(/^./, (digit) => String((Number(digit) + 1) % 10));
}

function user(tokens: readonly TokenRow[], state: UserState = {}): User {
  return {
    ...{ id: 1, username: 'alice', role: 'user', disabled: false, macKey: '', createdAt: AT, tokens },
    ...{ sessions: [], passkeys: [], pending: [], version: 1, at: AT, hash: '', state },
  };
}

const BY = { purpose: 'log_in', asker: { by: 'stranger' } } as const;

function factorOf(code: string, options: Partial<CodeFactorOptions> = {}) {
  const counted: unknown[] = [];
  const lockout = { attemptsMax: 3, lockMs: LOCK_MS, lockMsMax: 10 * LOCK_MS };
  const refusalCounter = { count: (...event: unknown[]) => counted.push(event) };
  const factor = new CodeFactor({ refusalCounter, settings: { lockout } } as unknown as Context, code, {
    ...BY,
    ...options,
  });
  return { factor, counted };
}

function computed(requests: readonly MacRequest[]): Uint8Array[] {
  return requests.map(({ algorithm, wrapped, message }) =>
    hmac(algorithm, Buffer.from(wrapped, 'hex'), message),
  );
}

/** As the decider does: the likely MACs first, the others where they are asked for. */
function staged(evidence: Evidence): {
  readonly requests: readonly MacRequest[];
  readonly macs: Uint8Array[];
} {
  const first = firstRequests(evidence);
  const requests = [...first, ...furtherRequests(evidence, computed(first))];
  return { requests, macs: computed(requests) };
}

/** @param later the user as earlier decisions of the batch leave them */
function judge(code: string, before: User, { later = before, transaction, options }: JudgeOptions = {}) {
  const { factor, counted } = factorOf(code, options);
  const { requests, macs } = staged(factor.evidence(before, AT, transaction));
  return { requests, counted, outcome: factor.judge(later, AT, macs) };
}

interface JudgeOptions {
  readonly later?: User;
  readonly transaction?: typeof TRANSACTION;
  readonly options?: Partial<CodeFactorOptions>;
}

describe('a code of an active token', () => {
  for (const type of ['totp', 'hotp'] as const) {
    test(`${type}: accepted as plain, used up, failed attempts cleared; shown again it is spent, and no failed attempt`, () => {
      const shown = token('t', type);
      const failed: UserState = { hadToken: true, code: { failures: 2, lockedUntil: 0 } };
      const { outcome } = judge(codeOf(shown), user([shown], failed), { transaction: TRANSACTION });
      assert.equal(outcome.outcome, 'accepted');
      assert.ok(outcome.outcome === 'accepted');
      assert.deepEqual([outcome.kind, outcome.tokenId], ['plain', 't']);
      const { tokens, ...rest } = outcome.state;
      assert.deepEqual(rest, { hadToken: true });
      assert.equal(tokens?.t?.uses, 1);

      const again = judge(codeOf(shown), user([shown]), { later: user([shown], outcome.state) });
      assert.deepEqual(again.outcome, {
        ...{ outcome: 'refused', reason: 'code_spent', state: outcome.state, retryAfterMs: 0 },
      });
    });
  }

  test('a bound one fits its transaction alone, and without a transaction nothing', () => {
    const shown = token('t', 'ocra');
    const code = codeOf(shown);
    const bound = judge(code, user([shown]), { transaction: TRANSACTION }).outcome;
    assert.deepEqual([bound.outcome, 'kind' in bound && bound.kind], ['accepted', 'bound']);
    const other = judge(code, user([shown]), { transaction: { ...TRANSACTION, amount: '1.01' } }).outcome;
    assert.deepEqual([other.outcome, 'reason' in other && other.reason], ['refused', 'code_wrong']);
    const without = judge(code, user([shown]));
    assert.equal(without.requests.length, 0);
    assert.deepEqual('reason' in without.outcome && without.outcome.reason, 'code_wrong');
  });

  test('of several tokens the one that it is of is named; tokens of other lengths are not asked', () => {
    const tokens = [token('a', 'totp'), token('b', 'hotp'), token('long', 'totp', { digits: 8 })];
    const { outcome, requests } = judge(codeOf(tokens[1] as TokenRow), user(tokens));
    assert.equal('tokenId' in outcome && outcome.tokenId, 'b');
    assert.ok(requests.every(({ owner }) => !owner.includes('long')));
  });

  test('a wrong one counts, and at the limit it locks: the outcome and the entry have the wait', () => {
    const shown = token('t', 'totp');
    const first = judge(wrong(codeOf(shown)), user([shown])).outcome;
    assert.deepEqual(first, {
      ...{ outcome: 'refused', reason: 'code_wrong', retryAfterMs: 0 },
      state: first.outcome === 'refused' && first.state,
      detail: { factor: 'code', purpose: 'log_in', failures: 1 },
    });
    assert.deepEqual(first.outcome === 'refused' && first.state.attempts, {
      log_in: { failures: 1, lockedUntil: 0, at: AT },
    });
    const failed = { attempts: { log_in: { failures: 2, lockedUntil: 0, at: AT } } };
    const third = judge(wrong(codeOf(shown)), user([shown], failed)).outcome;
    assert.deepEqual(third, {
      ...{ outcome: 'refused', reason: 'code_wrong', retryAfterMs: LOCK_MS },
      state: third.outcome === 'refused' && third.state,
      detail: { factor: 'code', purpose: 'log_in', failures: 3, locked_ms: LOCK_MS },
    });
    assert.deepEqual(third.outcome === 'refused' && third.state.attempts, {
      log_in: { failures: 3, lockedUntil: AT + LOCK_MS, at: AT },
    });
  });

  test('one whose MAC could not be computed matches no code', () => {
    const shown = token('t', 'totp');
    const { factor } = factorOf(codeOf(shown));
    const macs = allRequests(factor.evidence(user([shown]), AT)).map(() => undefined);
    const outcome = factor.judge(user([shown]), AT, macs);
    assert.equal('reason' in outcome && outcome.reason, 'code_wrong');
  });
});

describe('the likely steps first', () => {
  test('a code of the likely step costs the likely MACs alone, any other all of them', () => {
    for (const [type, likely, all] of [
      ['hotp', 1, LIMITS.hotpLookAhead + 1],
      ['totp', 2, 3],
      ['ocra', 1, 3],
    ] as const) {
      const shown = token('t', type);
      const right = judge(codeOf(shown), user([shown]), { transaction: TRANSACTION });
      assert.deepEqual([right.outcome.outcome, right.requests.length], ['accepted', likely], type);
      const other = judge(wrong(codeOf(shown)), user([shown]), { transaction: TRANSACTION });
      assert.deepEqual([other.outcome.outcome, other.requests.length], ['refused', all], type);
    }
  });

  const state = fc.record({ last: fc.nat(30), drift: fc.integer({ min: -4, max: 4 }) });
  const now = Math.floor(AT / 60_000);

  for (const [title, digits, moves] of [
    ['the outcome is that of all MACs at once, where several steps show the same code, too', [1, 2], false],
    ['so it is where a decision of the same batch used codes meanwhile', [6], true],
  ] as const) {
    test(`HOTP and TOTP, whatever is shown: ${title}`, () => {
      const outcomes = new Map<string, number>();
      const type = fc.constantFrom('hotp', 'totp');
      const offset = fc.integer({ min: -3, max: LIMITS.hotpLookAhead + 2 });
      fc.assert(
        fc.property(type, fc.constantFrom(...digits), state, offset, fc.nat(12), (...shownAs) => {
          const [type, digits, { last, drift }, offset, later] = shownAs;
          const shown = token('t', type, { digits });
          const first = type === 'totp' ? now - 15 + last : last;
          const step = Math.max((type === 'totp' ? now + drift : first) + offset, 0);
          const code = hotpCode(hmac, Buffer.from(shown.seed, 'hex'), step, { algorithm: 'sha1', digits });
          const at = (used: number) =>
            user([shown], { tokens: { t: { last: used, drift, uses: 1, usedAt: 1 } } });
          const before = at(first);
          const after = moves ? at(first + later) : before;
          const { factor } = factorOf(code);
          const whole = computed(allRequests(factor.evidence(before, AT)));
          const expected = factor.judge(after, AT, whole);
          const { outcome } = judge(code, before, { later: after });
          assert.deepEqual(outcome, expected);
          const name = 'reason' in outcome ? outcome.reason : outcome.outcome;
          outcomes.set(name, (outcomes.get(name) ?? 0) + 1);
        }),
        { numRuns: 500 },
      );
      for (const name of ['accepted', 'code_spent', 'code_wrong'])
        assert.ok((outcomes.get(name) ?? 0) > 20, `${name}: ${outcomes.get(name)}`);
    });
  }
});

describe('while codes are locked', () => {
  const shown = token('t', 'totp');
  const right = codeOf(shown);

  test('no MAC is requested, nothing is evaluated, the outcome has the exact wait, and the refusal is counted', () => {
    const { requests, outcome, counted } = judge(right, user([shown], LOCKED));
    assert.equal(requests.length, 0);
    assert.deepEqual(outcome, { outcome: 'locked', retryAfterMs: 7 });
    assert.deepEqual(counted, [['code.refused', 'locked', 1]]);
  });

  test('a log-in counts it as its own', () => {
    const { counted } = judge(right, user([shown], LOCKED), { options: { lockCountedAs: 'login.locked' } });
    assert.deepEqual(counted, [['login.locked', 'locked', 1]]);
  });

  test('by a decision before this one in the batch: a right code is not looked at', () => {
    const { outcome } = judge(right, user([shown]), { later: user([shown], LOCKED) });
    assert.deepEqual(outcome, { outcome: 'locked', retryAfterMs: 7 });
  });

  test('and unlocked by a decision before this one in the batch: not evaluated, so locked, for at least 1 ms', () => {
    const { outcome, counted } = judge(right, user([shown], LOCKED), { later: user([shown]) });
    assert.deepEqual(outcome, { outcome: 'locked', retryAfterMs: 1 });
    assert.deepEqual(counted, [['code.refused', 'locked', 1]]);
  });

  test('evidence of an earlier attempt at the same decision counts for nothing in the next', () => {
    const { factor } = factorOf(right);
    const { macs } = staged(factor.evidence(user([shown]), AT));
    assert.deepEqual(factor.judge(user([shown]), AT, []), { outcome: 'locked', retryAfterMs: 1 });
    assert.equal(allRequests(factor.evidence(user([shown], LOCKED), AT)).length, 0);
    assert.deepEqual(factor.judge(user([shown]), AT, macs), { outcome: 'locked', retryAfterMs: 1 });
  });
});

test('a token revoked by a decision before this one in the batch: its code is a wrong one', () => {
  const [kept, revoked] = [token('kept', 'totp'), token('gone', 'totp')];
  const { outcome } = judge(codeOf(revoked), user([kept, revoked]), { later: user([kept]) });
  assert.equal('reason' in outcome && outcome.reason, 'code_wrong');
});

describe('a code that activates a token', () => {
  const failed: UserState = { code: { failures: 1, lockedUntil: 0 } };

  for (const type of ['totp', 'hotp', 'ocra'] as const) {
    test(`${type}: the pending token's first code is accepted, and the failed attempts stand`, () => {
      const pending = token('new', type, { status: 'pending' });
      const code = codeOf(pending, pending.activationQuestion);
      const { outcome } = judge(code, user([pending], failed), { options: { activates: () => ['new'] } });
      assert.equal(outcome.outcome, 'accepted');
      assert.ok(outcome.outcome === 'accepted');
      assert.deepEqual(outcome.state.code, failed.code);
      assert.equal(outcome.state.tokens?.new?.uses, 1);
      // By default the same code is of no active token.
      assert.equal(judge(code, user([pending])).outcome.outcome, 'refused');
    });
  }

  test('the code of another token, active or pending, is a wrong one and counts', () => {
    const tokens = [token('new', 'totp', { status: 'pending' }), token('active', 'totp')];
    const other = token('other', 'totp', { status: 'pending' });
    for (const shown of [tokens[1] as TokenRow, other]) {
      const { outcome } = judge(codeOf(shown), user([...tokens, other], failed), {
        options: { activates: () => ['new'] },
      });
      assert.equal('state' in outcome && outcome.state.attempts?.log_in?.failures, 2);
      assert.equal('reason' in outcome && outcome.reason, 'code_wrong');
    }
  });

  test('a code of another length is evaluated as any other wrong one', () => {
    const pending = token('new', 'totp', { status: 'pending' });
    const { requests, outcome } = judge('1234567', user([pending]), {
      options: { activates: () => ['new'] },
    });
    assert.ok(requests.length > 0);
    assert.equal('reason' in outcome && outcome.reason, 'code_wrong');
  });

  test('while codes are locked it is not looked at', () => {
    const pending = token('new', 'totp', { status: 'pending' });
    const { requests, outcome } = judge(codeOf(pending), user([pending], LOCKED), {
      options: { activates: () => ['new'] },
    });
    assert.equal(requests.length, 0);
    assert.deepEqual(outcome, { outcome: 'locked', retryAfterMs: 7 });
  });
});
