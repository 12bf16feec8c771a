import { type Text, text } from '../../language/text.ts';
import { changed, type TransferPart } from '../transfers.ts';
import type { Tamper } from './proxy.ts';

/** One part of a transfer, changed on its way to the server. */
export interface TransferChange {
  readonly part: TransferPart;
  readonly value: string;
}

export const DEFAULT_CHANGES: readonly TransferChange[] = [
  { part: 'payee', value: 'Mallory' },
  { part: 'payer', value: 'CuentaZ' },
  { part: 'amount', value: '490.00' },
];

/** Changes a transaction's `data`, and leaves its nonce, MAC and code as they were. */
export function changing(change: TransferChange): Tamper {
  return (message) =>
    typeof message.data === 'string'
      ? { ...message, data: changed(message.data, change.part, change.value) }
      : undefined;
}

/** A change in words: `payee changed on the way, to Mallory` */
export function changeText({ part, value }: TransferChange): Text {
  return text(
    `${part} changed on the way, to ${value}`,
    `${PARTS_ES[part]} cambiado en el camino, a ${value}`,
  );
}

export const PARTS_ES: Readonly<Record<TransferPart, string>> = {
  payee: 'beneficiario',
  payer: 'ordenante',
  amount: 'importe',
};
