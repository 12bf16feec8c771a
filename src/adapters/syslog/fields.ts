import type { RecordedTransaction } from '../../domain/journal/entry.ts';
import type { OutgoingEvent } from '../../ports/event-sink.ts';

/** What the forms of a message are made of. */
export interface EventFields {
  readonly index: number;
  /** Without `sello.` */
  readonly type: string;
  readonly user: string;
  /** ms since 1970 */
  readonly at: number;
  readonly hash: string;
  readonly version: number | undefined;
  readonly reason: string | undefined;
  readonly transaction: Partial<RecordedTransaction>;
  readonly detail: Readonly<Record<string, string | number | boolean>>;
  readonly severity: Severity;
  readonly outcome: 'success' | 'failure' | 'unknown';
}

/** Of RFC 5424 section 6.2.1. */
export type Severity = 4 | 5 | 6;

/** Names that `recordedRows` gives what only an audit reads. */
const LEFT_OUT = new Set(['rows']);

export function fieldsOf({ index, type, user = '', at, hash, body = '{}' }: OutgoingEvent): EventFields {
  const parsed = JSON.parse(body) as {
    readonly version?: number;
    readonly reason?: string;
    readonly transaction?: Partial<RecordedTransaction>;
    readonly detail?: EventFields['detail'];
  };
  const own = type.replace(/^sello\./, '');
  const isBad = /\.(refused|locked|rate_limited|webhook_disabled|user_disabled)$/.test(own);
  const isGood = /\.(accepted|approved|activated|registered|enrolled)$/.test(own);
  return {
    ...{ index, user, at, hash, type: own },
    version: parsed.version,
    reason: parsed.reason,
    transaction: parsed.transaction ?? {},
    detail: Object.fromEntries(Object.entries(parsed.detail ?? {}).filter(([name]) => !LEFT_OUT.has(name))),
    severity: isBad ? 4 : own.startsWith('admin.') || own.startsWith('key.') ? 5 : 6,
    outcome: isBad ? 'failure' : isGood ? 'success' : 'unknown',
  };
}

/** Takes out control characters, which no value has unless somebody means harm: a line of a log could be forged by one. */
export function withoutControls(text: string): string {
  return text.replace(/\p{Cc}/gu, '\ufffd');
}
