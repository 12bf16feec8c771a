import { setTimeout as delay } from 'node:timers/promises';
import { LIMITS } from '../../limits.ts';
import { type EventSink, SinkFailure, type SinkSession, type SinkStart } from '../../ports/event-sink.ts';
import { type PulsarAddress, pulsarAddress } from './address.ts';
import { AdminClient, type PulsarAccess } from './admin-client.ts';
import { type ProducerLimits, PulsarProducer } from './producer.ts';
import { PulsarTopic } from './topic.ts';

export interface PulsarSinkOptions {
  readonly serviceUrl: string;
  readonly topic: string;
  /** The origin of the log: the topic is marked with it, and the producer has it in its name. */
  readonly log: string;
  /** Read at each connection, so that a renewed token is taken into use. @throws SinkFailure */
  readonly access: () => Promise<PulsarAccess>;
  /** How often the topic is looked at while events go to it. */
  readonly checkPeriodMs?: number;
  readonly limits?: Partial<ProducerLimits>;
}

/**
 * Publishes to one topic of Apache Pulsar, with the log's index as sequence id, so that with deduplication the topic has every
 * event once. Why by the WebSocket API: docs/DECISIONS.md#pulsar-is-reached-by-its-websocket-api
 */
export class PulsarSink implements EventSink {
  readonly name = 'pulsar';
  readonly needsEveryIndex = true;
  readonly #options: PulsarSinkOptions;
  readonly #address: PulsarAddress;

  /** @throws StartRefused where the address is none */
  constructor(options: PulsarSinkOptions) {
    this.#options = options;
    this.#address = pulsarAddress(options.serviceUrl, options.topic);
  }

  async open(start: SinkStart): Promise<SinkSession> {
    const access = await this.#options.access();
    const admin = new AdminClient(this.#address.adminUrl, access);
    const name = `sello-${this.#options.log}`;
    const topic = new PulsarTopic(admin, this.#address, { log: this.#options.log, producer: name });
    const first = await topic.prepare(start);
    const producer = await PulsarProducer.open({
      ...{ name, first, access },
      url: `${this.#address.socketUrl}/producer/${topic.path}`,
      acknowledged: start.acknowledged,
      failed: start.failed,
      ...(this.#options.limits ? { limits: this.#options.limits } : {}),
    });
    const checked = new AbortController();
    void this.#keepChecking(topic, start, checked.signal);
    return {
      send: async (events) => {
        // What the topic was found to hold is not sent again.
        const held = events.findLast(({ index }) => index < first);
        if (held) start.acknowledged(held.index);
        const rest = held ? events.filter(({ index }) => index >= first) : events;
        if (rest.length > 0) await producer.send(rest);
      },
      close: async () => {
        checked.abort();
        await producer.close();
      },
    };
  }

  async #keepChecking(topic: PulsarTopic, start: SinkStart, signal: AbortSignal): Promise<void> {
    const periodMs = this.#options.checkPeriodMs ?? LIMITS.pulsarCheckPeriodMs;
    for (;;) {
      await delay(periodMs, undefined, { signal, ref: false }).catch(() => undefined);
      if (signal.aborted) return;
      try {
        await topic.check();
      } catch (error) {
        if (signal.aborted) return;
        // An admin API that does not answer says nothing of the topic.
        if (error instanceof SinkFailure && error.problem === 'unreachable') continue;
        start.failed(error as Error);
        return;
      }
    }
  }
}
