import type { OutgoingEvent } from '../../ports/event-sink.ts';

/** What a broker says of one message. */
export interface Acknowledgement {
  readonly ok: boolean;
  readonly index: number | undefined;
  readonly problem: string;
}

/**
 * A message of the producer of Pulsar's WebSocket API. The broker counts the messages of a socket and ignores a `sequenceId`
 * in them, so the order is what gives each its sequence id.
 */
export function producerMessage({ index, type, user, json }: OutgoingEvent): string {
  const payload = Buffer.from(json).toString('base64');
  const key = user === undefined ? '' : `"key":${JSON.stringify(user)},`;
  return `{"payload":"${payload}",${key}"properties":{"index":"${index}","type":"${type}"},"context":"${index}"}`;
}

/** Reads an answer of the broker. @returns undefined for what is none */
export function readAcknowledgement(text: string): Acknowledgement | undefined {
  let value: { readonly result?: unknown; readonly context?: unknown; readonly errorMsg?: unknown } | null;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || typeof value.result !== 'string') return undefined;
  const { result, context, errorMsg } = value;
  const isIndex = typeof context === 'string' && /^(0|[1-9]\d{0,15})$/.test(context);
  return {
    ok: result === 'ok',
    index: isIndex ? Number(context) : undefined,
    problem: `${result}${typeof errorMsg === 'string' ? `: ${errorMsg.slice(0, 300)}` : ''}`,
  };
}
