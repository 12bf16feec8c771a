import { rfc3339 } from '../../domain/journal/entry.ts';
import type { OutgoingEvent } from '../../ports/event-sink.ts';
import { cef } from './cef.ts';
import { fieldsOf } from './fields.ts';
import { ocsf } from './ocsf.ts';
import { escaped, structured } from './structured.ts';

export type SyslogFormat = 'structured' | 'cef' | 'ocsf';

export interface MessageOptions {
  readonly format: SyslogFormat;
  /** The origin of the log: HOSTNAME. */
  readonly source: string;
  readonly productVersion: string;
  /** IANA's private enterprise number in the name of the structured data. */
  readonly enterpriseNumber: number;
}

/** "Security/authorization messages" (RFC 5424 section 6.2.1), which log servers keep apart as `authpriv`. */
const FACILITY = 10;
const VERSION = 1;
const MSGID_LENGTH_MAX = 32;

/**
 * Makes a syslog message (RFC 5424) of an event. Whatever its form, its structured data has the index, by which a receiver
 * tells a repetition.
 */
export function syslogMessage(event: OutgoingEvent, options: MessageOptions): string {
  const fields = fieldsOf(event);
  const { params, text } = contentOf(fields, options);
  const priority = FACILITY * 8 + fields.severity;
  const host = options.source.replace(/[^!-~]/g, '-').slice(0, 255) || '-';
  const id = fields.type.replace(/[^!-~]/g, '-').slice(0, MSGID_LENGTH_MAX);
  return `<${priority}>${VERSION} ${rfc3339(fields.at)} ${host} sello - ${id} [sello@${options.enterpriseNumber} ${params}] ${text}`;
}

function contentOf(
  fields: ReturnType<typeof fieldsOf>,
  { format, source, productVersion }: MessageOptions,
): { readonly params: string; readonly text: string } {
  if (format === 'structured') return structured(fields);
  const params = `index="${fields.index}" type="${escaped(fields.type)}"`;
  return {
    params,
    text: format === 'cef' ? cef(fields, productVersion) : ocsf(fields, source, productVersion),
  };
}

/** Octet counting (RFC 5425 section 4.3): the length in bytes, a blank, the message. */
export function frame(message: string): Buffer {
  const bytes = Buffer.from(message);
  return Buffer.concat([Buffer.from(`${bytes.byteLength} `), bytes]);
}
