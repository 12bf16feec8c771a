import { SinkFailure, type SinkStart } from '../../ports/event-sink.ts';
import type { PulsarAddress } from './address.ts';
import type { AdminAnswer, AdminClient } from './admin-client.ts';

/** Names the log whose events a topic holds; deleted with the topic. */
const LOG_PROPERTY = 'sello-log';
const NOT_ALLOWED: readonly number[] = [401, 403];

/**
 * The topic as the admin API shows it. The relay's promise needs all of this: the topic is the one of before, it holds this
 * log and no other, one partition has all of it, and the broker drops repetitions.
 *
 * Why: docs/DECISIONS.md#a-topic-that-lost-events-is-not-filled-again-by-itself
 */
export class PulsarTopic {
  readonly #admin: AdminClient;
  readonly #address: PulsarAddress;
  readonly #log: string;
  readonly #producer: string;
  #path = '';
  /** Whether this token may read and write the topic's properties. */
  #marked = false;

  constructor(
    admin: AdminClient,
    address: PulsarAddress,
    { log, producer }: { log: string; producer: string },
  ) {
    this.#admin = admin;
    this.#address = address;
    this.#log = log;
    this.#producer = producer;
  }

  /** The path of the one partition, known after `prepare`. */
  get path(): string {
    return this.#path;
  }

  /**
   * Makes the topic where it may be new, and checks it.
   * @returns the index after the last event that the topic is known to hold, or `start.next`
   * @throws SinkFailure
   */
  async prepare(start: Pick<SinkStart, 'next' | 'mayBeNew' | 'hashAt'>): Promise<number> {
    this.#path = await this.#find(start.mayBeNew);
    await this.#checkStats();
    await this.#checkMark(start);
    return this.#compareLast(start);
  }

  /** Checks that nothing was changed under the relay. @throws SinkFailure */
  async check(): Promise<void> {
    await this.#checkStats();
    if (!this.#marked) return;
    const { status, body } = await this.#admin.call('GET', `${this.#path}/properties`);
    if (status === 200 && jsonOf(body)[LOG_PROPERTY] !== this.#log) throw this.#remade();
  }

  async #find(mayBeNew: boolean): Promise<string> {
    const { namespacePath, topicName, partition, topic } = this.#address;
    const base = `${namespacePath}/${topicName}`;
    if (partition !== undefined) return `${base}-partition-${partition}`;
    const partitions = await this.#partitions(base);
    if (partitions === 1) return `${base}-partition-0`;
    if (partitions > 1) {
      throw new SinkFailure(
        'misconfigured',
        `${topic} has ${partitions} partitions, which have no order among them: name one of them (…-partition-0) or a topic with one`,
      );
    }
    const { status } = await this.#admin.call('GET', `${base}/stats`);
    if (status === 200) return base;
    if (status !== 404) throw this.#unexpected('the state of the topic', { status });
    if (!mayBeNew) throw this.#gone();
    const made = await this.#admin.call('PUT', `${base}/partitions`, 1);
    if (NOT_ALLOWED.includes(made.status)) {
      throw new SinkFailure(
        'misconfigured',
        `${topic} does not exist, and this token may not make it: pulsar-admin topics create-partitioned-topic ${topic} -p 1`,
      );
    }
    // 409: it was made meanwhile.
    if (made.status >= 300 && made.status !== 409) throw this.#unexpected('making the topic', made);
    return `${base}-partition-0`;
  }

  async #partitions(base: string): Promise<number> {
    const answer = await this.#admin.call('GET', `${base}/partitions?checkAllowAutoCreation=false`);
    if (answer.status === 404) return 0;
    if (answer.status !== 200) throw this.#unexpected('the number of partitions', answer);
    const { partitions } = jsonOf(answer.body);
    return typeof partitions === 'number' ? partitions : 0;
  }

  async #checkStats(): Promise<void> {
    const answer = await this.#admin.call('GET', `${this.#path}/stats`);
    if (answer.status === 404) throw this.#gone();
    if (answer.status !== 200) throw this.#unexpected('the state of the topic', answer);
    const { deduplicationStatus } = jsonOf(answer.body);
    if (deduplicationStatus !== 'Enabled' && deduplicationStatus !== 'Recovering') {
      const { namespacePath, topic } = this.#address;
      throw new SinkFailure(
        'misconfigured',
        `deduplication is off at ${topic} (${String(deduplicationStatus)}), so events would be there twice: pulsar-admin namespaces set-deduplication ${namespacePath.replace('persistent/', '')} --enable`,
      );
    }
  }

  async #checkMark({ next, mayBeNew }: Pick<SinkStart, 'next' | 'mayBeNew'>): Promise<void> {
    const { status, body } = await this.#admin.call('GET', `${this.#path}/properties`);
    if (status !== 200) return;
    const log = jsonOf(body)[LOG_PROPERTY];
    if (typeof log === 'string' && log !== this.#log) {
      throw new SinkFailure(
        'taken',
        `${this.#address.topic} holds the events of the log ${log}, and this log is ${this.#log}: name another topic`,
      );
    }
    if (log === this.#log) {
      this.#marked = true;
      return;
    }
    if (next > 0 && !mayBeNew) throw this.#remade();
    const made = await this.#admin.call('PUT', `${this.#path}/properties`, { [LOG_PROPERTY]: this.#log });
    this.#marked = made.status < 300;
  }

  /** Compares the topic's last event with the log: a database that was restored must not go on as if nothing were lost. */
  async #compareLast({ next, hashAt }: Pick<SinkStart, 'next' | 'hashAt'>): Promise<number> {
    const answer = await this.#admin.call(
      'GET',
      `${this.#path}/examinemessage?initialPosition=latest&messagePosition=1`,
    );
    // 412: it holds nothing; 401, 403: this token may not look. Deduplication holds without it.
    if (answer.status !== 200 || answer.headers['x-pulsar-producer-name'] !== this.#producer) return next;
    const { index, hash } = (jsonOf(answer.body).data ?? {}) as { index?: unknown; hash?: unknown };
    if (typeof index !== 'number') return next;
    const expected = await hashAt(index);
    if (expected === hash) return Math.max(next, index + 1);
    throw new SinkFailure(
      'diverged',
      expected === undefined
        ? `${this.#address.topic} holds events up to ${index}, and this log ends before: was the database restored from a backup? Name another topic, or delete that one and set the position by sello relay rewind`
        : `event ${index} of ${this.#address.topic} is of another log, for its hash differs: was the database restored from a backup? Name another topic, or delete that one and set the position by sello relay rewind`,
    );
  }

  #gone(): SinkFailure {
    return new SinkFailure(
      'diverged',
      `${this.#address.topic} is gone, with all it held: set where to begin in a new one by sello relay rewind pulsar --from INDEX`,
    );
  }

  #remade(): SinkFailure {
    return new SinkFailure(
      'diverged',
      `${this.#address.topic} was deleted and made again, so events are missing in it: set where to begin by sello relay rewind pulsar --from INDEX`,
    );
  }

  #unexpected(what: string, { status }: { readonly status: number }): SinkFailure {
    const text = `Pulsar answered ${status} for ${what} of ${this.#address.topic}`;
    if (NOT_ALLOWED.includes(status)) {
      return new SinkFailure(
        'unauthorised',
        `${text}: the token (pulsar.token_file) is missing, wrong, expired, or not allowed this topic`,
      );
    }
    return new SinkFailure(status >= 500 || status === 307 ? 'unreachable' : 'refused', text);
  }
}

function jsonOf(body: AdminAnswer['body']): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body.toString());
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
