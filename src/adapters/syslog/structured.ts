import { type EventFields, withoutControls } from './fields.ts';

/** A text in UTF-8 begins with the byte order mark (RFC 5424 section 6.4). */
const BOM = '\ufeff';

/** The event as parameters of structured data, and a short text for people. */
export function structured(fields: EventFields): { readonly params: string; readonly text: string } {
  const { index, type, user, version, hash, reason, transaction, detail } = fields;
  const { id, amount, currency, payee, payer } = transaction;
  const members: readonly (readonly [string, string | number | boolean | undefined])[] = [
    ...Object.entries({
      index,
      type,
      user,
      version,
      hash,
      reason,
      transaction: id,
      amount,
      currency,
      payee,
      payer,
    }),
    ...Object.entries(detail).map(([name, value]) => [`detail_${name}`, value] as const),
  ];
  const params = members.flatMap(([name, value]) =>
    value === undefined ? [] : [`${paramName(name)}="${escaped(String(value))}"`],
  );
  const money = amount === undefined ? '' : `: ${amount} ${currency ?? ''}`;
  const why = reason === undefined ? '' : ` (${reason})`;
  return { params: params.join(' '), text: withoutControls(`${BOM}${type} ${user}${money}${why}`) };
}

/** RFC 5424 section 6.3.3: `"`, `\` and `]` are escaped, nothing else. */
export function escaped(value: string): string {
  return withoutControls(value).replace(/["\\\]]/g, '\\$&');
}

/** SD-NAME: printable ASCII without `=`, `]`, `"` and blank, at most 32. */
function paramName(name: string): string {
  return name.replace(/[^!#-<>-[\\^-~]/g, '_').slice(0, 32);
}
