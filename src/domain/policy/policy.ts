import type { RefusalCode } from '../errors.ts';
import { compareAmounts } from '../money/amount.ts';
import type { Transfer } from '../transaction/canonical-transaction.ts';
import { names } from './names.ts';
import type { VelocityPolicy } from './velocity.ts';

/**
 * A proof that a transfer may require. `session`: the caller is logged in, which always holds. `mac`: integrity.
 * `code`: presence. `bound_code`: a code that fits only this transfer (PSD2 RTS article 5).
 */
export type Proof = 'session' | 'mac' | 'code' | 'bound_code';

/** `policy` of the configuration: ordered rules; the first matching rule applies. */
export interface Policy {
  readonly rules: readonly PolicyRule[];
  readonly velocity: VelocityPolicy | null;
  /** Rules may be met without a proof that binds. Without it such a rule, and loading refuses it, needs a bound code. */
  readonly unboundProofsAllowed: boolean;
}

export interface PolicyRule {
  /** Every condition that is named must match; without conditions the rule always matches. */
  readonly when?: PolicyCondition;
  readonly require: readonly Proof[];
}

/** A list matches when one of its texts equals the value. Texts are compared exactly. */
export interface PolicyCondition {
  readonly payer?: string | readonly string[];
  readonly payee?: string | readonly string[];
  readonly currency?: string | readonly string[];
  readonly user?: string | readonly string[];
  readonly role?: string | readonly string[];
  /** The largest amount that matches: of `currency` beside it, else of the default currency and no other. */
  readonly amountMax?: string;
}

export interface PolicyQuestion {
  readonly transfer: Transfer;
  readonly username: string;
  readonly role: string;
  /** `currency_default` of the configuration. */
  readonly currencyDefault: string;
  /** From `velocityExcess`: then the last rule applies regardless of its `when`, together with the transfer's own rule. */
  readonly velocityExceeded: boolean;
}

/** Deny by default: a transfer that no rule covers needs the strongest proof. */
const NO_RULE: readonly Proof[] = Object.freeze(['bound_code'] as const);

/**
 * Whether these proofs cover the transfer's content (PSD2 RTS article 5): a MAC or a bound code. A session and a plain
 * code prove presence alone, and fit any other transfer as well.
 *
 * Why: docs/DECISIONS.md#every-approval-has-a-proof-that-binds
 */
export function binds(proofs: readonly Proof[]): boolean {
  return proofs.includes('mac') || proofs.includes('bound_code');
}

/**
 * Returns the proofs that a transfer needs. Does NOT check the form of the policy: loading the configuration does.
 *
 * Why: docs/DECISIONS.md#velocity-adds-to-the-matching-rule
 *
 * Why: docs/DECISIONS.md#amounts-without-a-currency
 */
export function requiredProofs(policy: Policy, question: PolicyQuestion): readonly Proof[] {
  const required = requiredByRules(policy, question);
  return policy.unboundProofsAllowed || binds(required) ? required : NO_RULE;
}

function requiredByRules(policy: Policy, question: PolicyQuestion): readonly Proof[] {
  const own = policy.rules.find(({ when }) => when === undefined || fits(when, question))?.require ?? NO_RULE;
  if (!question.velocityExceeded) return own;
  const last = policy.rules.at(-1)?.require ?? NO_RULE;
  if (last.includes('bound_code')) return last;
  // Exceeding the velocity limit must not lower what the transfer's own rule requires.
  const more = own.filter((proof) => proof !== 'session' && !last.includes(proof));
  return more.length === 0 ? last : [...last, ...more];
}

function fits(when: PolicyCondition, { transfer, username, role, currencyDefault }: PolicyQuestion): boolean {
  const currency = when.amountMax === undefined ? when.currency : (when.currency ?? currencyDefault);
  return (
    (when.amountMax === undefined || compareAmounts(transfer.amount, when.amountMax) <= 0) &&
    names(when.payer, transfer.payer) &&
    names(when.payee, transfer.payee) &&
    names(currency, transfer.currency) &&
    names(when.user, username) &&
    names(when.role, role)
  );
}

/** Which proofs the caller gave and the server verified. */
export interface GivenProofs {
  readonly mac: boolean;
  readonly code: boolean;
  readonly boundCode: boolean;
}

/**
 * Returns the strongest proof still missing. A bound code satisfies `mac` and `code` too: it covers the whole
 * transaction and proves presence. A plain code does not satisfy `mac`: it covers no content.
 * @returns `undefined` when every required proof was given
 */
export function missingProof(required: readonly Proof[], given: GivenProofs): RefusalCode | undefined {
  if (given.boundCode) return undefined;
  if (required.includes('bound_code')) return 'bound_code_required';
  if (!given.mac && required.includes('mac')) return 'mac_required';
  if (!given.code && required.includes('code')) return 'code_required';
  return undefined;
}
