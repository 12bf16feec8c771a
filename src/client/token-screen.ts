import type { Transfer } from '../domain/transaction/canonical-transaction.ts';
import type { Language } from '../language/language.ts';
import { text } from '../language/text.ts';

const LABELS = {
  payee: text('PAY TO', 'PAGAR A'),
  amount: text('AMOUNT', 'IMPORTE'),
  payer: text('from', 'desde'),
} as const;

/** The transfer as a token displays it before it shows the code: payee and amount in a box, the payer below. */
export function transferScreen(transfer: Transfer, language: Language): string[] {
  const lines = [
    `${LABELS.payee[language]}  ${transfer.payee}`,
    `${LABELS.amount[language]}  ${transfer.amount} ${transfer.currency}`,
  ];
  const width = Math.max(...lines.map((line) => line.length), 30);
  const bar = '━'.repeat(width + 4);
  return [
    `┏${bar}┓`,
    ...lines.map((line) => `┃  ${line.padEnd(width)}  ┃`),
    `┗${bar}┛`,
    `   ${LABELS.payer[language]}  ${transfer.payer}`,
  ];
}

/** `123456` → `123 456`. A code of another length stays as it is. */
export function grouped(code: string): string {
  return /^\d{6}$|^\d{8}$/.test(code)
    ? `${code.slice(0, code.length / 2)} ${code.slice(code.length / 2)}`
    : code;
}

/** `█████░░░ 37 s` */
export function countdown(leftMs: number, periodMs: number, cells = 20): string {
  const full = Math.ceil((leftMs / periodMs) * cells);
  return `${'█'.repeat(full)}${'░'.repeat(cells - full)} ${Math.ceil(leftMs / 1000)} s`;
}
