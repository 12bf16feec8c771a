import type { RefusalCode } from '../errors.ts';
import { compareAmounts } from '../money/amount.ts';
import type { Transfer } from '../transaction/canonical-transaction.ts';
import type { VelocityPolicy } from './velocity.ts';

/** `session`: the caller is logged in, always so. `code`: presence. `bound_code`: a code that fits only this transfer. */
export type Proof = 'session' | 'mac' | 'code' | 'bound_code';

/** `policy` of the configuration: ordered rules, the first that fits applies. */
export interface Policy {
  readonly rules: readonly PolicyRule[];
  readonly velocity: VelocityPolicy | null;
}

export interface PolicyRule {
  /** All that it names must fit; nothing named fits always. */
  readonly when?: PolicyCondition;
  readonly require: readonly Proof[];
}

/** A list fits when one of it does. Texts are compared exactly. */
export interface PolicyCondition {
  readonly payer?: string | readonly string[];
  readonly payee?: string | readonly string[];
  readonly currency?: string | readonly string[];
  readonly user?: string | readonly string[];
  readonly role?: string | readonly string[];
  /** The largest amount that fits, as a number in whatever currency: name `currency` beside it where that matters. */
  readonly amountMax?: string;
}

export interface PolicyQuestion {
  readonly transfer: Transfer;
  readonly username: string;
  readonly role: string;
  /** From `velocityExceeded`: the last rule applies, whatever its `when` says, and the transfer's own beside it. */
  readonly velocityExceeded: boolean;
}

/** Refusal by default: what no rule covers needs the strongest proof. */
const NO_RULE: readonly Proof[] = Object.freeze(['bound_code'] as const);

/** The proofs that a transfer needs. The policy's own form is not checked here. */
export function requiredProofs(policy: Policy, question: PolicyQuestion): readonly Proof[] {
  const own = policy.rules.find(({ when }) => when === undefined || fits(when, question))?.require ?? NO_RULE;
  if (!question.velocityExceeded) return own;
  const last = policy.rules.at(-1)?.require ?? NO_RULE;
  if (last.includes('bound_code')) return last;
  // Moving much must not make the next transfer need less than its own rule asks.
  const more = own.filter((proof) => proof !== 'session' && !last.includes(proof));
  return more.length === 0 ? last : [...last, ...more];
}

function fits(when: PolicyCondition, { transfer, username, role }: PolicyQuestion): boolean {
  return (
    (when.amountMax === undefined || compareAmounts(transfer.amount, when.amountMax) <= 0) &&
    names(when.payer, transfer.payer) &&
    names(when.payee, transfer.payee) &&
    names(when.currency, transfer.currency) &&
    names(when.user, username) &&
    names(when.role, role)
  );
}

function names(wanted: string | readonly string[] | undefined, value: string): boolean {
  if (wanted === undefined) return true;
  return typeof wanted === 'string' ? wanted === value : wanted.includes(value);
}

/** Which proofs were given and found right. */
export interface GivenProofs {
  readonly mac: boolean;
  readonly code: boolean;
  readonly boundCode: boolean;
}

/**
 * The proof that is still missing, the strongest first. A bound code stands for a MAC and for a code: it covers the
 * whole transaction and shows presence. A code does not stand for a MAC: it covers nothing.
 * @returns `undefined` when all that is required was given
 */
export function missingProof(required: readonly Proof[], given: GivenProofs): RefusalCode | undefined {
  if (given.boundCode) return undefined;
  if (required.includes('bound_code')) return 'bound_code_required';
  if (!given.mac && required.includes('mac')) return 'mac_required';
  if (!given.code && required.includes('code')) return 'code_required';
  return undefined;
}
