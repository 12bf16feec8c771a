import { LIMITS } from '../../limits.ts';
import { isRefusal, type Refusal, refuse } from '../errors.ts';
import { parseAmount } from '../money/amount.ts';
import { currencyDecimals } from '../money/currency.ts';
import { isVisible } from '../visible-text.ts';
import type { Transfer } from './canonical-transaction.ts';

/** A transfer as a structured request names it, before anything in it is checked. */
export interface TransferInput {
  readonly payer: string;
  readonly payee: string;
  readonly amount: string;
  readonly currency?: string | undefined;
}

/**
 * Reads the `data` of TCP's `transaccion`: `payer, payee, amount[, currency]`, blanks (space, tab) around commas allowed.
 * Whether the payer is the caller's is not checked: the server keeps no accounts.
 * @returns the transfer with its amount in canonical form, or `data_invalid`, `account_invalid`, `amount_invalid`,
 * `currency_unknown`
 */
export function parseTransfer(data: string, currencyDefault: string): Transfer | Refusal {
  if (!data.isWellFormed() || exceedsBytes(data, LIMITS.dataBytesMax)) return refuse('data_invalid');
  const parts = data.split(',', 5);
  const [payer, payee, amount, currency] = parts;
  if (payer === undefined || payee === undefined || amount === undefined || parts.length > 4) {
    return refuse('data_invalid');
  }
  return makeTransfer(
    {
      payer,
      payee,
      amount: trimBlanks(amount),
      currency: currency === undefined ? undefined : trimBlanks(currency),
    },
    currencyDefault,
  );
}

/**
 * The same rules for a transfer that comes in parts. Blanks around an account are dropped, so that both wires give
 * the same account; an amount or a currency with blanks is refused.
 */
export function makeTransfer(input: TransferInput, currencyDefault: string): Transfer | Refusal {
  const payer = parseAccount(input.payer);
  if (payer === undefined) return refuse('account_invalid', { detail: 'payer' });
  const payee = parseAccount(input.payee);
  if (payee === undefined) return refuse('account_invalid', { detail: 'payee' });
  const currency = input.currency ?? currencyDefault;
  if (currencyDecimals(currency) === undefined) return refuse('currency_unknown');
  const amount = parseAmount(input.amount, currency);
  if (isRefusal(amount)) return amount;
  return { amount, currency, payee, payer };
}

const PRINTABLE_ASCII = /^[ -+\--~]+$/;

/**
 * An account identifier: what is displayed is what is signed, so two that look the same must be the same bytes. It is
 * kept as given, not normalised: the MAC over TCP covers it as sent. One that is not NFC (UAX 15) is refused.
 * @returns without the blanks around it, or `undefined` when it is empty, longer than `LIMITS.accountBytesMax` in
 * UTF-8, not well-formed Unicode, not NFC, or holds a comma or a character that is not seen
 */
export function parseAccount(text: string): string | undefined {
  const account = trimBlanks(text);
  if (exceedsBytes(account, LIMITS.accountBytesMax)) return undefined;
  if (PRINTABLE_ASCII.test(account)) return account;
  return account === '' || account.includes(',') || !isVisible(account) ? undefined : account;
}

const SPACE = 32;
const TAB = 9;

/** Blanks are space and tab alone: `trim()` would also drop line ends and blanks that some screens show. */
function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return end - start === text.length ? text : text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === SPACE || code === TAB;
}

/** A UTF-16 unit takes one to three bytes in UTF-8, each half of a surrogate pair two: counted without a copy. */
function exceedsBytes(text: string, bytesMax: number): boolean {
  if (text.length * 3 <= bytesMax) return false;
  let bytes = text.length;
  for (let index = 0; index < text.length && bytes <= bytesMax; index++) {
    const unit = text.charCodeAt(index);
    if (unit >= 0x80) bytes += unit < 0x800 || (unit >= 0xd800 && unit < 0xe000) ? 1 : 2;
  }
  return bytes > bytesMax;
}
