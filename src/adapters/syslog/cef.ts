import { type EventFields, withoutControls } from './fields.ts';

const CEF_SEVERITY = { 4: 7, 5: 5, 6: 3 } as const;

/**
 * ArcSight's Common Event Format, version 0 (CEF Implementation Standard, revision 26): header fields escape `\` and `|`, values
 * of the extension `\`, `=` and line ends.
 */
export function cef(fields: EventFields, productVersion: string): string {
  const { index, type, user, at, hash, reason, transaction, detail, severity, outcome } = fields;
  const { id, amount, currency, payee, payer } = transaction;
  const header = [
    'CEF:0',
    'Sello',
    'Sello',
    productVersion,
    type,
    type.replace(/[._]/g, ' '),
    CEF_SEVERITY[severity],
  ]
    .map((field, n) => (n === 0 ? field : String(field).replace(/[\\|]/g, '\\$&')))
    .join('|');
  const labelled = (n: number, label: string, value: string | undefined) =>
    value === undefined ? [] : [[`cs${n}Label`, label] as const, [`cs${n}`, value] as const];
  const extension: readonly (readonly [string, string | number | undefined])[] = [
    ['externalId', index],
    ['rt', at],
    ['suser', user],
    ['act', type],
    ['outcome', outcome],
    ['reason', reason],
    ...labelled(1, 'hash', hash),
    ...labelled(2, 'transaction', id),
    ...labelled(3, 'payee', payee),
    ...labelled(4, 'payer', payer),
    ...labelled(5, 'amount', amount === undefined ? undefined : `${amount} ${currency ?? ''}`.trim()),
    ...labelled(6, 'detail', Object.keys(detail).length === 0 ? undefined : JSON.stringify(detail)),
  ];
  const pairs = extension.flatMap(([key, value]) =>
    value === undefined || value === '' ? [] : [`${key}=${extensionValue(String(value))}`],
  );
  return `${withoutControls(header)}|${pairs.join(' ')}`;
}

function extensionValue(value: string): string {
  const escaped = value.replace(/[\\=]/g, '\\$&').replace(/\r/g, '\\r').replace(/\n/g, '\\n');
  return withoutControls(escaped);
}
