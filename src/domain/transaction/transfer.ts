import { LIMITS } from '../../limits.ts';
import { isRefusal, type Refusal, refuse } from '../errors.ts';
import { parseAmount } from '../money/amount.ts';
import { currencyDecimals } from '../money/currency.ts';
import { isVisible } from '../visible-text.ts';
import type { Transfer } from './canonical-transaction.ts';

/** A transfer as a structured request carries it: nothing in it has been checked. */
export interface TransferInput {
  readonly payer: string;
  readonly payee: string;
  readonly amount: string;
  readonly currency?: string | undefined;
}

/**
 * Parses the `data` of TCP's `transaccion`: `payer, payee, amount[, currency]`. Blanks (space, tab) around commas are
 * allowed. Does NOT check that the payer account belongs to the caller: the server keeps no accounts.
 * @returns the transfer with its amount in canonical form, or `data_invalid`, `account_invalid`, `amount_invalid` or
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
 * Makes a transfer from separate members, by the rules of `parseTransfer`. Blanks around an account are dropped, so that
 * TCP and REST yield the same account; an amount or a currency with blanks is refused.
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
 * Parses an account identifier. What is displayed is what is signed, so two identifiers that look the same must be the
 * same bytes: an identifier that is not NFC (UAX 15) is refused rather than normalised, because over TCP the MAC covers
 * it as sent. Does NOT check that the account exists.
 * @returns the identifier without surrounding blanks, or `undefined` when it is empty, longer than
 * `LIMITS.accountBytesMax` in UTF-8, not well-formed Unicode, not NFC, or contains a comma or an invisible character
 */
export function parseAccount(text: string): string | undefined {
  const account = trimBlanks(text);
  if (exceedsBytes(account, LIMITS.accountBytesMax)) return undefined;
  if (PRINTABLE_ASCII.test(account)) return account;
  return account === '' || account.includes(',') || !isVisible(account) ? undefined : account;
}

const SPACE = 32;
const TAB = 9;

/** Drops surrounding spaces and tabs only: `trim()` would also drop line ends and blanks that some screens show. */
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

/**
 * Whether the text takes more than `bytesMax` bytes in UTF-8, counted without a copy: a UTF-16 code unit takes one to
 * three bytes, each half of a surrogate pair two.
 */
function exceedsBytes(text: string, bytesMax: number): boolean {
  if (text.length * 3 <= bytesMax) return false;
  let bytes = text.length;
  for (let index = 0; index < text.length && bytes <= bytesMax; index++) {
    const unit = text.charCodeAt(index);
    if (unit >= 0x80) bytes += unit < 0x800 || (unit >= 0xd800 && unit < 0xe000) ? 1 : 2;
  }
  return bytes > bytesMax;
}
