import type { Config } from '../config.ts';
import { type Proof, requiredProofs } from '../domain/policy/policy.ts';
import { text } from '../language/text.ts';

const AMOUNTS = ['10.00', '1.00', '0.10', '90.00', '400.00', '900.00', '5000.00', '100000.00', '9000000.00'];

/**
 * A transfer for which the configured policy requires exactly this proof of an ordinary user, as `data` of the
 * protocol.
 * @returns `undefined` when the lab finds none
 */
export function transferNeeding(
  config: Config,
  proof: Proof,
  accounts: { readonly payer?: string; readonly payee?: string } = {},
): string | undefined {
  const { payer = 'CuentaA', payee = 'CuentaB' } = accounts;
  for (const amount of AMOUNTS) {
    const { currencyDefault } = config;
    const transfer = { payer, payee, amount, currency: currencyDefault };
    const question = { transfer, username: 'lab-', role: 'user', currencyDefault, velocityExceeded: false };
    const required = requiredProofs(config.policy, question);
    if (required.length === 1 && required[0] === proof) return `${payer},${payee},${amount}`;
  }
  return undefined;
}

/** Why an attack on transfers by MAC is skipped. */
export const NO_MAC_TRANSFER = text(
  'the policy has no transfer that a MAC alone is enough for',
  'la política no tiene transferencia a la que baste un MAC',
);

/** Why a step for transfers that need one proof is skipped. */
export const NO_EXACT_TRANSFER = text(
  'the policy has no transfer that needs exactly this proof',
  'la política no tiene transferencia que exija justo esta prueba',
);

export type TransferPart = 'payer' | 'payee' | 'amount';
const PLACES: Readonly<Record<TransferPart, number>> = { payer: 0, payee: 1, amount: 2 };

/** `data` with one part replaced. */
export function changed(data: string, part: TransferPart, value: string): string {
  const parts = data.split(',');
  parts[PLACES[part]] = value;
  return parts.join(',');
}

export function partOf(data: string, part: TransferPart): string {
  return data.split(',')[PLACES[part]]?.trim() ?? '';
}
