/*
 * Goal: no code is accepted twice, drift stays bounded, and the last step only goes up.
 * Method: tokens and servers whose clocks wander at random; codes made to be the same in two steps.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  acceptBoundCode,
  boundCode,
  boundCodeMessages,
  boundCodeSteps,
} from '../../../src/domain/otp/bound-code.ts';
import type { CodeVerdict } from '../../../src/domain/otp/code.ts';
import { acceptHotp, hotpCode, hotpCounters, hotpMessage, truncate } from '../../../src/domain/otp/hotp.ts';
import { acceptTotp, timeStep, totpCode, totpSteps } from '../../../src/domain/otp/totp.ts';
import type { TokenState } from '../../../src/domain/user-state.ts';
import { LIMITS } from '../../../src/limits.ts';
import { nodeHmac } from './hmac.ts';

const KEY = new Uint8Array(20).fill(7);
const AT = 1_800_000_000_000;
const MINUTE = 60_000;
const TOTP = { algorithm: 'sha1', digits: 6, periodS: 60 } as const;

const macsAt = (steps: readonly number[]) =>
  steps.map((step) => ({ step, mac: nodeHmac('sha1', KEY, hotpMessage(step)) }));

/** The server judges the code of a token whose clock shows `tokenAt`. */
function submit(state: TokenState | undefined, tokenAt: number, at: number): CodeVerdict {
  const code = totpCode(nodeHmac, KEY, tokenAt, TOTP);
  return acceptTotp(state, code, macsAt(totpSteps(state, at, 60)), { digits: 6, periodS: 60, at });
}
function accepted(verdict: CodeVerdict): TokenState {
  assert.ok(typeof verdict === 'object', `${verdict}`);
  return verdict.accepted;
}

test('TOTP: one step of skew each way, no more', () => {
  for (const skew of [-1, 0, 1]) {
    assert.deepEqual(submit(undefined, AT + skew * MINUTE, AT), {
      accepted: { last: timeStep(AT, 60) + skew, drift: skew, uses: 1, usedAt: AT },
      step: timeStep(AT, 60) + skew,
    });
  }
  for (const skew of [-5, -2, 2, 5]) assert.equal(submit(undefined, AT + skew * MINUTE, AT), 'wrong');
});

test('TOTP: the last accepted step and those before it are spent', () => {
  const state = accepted(submit(undefined, AT, AT));
  assert.equal(submit(state, AT, AT), 'spent');
  assert.equal(submit(state, AT, AT + 59_999), 'spent');
  assert.equal(submit(state, AT - MINUTE, AT), 'spent');
  assert.equal(submit(state, AT, AT - MINUTE), 'spent', 'the server’s clock went back');
  const next = accepted(submit(state, AT + MINUTE, AT + MINUTE));
  assert.deepEqual(next, { last: state.last + 1, drift: 0, uses: 2, usedAt: AT + MINUTE });
});

test('TOTP: drift is learnt step by step, and only as far as the bound', () => {
  let state: TokenState | undefined;
  let at = AT;
  for (let ahead = 1; ahead <= LIMITS.driftStepsMax; ahead++) {
    at += 10 * MINUTE;
    state = accepted(submit(state, at + ahead * MINUTE, at));
    assert.equal(state.drift, ahead);
  }
  at += 10 * MINUTE;
  state = accepted(submit(state, at + (LIMITS.driftStepsMax + 1) * MINUTE, at));
  assert.equal(state.drift, LIMITS.driftStepsMax);
  at += 10 * MINUTE;
  assert.equal(submit(state, at + (LIMITS.driftStepsMax + 2) * MINUTE, at), 'wrong');
  at += 10 * MINUTE;
  state = accepted(submit(state, at, at));
  assert.equal(state.drift, 0, 'a clock that was put right at once fits again');
});

test('TOTP: whatever is sent and however clocks wander, steps only go up, no code passes twice, drift stays bounded', () => {
  const tries = fc.array(
    fc.record({
      gap: fc.integer({ min: -90_000, max: 200_000 }),
      skew: fc.integer({ min: -13, max: 13 }),
      replay: fc.boolean(),
    }),
    { maxLength: 40 },
  );
  let passed = 0;
  fc.assert(
    fc.property(tries, fc.constantFrom(1, 4), (moves, digits) => {
      let state: TokenState | undefined;
      let at = AT;
      const used = new Set<string>();
      for (const { gap, skew, replay } of moves) {
        at += gap;
        const [old] = used;
        const code = replay && old ? old : totpCode(nodeHmac, KEY, at + skew * MINUTE, { ...TOTP, digits });
        const verdict = acceptTotp(state, code, macsAt(totpSteps(state, at, 60)), {
          digits,
          periodS: 60,
          at,
        });
        if (typeof verdict === 'string') continue;
        passed++;
        assert.ok(verdict.step > (state?.last ?? -1));
        assert.equal(verdict.accepted.last, verdict.step);
        assert.equal(verdict.accepted.uses, (state?.uses ?? 0) + 1);
        assert.ok(Math.abs(verdict.accepted.drift) <= LIMITS.driftStepsMax);
        if (digits === 4) {
          assert.ok(!used.has(code), 'a code passed twice');
          used.add(code);
        }
        state = verdict.accepted;
      }
    }),
    { numRuns: 300 },
  );
  assert.ok(passed > 200, `only ${passed} passed`);
});

test('TOTP: of two steps with the same code the later is taken, so that it does not pass again', () => {
  const mac = new Uint8Array(20);
  const at = AT;
  const step = timeStep(at, 60);
  const candidates = [step - 1, step, step + 1].map((one) => ({ step: one, mac }));
  const state = accepted(acceptTotp(undefined, truncate(mac, 6), candidates, { digits: 6, periodS: 60, at }));
  assert.equal(state.last, step + 1);
  assert.equal(acceptTotp(state, truncate(mac, 6), candidates, { digits: 6, periodS: 60, at }), 'spent');
});

test('TOTP: other digits, lengths and texts are wrong', () => {
  const candidates = macsAt(totpSteps(undefined, AT, 60));
  const right = totpCode(nodeHmac, KEY, AT, TOTP);
  const parameters = { digits: 6, periodS: 60, at: AT };
  for (const code of [
    '',
    right.slice(1),
    `${right}0`,
    ` ${right}`,
    right.replace(/./, 'x'),
    '１２３４５６',
    '\0'.repeat(6),
  ]) {
    assert.equal(acceptTotp(undefined, code, candidates, parameters), 'wrong', JSON.stringify(code));
  }
  assert.equal(acceptTotp(undefined, right, [], parameters), 'wrong');
});

test('HOTP: the next counter, the look-ahead, and nothing that was used', () => {
  const send = (state: TokenState | undefined, counter: number) => {
    const code = hotpCode(nodeHmac, KEY, counter, { algorithm: 'sha1', digits: 8 });
    return acceptHotp(state, code, macsAt(hotpCounters(state)), { digits: 8, at: AT });
  };
  assert.deepEqual(
    hotpCounters(undefined),
    Array.from({ length: LIMITS.hotpLookAhead + 1 }, (_, i) => i),
  );
  let state = accepted(send(undefined, 0));
  assert.deepEqual(state, { last: 1, drift: 0, uses: 1, usedAt: AT });
  assert.equal(send(state, 0), 'spent');
  state = accepted(send(state, 1 + LIMITS.hotpLookAhead));
  assert.equal(state.last, 2 + LIMITS.hotpLookAhead);
  assert.equal(send(state, state.last - 1), 'spent');
  assert.equal(send(state, state.last - 2), 'wrong');
  assert.equal(send(state, state.last + LIMITS.hotpLookAhead + 1), 'wrong');
  assert.ok(accepted(send(state, state.last + LIMITS.hotpLookAhead)));
  assert.equal(hotpCounters(state).length, LIMITS.hotpLookAhead + 2);
});

test('HOTP: whatever is sent, the counter only goes up', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -3, max: 14 }), { maxLength: 30 }), (offsets) => {
      let state: TokenState | undefined;
      for (const offset of offsets) {
        const counter = Math.max((state?.last ?? 0) + offset, 0);
        const code = hotpCode(nodeHmac, KEY, counter, { algorithm: 'sha1', digits: 8 });
        const verdict = acceptHotp(state, code, macsAt(hotpCounters(state)), { digits: 8, at: AT });
        const fits = offset >= 0 && offset <= LIMITS.hotpLookAhead;
        assert.equal(typeof verdict === 'object', fits || counter === (state?.last ?? 0));
        if (typeof verdict !== 'object') continue;
        assert.ok(verdict.step >= (state?.last ?? 0));
        assert.equal(verdict.accepted.last, verdict.step + 1);
        state = verdict.accepted;
      }
    }),
  );
});

test('bound code: a minute of skew each way, drift learnt, several in one minute', () => {
  const question = 'ab'.repeat(32);
  const judge = (state: TokenState | undefined, tokenAt: number, at: number, asked = question) => {
    const macs = boundCodeMessages(asked, boundCodeSteps(state?.drift ?? 0, at)).map(({ step, message }) => ({
      step,
      mac: nodeHmac('sha256', KEY, message),
    }));
    return acceptBoundCode(state, boundCode(nodeHmac, KEY, question, tokenAt), macs, at);
  };
  const start: TokenState = { last: 5, drift: 0, uses: 1, usedAt: 0 };
  for (const skew of [-1, 0, 1]) {
    assert.deepEqual(accepted(judge(start, AT + skew * MINUTE, AT)), {
      last: 5,
      drift: skew,
      uses: 2,
      usedAt: AT,
    });
  }
  assert.equal(judge(start, AT + 2 * MINUTE, AT), 'wrong');
  const ahead = accepted(judge(start, AT + MINUTE, AT));
  assert.equal(accepted(judge(ahead, AT + 3 * MINUTE, AT + MINUTE)).drift, 2);
  assert.equal(
    accepted(judge(ahead, AT + MINUTE, AT)).uses,
    3,
    'again in the same minute: the challenge is what is spent',
  );
  assert.equal(judge(start, AT, AT, 'cd'.repeat(32)), 'wrong', 'another transaction');
});

test('of several steps that show the same code, HOTP takes the nearest, TOTP and a bound code the latest, in any order', () => {
  const mac = Buffer.from('1f8698690e02ca16618550ef7f19da8e945b555a', 'hex');
  const steps = (...order: number[]) => order.map((step) => ({ step, mac }));
  const stepOf = (verdict: CodeVerdict) => (typeof verdict === 'string' ? verdict : verdict.step);
  const now = timeStep(AT, 60);
  assert.equal(stepOf(acceptHotp(undefined, '872921', steps(1, 3), { digits: 6, at: AT })), 1);
  for (const order of [
    [now, now + 1],
    [now + 1, now],
  ]) {
    const totp = acceptTotp(undefined, '872921', steps(...order), { digits: 6, periodS: 60, at: AT });
    assert.equal(stepOf(totp), now + 1);
    assert.equal(stepOf(acceptBoundCode(undefined, '872921', steps(...order), AT)), now + 1);
  }
});

test('a bound code leaves the last step as it was: 0 for a token that was never used', () => {
  const mac = Buffer.from('1f8698690e02ca16618550ef7f19da8e945b555a', 'hex');
  const candidates = [{ step: timeStep(AT, 60), mac }];
  const used = { last: 7, drift: 0, uses: 1, usedAt: AT - 1 };
  assert.deepEqual(acceptBoundCode(undefined, '872921', candidates, AT), {
    accepted: { last: 0, drift: 0, uses: 1, usedAt: AT },
    step: candidates[0]?.step,
  });
  assert.deepEqual(acceptBoundCode(used, '872921', candidates, AT), {
    accepted: { last: 7, drift: 0, uses: 2, usedAt: AT },
    step: candidates[0]?.step,
  });
});

test('truncation: RFC 4226 section 5.4’s example, more digits, and MACs in a larger buffer', () => {
  const mac = Buffer.from('1f8698690e02ca16618550ef7f19da8e945b555a', 'hex');
  assert.equal(truncate(mac, 6), '872921');
  assert.equal(truncate(mac, 10), '1357872921');
  const shared = Buffer.concat([Buffer.alloc(9), mac, Buffer.alloc(9)]).subarray(9, 29);
  assert.equal(truncate(shared, 6), '872921');
  assert.throws(() => truncate(new Uint8Array(19), 6), RangeError);
  for (const counter of [-1, 1.5, Number.NaN, 2 ** 53]) assert.throws(() => hotpMessage(counter), RangeError);
  assert.equal(Buffer.from(hotpMessage(2 ** 53 - 1)).readBigUInt64BE(), 2n ** 53n - 1n);
});

test('what computes codes runs in a browser: no module of Node, no Buffer', () => {
  const root = new URL('../../../src/domain/', import.meta.url);
  const otp = readdirSync(new URL('otp/', root)).map((name) => `otp/${name}`);
  const waiting = [
    'encoding/base32.ts',
    'transaction/canonical-transaction.ts',
    'transaction/transfer.ts',
    ...otp,
  ].map((name) => new URL(name, root));
  const seen = new Set<string>();
  for (let file = waiting.pop(); file; file = waiting.pop()) {
    if (seen.has(file.href)) continue;
    seen.add(file.href);
    const code = readFileSync(file, 'utf8');
    assert.doesNotMatch(code, /\bBuffer\b|\bprocess\./, file.href);
    for (const [, specifier = ''] of code.matchAll(/^import (?!type )[^;]*?from '([^']+)'/gms)) {
      assert.ok(specifier.startsWith('.'), `${file.href} imports ${specifier}`);
      waiting.push(new URL(specifier, file));
    }
  }
  assert.ok(seen.size >= 9);
});
