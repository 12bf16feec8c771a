import { isRefusal } from '../../../../src/domain/errors.ts';
import { parseAmount } from '../../../../src/domain/money/amount.ts';
import { currencyDecimals } from '../../../../src/domain/money/currency.ts';
import { makeTransfer, parseAccount } from '../../../../src/domain/transaction/transfer.ts';

export interface TransactionDraft {
  readonly payer: string;
  readonly payee: string;
  readonly amount: string;
  readonly currency: string;
}

export type TransactionFault = 'account_wrong' | 'amount_wrong' | 'amount_wrong_whole' | 'currency_wrong';

/** Checks each field by the server's own rules (src/domain). Does not check the policy: the server does. */
export function faultsOf(draft: TransactionDraft): Partial<Record<keyof TransactionDraft, TransactionFault>> {
  const { payer, payee, amount, currency } = draft;
  const decimals = currencyDecimals(currency);
  return {
    ...(parseAccount(payer) === undefined ? { payer: 'account_wrong' } : {}),
    ...(parseAccount(payee) === undefined ? { payee: 'account_wrong' } : {}),
    ...(decimals === undefined ? { currency: 'currency_wrong' } : {}),
    ...(decimals !== undefined && isRefusal(parseAmount(amount.trim(), currency))
      ? { amount: decimals === 0 ? 'amount_wrong_whole' : 'amount_wrong' }
      : {}),
  };
}

/** Converts a draft without faults to the request, in canonical form. @throws Error for a draft with faults */
export function transactionOf(draft: TransactionDraft): TransactionDraft {
  const made = makeTransfer({ ...draft, amount: draft.amount.trim() }, draft.currency);
  if (isRefusal(made)) throw new Error(`not a transfer: ${made.refused}`);
  return made;
}
