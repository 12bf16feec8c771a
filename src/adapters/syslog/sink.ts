import { LIMITS, type Limits } from '../../limits.ts';
import { type EventSink, SinkFailure, type SinkStart } from '../../ports/event-sink.ts';
import { type SyslogAddress, SyslogConnection } from './connection.ts';
import { type MessageOptions, syslogMessage } from './message.ts';
import { SyslogSession } from './session.ts';

export interface SyslogSinkOptions {
  /** `tls://HOST:PORT` or `tcp://HOST:PORT` */
  readonly address: string;
  readonly message: MessageOptions;
  /** Read at each connection. @throws SinkFailure */
  readonly ca: () => Promise<string | undefined>;
  readonly limits?: Partial<Limits>;
}

/** Sends every event to a log server as a message of RFC 5424, over TLS (RFC 5425). */
export class SyslogSink implements EventSink {
  readonly name = 'syslog';
  readonly #options: SyslogSinkOptions;

  constructor(options: SyslogSinkOptions) {
    this.#options = options;
  }

  async open(start: SinkStart): Promise<SyslogSession> {
    const { message } = this.#options;
    const limits = { ...LIMITS, ...this.#options.limits };
    const connect = async (onLost: (error: SinkFailure) => void) => {
      const address = syslogAddress(this.#options.address);
      return SyslogConnection.open({ ...address, ca: await this.#options.ca(), limits }, onLost);
    };
    let session: SyslogSession | undefined;
    let lost: SinkFailure | undefined;
    const connection = await connect((error) => {
      lost = error;
      session?.lost(error);
    });
    if (lost) throw lost;
    session = new SyslogSession(connection, start, {
      ...{ connect, limits },
      format: (event) => syslogMessage(event, message),
    });
    return session;
  }
}

function syslogAddress(text: string): SyslogAddress {
  const url = /^(tls|tcp):\/\/(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(text);
  const host = url?.[2] ?? url?.[3];
  if (!url || host === undefined) throw new SinkFailure('misconfigured', `syslog.address: ${text} is none`);
  return { secure: url[1] === 'tls', host, port: Number(url[4]) };
}
