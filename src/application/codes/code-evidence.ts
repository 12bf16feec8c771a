import type { RefusalCode } from '../../domain/errors.ts';
import { acceptBoundCode, BOUND_SUITE, boundCodeMessages } from '../../domain/otp/bound-code.ts';
import type { CodeVerdict } from '../../domain/otp/code.ts';
import type { StepMac } from '../../domain/otp/hmac.ts';
import { acceptHotp, hotpCounters, hotpMessage } from '../../domain/otp/hotp.ts';
import { acceptTotp, totpSteps } from '../../domain/otp/totp.ts';
import type { TokenState, UserState } from '../../domain/user-state.ts';
import type { MacRequest } from '../../ports/key-vault.ts';
import type { TokenRow } from '../../ports/store.ts';
import { seedOwner } from '../keys/key-owner.ts';
import type { User } from '../users/user.ts';

/** The MACs by which a code is judged against each of a user's tokens that it may come from. */
export interface CodeEvidence {
  readonly requests: readonly MacRequest[];
  readonly attempts: readonly Attempt[];
  readonly code: string;
}

interface Attempt {
  readonly token: TokenRow;
  readonly kind: 'bound' | 'plain';
  readonly steps: readonly number[];
}

export type JudgedCode =
  | {
      readonly kind: 'bound' | 'plain';
      readonly tokenId: string;
      /** The user's state with the code used up and the failures at codes forgotten. */
      readonly state: UserState;
    }
  | { readonly refused: Extract<RefusalCode, 'code_wrong' | 'code_spent'> };

/** Which MACs to ask for. That the factor is not locked must have been checked: this begins to evaluate the code. */
export function codeEvidence(
  user: User,
  code: string,
  question: string | undefined,
  at: number,
): CodeEvidence {
  const requests: MacRequest[] = [];
  const attempts: Attempt[] = [];
  for (const token of user.tokens) {
    if (token.status !== 'active' || token.digits !== code.length) continue;
    const messages = messagesFor(token, user.state.tokens?.[token.tokenId], question, at);
    if (messages.length === 0) continue;
    attempts.push({
      token,
      kind: token.type === 'ocra' ? 'bound' : 'plain',
      steps: messages.map(({ step }) => step),
    });
    const key = seedKey(token);
    for (const { message } of messages) requests.push({ ...key, message });
  }
  return { requests, attempts, code };
}

export function seedMac(token: TokenRow, message: Uint8Array): MacRequest {
  return { ...seedKey(token), message };
}

function seedKey({ userId, tokenId, seed, algorithm }: TokenRow): Omit<MacRequest, 'message'> {
  return { owner: seedOwner(userId, tokenId), wrapped: seed, algorithm };
}

function messagesFor(
  token: TokenRow,
  state: TokenState | undefined,
  question: string | undefined,
  at: number,
) {
  switch (token.type) {
    case 'ocra':
      return question === undefined || token.suite !== BOUND_SUITE
        ? []
        : boundCodeMessages(question, at, state?.drift ?? 0);
    case 'totp':
      return totpSteps(state, at, token.periodS).map((step) => ({ step, message: hotpMessage(step) }));
    case 'hotp':
      return hotpCounters(state).map((step) => ({ step, message: hotpMessage(step) }));
  }
}

/**
 * Judges the code on the user's state as it is now: a code used since the evidence was gathered is spent.
 * @param macs for `evidence.requests`, in their order; one that could not be computed fits nothing
 */
export function judgeCode(
  evidence: CodeEvidence,
  macs: readonly (Uint8Array | undefined)[],
  user: User,
  at: number,
): JudgedCode {
  let offset = 0;
  let spent = false;
  for (const { token, kind, steps } of evidence.attempts) {
    const candidates: StepMac[] = [];
    for (const [index, step] of steps.entries()) {
      const mac = macs[offset + index];
      if (mac) candidates.push({ step, mac });
    }
    offset += steps.length;
    // Revoked since the evidence was gathered, by a decision before this one in the same batch.
    if (!user.tokens.some(({ tokenId, status }) => tokenId === token.tokenId && status === 'active'))
      continue;
    const verdict = accept(token, user.state.tokens?.[token.tokenId], evidence.code, candidates, at);
    if (verdict === 'spent') spent = true;
    else if (verdict !== 'wrong') {
      const { code: _, ...rest } = user.state;
      const tokens = { ...user.state.tokens, [token.tokenId]: verdict.accepted };
      return { kind, tokenId: token.tokenId, state: { ...rest, tokens } };
    }
  }
  return { refused: spent ? 'code_spent' : 'code_wrong' };
}

function accept(
  token: TokenRow,
  state: TokenState | undefined,
  code: string,
  candidates: readonly StepMac[],
  at: number,
): CodeVerdict {
  switch (token.type) {
    case 'ocra':
      return acceptBoundCode(state, code, candidates, at);
    case 'totp':
      return acceptTotp(state, code, candidates, { digits: token.digits, periodS: token.periodS, at });
    case 'hotp':
      return acceptHotp(state, code, candidates, { digits: token.digits, at });
  }
}
