import { isRefusal } from '../../../../src/domain/errors.ts';
import { parseAmount } from '../../../../src/domain/money/amount.ts';
import { currencyDecimals } from '../../../../src/domain/money/currency.ts';
import { makeTransfer, parseAccount } from '../../../../src/domain/transaction/transfer.ts';
import { decimalSeparator, typedAmount } from '../../design/typed-amount.ts';

export interface TransactionDraft {
  readonly payer: string;
  readonly payee: string;
  readonly amount: string;
  readonly currency: string;
}

export type TransactionFault =
  | 'account_wrong'
  | 'amount_ambiguous'
  | 'amount_wrong'
  | 'amount_wrong_whole'
  | 'currency_wrong';

/**
 * Checks each field by the server's own rules (src/domain). Does not check the policy: the server does.
 * @param locale - in whose customs the amount is typed
 */
export function faultsOf(
  draft: TransactionDraft,
  locale: string,
): Partial<Record<keyof TransactionDraft, TransactionFault>> {
  const { payer, payee, amount, currency } = draft;
  const decimals = currencyDecimals(currency);
  return {
    ...(parseAccount(payer) === undefined ? { payer: 'account_wrong' } : {}),
    ...(parseAccount(payee) === undefined ? { payee: 'account_wrong' } : {}),
    ...(decimals === undefined ? { currency: 'currency_wrong' } : {}),
    ...(decimals === undefined ? {} : amountFault(typedAmount(amount, decimals, locale), currency, decimals)),
  };
}

function amountFault(
  amount: string,
  currency: string,
  decimals: number,
): { readonly amount?: TransactionFault } {
  if (amount === 'ambiguous') return { amount: 'amount_ambiguous' };
  if (!isRefusal(parseAmount(amount, currency))) return {};
  return { amount: decimals === 0 ? 'amount_wrong_whole' : 'amount_wrong' };
}

/**
 * Converts a draft without faults to the request, in canonical form.
 * @throws Error for a draft with faults
 */
export function transactionOf(draft: TransactionDraft, locale: string): TransactionDraft {
  const amount = typedAmount(draft.amount, currencyDecimals(draft.currency) ?? 0, locale);
  const made = makeTransfer({ ...draft, amount }, draft.currency);
  if (isRefusal(made)) throw new Error(`not a transfer: ${made.refused}`);
  return made;
}

/** Returns the draft of the same transaction, with its amount as it is typed in `locale`. */
export function draftOf(
  { payer, payee, amount, currency }: TransactionDraft,
  locale: string,
): TransactionDraft {
  return { payer, payee, currency, amount: amount.replace('.', decimalSeparator(locale)) };
}
