import type { Limits } from '../../limits.ts';
import { type OutgoingEvent, SinkFailure, type SinkSession, type SinkStart } from '../../ports/event-sink.ts';
import type { Logger } from '../../ports/logger.ts';
import type { Store, WebhookCommandRow, WebhookDeliveryRow, WebhookRow } from '../../ports/store.ts';
import type { WebhookAnswer, WebhookSender } from '../../ports/webhook-sender.ts';
import type { DisabledReason } from './manage-webhooks.ts';
import { type OutstandingEvent, OutstandingEvents } from './outstanding-events.ts';
import { retryPauseMs } from './retry-schedule.ts';
import { type EndpointProgress, encodeProgress } from './webhook-progress.ts';
import type { WebhookSigner } from './webhook-secret.ts';
import { isWanted } from './webhook-types.ts';

export interface WebhookParts {
  readonly store: Pick<Store, 'saveWebhookProgress'>;
  readonly sender: WebhookSender;
  readonly signer: Pick<WebhookSigner, 'headers'>;
  /** Reads events of the log again, from an index on. */
  readonly readEvents: (from: number, limit: number) => Promise<readonly OutgoingEvent[]>;
  readonly disable: (webhookId: string, reason: DisabledReason) => Promise<void>;
  readonly now: () => number;
  readonly random: () => number;
  readonly log: Pick<Logger, 'warn' | 'error'>;
  readonly source: string;
  readonly limits: Pick<
    Limits,
    | 'webhookOutstandingMax'
    | 'webhookRequestsMax'
    | 'webhookRetryMsMin'
    | 'webhookRetryMsMax'
    | 'webhookRetryTimeMs'
    | 'webhookDeliveriesKept'
    | 'webhookSavePeriodMs'
    | 'webhookPollMs'
  >;
}

/** Events read at a time for a replay. */
const REPLAY_READ = 64;
/** Failures in a row, of whatever events, after which the endpoint counts as down: it gets one request at a time. */
const DOWN_AFTER = 4;
/** Doublings of the shortest pause that are left when the endpoint is up again. */
const DOUBLINGS_LEFT = 4;
const USER_AGENT = 'sello-webhooks/1';
export const WEBHOOK_CONTENT_TYPE = 'application/cloudevents+json; charset=utf-8';

/**
 * Delivers to one endpoint under one lease. An event counts as acknowledged to the relay once it is delivered, or stands in
 * the stored progress as outstanding; so an endpoint that fails holds the position back no further than its bounded line.
 */
export class WebhookSession implements SinkSession {
  #webhook: WebhookRow;
  readonly #start: SinkStart;
  readonly #parts: WebhookParts;
  readonly #fence: number;
  readonly #events = new OutstandingEvents();
  readonly #over = new AbortController();
  readonly #requests = new Set<Promise<void>>();
  readonly #commandsDone: string[] = [];
  readonly #commandsKnown = new Set<string>();
  #logged: WebhookDeliveryRow[] = [];
  #taken: number;
  #replay: EndpointProgress['replay'];
  #failingSince: number;
  #failuresInRow = 0;
  #lastDelivery: number;
  #isDirty = false;
  #isDead = false;
  #saving: Promise<void> | undefined;
  #saveTimer: NodeJS.Timeout | undefined;
  #wakeTimer: NodeJS.Timeout | undefined;
  #replaying = false;
  #roomWanted: (() => void)[] = [];

  /** @param outstanding the events of `progress.outstanding`, read again */
  constructor(
    webhook: WebhookRow,
    start: SinkStart,
    parts: WebhookParts,
    stored: {
      readonly fence: number;
      readonly progress: EndpointProgress;
      readonly outstanding: readonly OutstandingEvent[];
    },
  ) {
    this.#webhook = webhook;
    this.#start = start;
    this.#parts = parts;
    this.#fence = stored.fence;
    const { taken, replay, failingSince, lastDelivery } = stored.progress;
    this.#taken = taken;
    this.#replay = replay;
    this.#failingSince = failingSince;
    this.#lastDelivery = lastDelivery;
    for (const event of stored.outstanding) this.#events.add(event);
    this.#pump();
  }

  async send(events: readonly OutgoingEvent[]): Promise<void> {
    for (const event of events) {
      await this.#room();
      if (this.#over.signal.aborted) return;
      // Taken in an earlier session, whose progress was stored later than the relay's position.
      if (event.index < this.#taken) continue;
      this.#taken = event.index + 1;
      this.#isDirty = true;
      if (isWanted(this.#webhook.types, event.type)) this.#add(event);
    }
    this.#pump();
  }

  /** Takes over what was changed about the endpoint, for the next attempt. */
  update(webhook: WebhookRow): void {
    this.#webhook = webhook;
  }

  /** Carries out a command once, however often it is given until the store has it no more. */
  command(command: WebhookCommandRow): void {
    if (this.#over.signal.aborted || this.#commandsKnown.has(command.commandId)) return;
    this.#commandsKnown.add(command.commandId);
    const done = () => {
      this.#commandsDone.push(command.commandId);
      this.#isDirty = true;
      this.#pump();
    };
    if (command.kind === 'replay') {
      this.#events.dropFrom(command.index);
      this.#replay = { from: command.index, until: this.#taken };
      done();
    } else if (command.kind === 'test') {
      const at = this.#parts.now();
      void this.#request(testEvent(command, at, this.#parts.source), false).then(done);
    } else if (this.#events.has(command.index)) {
      this.#events.hasten(this.#parts.now(), command.index);
      done();
    } else void this.#again(command.index).then(done, (error) => this.#fail(error));
  }

  async close(): Promise<void> {
    this.#over.abort();
    clearTimeout(this.#saveTimer);
    clearTimeout(this.#wakeTimer);
    for (const go of this.#roomWanted.splice(0)) go();
    await Promise.allSettled([...this.#requests]);
    await this.#saving;
    await this.#save().catch(() => undefined);
  }

  /** Waits until one more event fits into the line, after what is replayed. */
  async #room(): Promise<void> {
    const isFull = () =>
      this.#replay !== undefined || this.#events.size >= this.#parts.limits.webhookOutstandingMax;
    while (isFull() && !this.#over.signal.aborted) {
      this.#pump();
      await new Promise<void>((resolve) => this.#roomWanted.push(resolve));
    }
  }

  #add(event: OutgoingEvent): void {
    if (!this.#events.has(event.index)) this.#events.add(outstanding(event));
  }

  /** Starts the requests that are due, and sets the timers for what comes later. */
  #pump(): void {
    if (this.#over.signal.aborted || this.#isDead) return;
    const { limits, now } = this.#parts;
    const at = now();
    const most = this.#failuresInRow >= DOWN_AFTER ? 1 : limits.webhookRequestsMax;
    while (this.#events.underWay < most) {
      const event = this.#events.begin(at);
      if (!event) break;
      const request = this.#deliver(event).finally(() => this.#requests.delete(request));
      this.#requests.add(request);
    }
    this.#continueReplay();
    this.#saveLater();
    this.#wakeLater(at);
    if (this.#replay === undefined && this.#events.size < limits.webhookOutstandingMax)
      for (const go of this.#roomWanted.splice(0)) go();
  }

  #continueReplay(): void {
    const { limits, readEvents } = this.#parts;
    const replay = this.#replay;
    if (!replay || this.#replaying || this.#events.size + REPLAY_READ > limits.webhookOutstandingMax) return;
    this.#replaying = true;
    const limit = Math.min(REPLAY_READ, replay.until - replay.from);
    const read = limit > 0 ? readEvents(replay.from, limit) : Promise.resolve([]);
    void read
      .then((events) => {
        if (this.#replay !== replay) return;
        for (const event of events) if (isWanted(this.#webhook.types, event.type)) this.#add(event);
        const from = (events.at(-1)?.index ?? replay.until - 1) + 1;
        this.#replay = from < replay.until ? { from, until: replay.until } : undefined;
        this.#isDirty = true;
      })
      .catch((error) => this.#fail(error))
      .finally(() => {
        this.#replaying = false;
        this.#pump();
      });
  }

  #wakeLater(at: number): void {
    clearTimeout(this.#wakeTimer);
    const next = this.#events.nextAt();
    if (next === Number.POSITIVE_INFINITY) return;
    // Looks at the clock again soon: it may be set, and tests move it.
    const wait = Math.min(Math.max(next - at, 1), this.#parts.limits.webhookPollMs);
    this.#wakeTimer = setTimeout(() => this.#pump(), wait);
    this.#wakeTimer.unref();
  }

  async #deliver(event: OutstandingEvent): Promise<void> {
    const { limits, now, random } = this.#parts;
    const { answer, at, row } = await this.#attempt(event);
    if (answer.outcome === 'cancelled') return;
    // The vault is down: the endpoint has done nothing wrong.
    if (row.signature === '') {
      this.#events.retry({ ...event, nextAt: now() + limits.webhookRetryMsMin });
      return this.#pump();
    }
    const attempts = event.attempts + 1;
    // Failures of before it was enabled again do not count.
    const firstAt = Math.max(event.firstAt || at, this.#webhook.enabledAt);
    this.#isDirty = true;
    if (answer.outcome === 'delivered') {
      if (this.#failuresInRow >= DOWN_AFTER) this.#shortenPauses();
      this.#failuresInRow = 0;
      this.#failingSince = 0;
      this.#events.settle(event);
      this.#record(row, attempts, 0);
    } else {
      this.#failuresInRow++;
      if (this.#failingSince < this.#webhook.enabledAt) this.#failingSince = at;
      const pause = retryPauseMs(attempts, random(), answer.retryAfterMs, limits);
      const nextAt = now() + pause;
      const isGivenUp = nextAt - firstAt > limits.webhookRetryTimeMs;
      if (isGivenUp) this.#events.settle(event);
      else this.#events.retry({ ...event, attempts, firstAt, nextAt });
      this.#record(row, attempts, isGivenUp ? 0 : nextAt);
      await this.#disableIfDead(answer);
    }
    this.#pump();
  }

  /** The endpoint is up again: what failed with it need not wait for hours. */
  #shortenPauses(): void {
    const { webhookRetryMsMin } = this.#parts.limits;
    this.#events.shorten(
      this.#parts.now(),
      (attempts) => webhookRetryMsMin * 2 ** Math.min(attempts, DOUBLINGS_LEFT),
    );
  }

  async #disableIfDead({ status }: WebhookAnswer): Promise<void> {
    const { limits, now, disable, log } = this.#parts;
    const isGone = status === 410;
    const isLong = now() - this.#failingSince >= limits.webhookRetryTimeMs;
    if (this.#isDead || (!isGone && !isLong)) return;
    const { webhookId, url } = this.#webhook;
    const reason = isGone ? 'gone' : 'failing';
    this.#isDead = true;
    log.error({ webhook: webhookId, host: new URL(url).host, reason }, 'a webhook is dead: it was disabled');
    try {
      await disable(webhookId, reason);
    } catch (error) {
      this.#isDead = false;
      log.warn({ webhook: webhookId, err: error }, 'a dead webhook could not be disabled yet');
    }
  }

  /** Sends one entry again, outside of the order. */
  async #again(index: number): Promise<void> {
    const [event] = await this.#parts.readEvents(index, 1);
    if (event?.index === index) await this.#request(outstanding(event), true);
  }

  /** Sends an event once, whatever becomes of it. */
  #request(event: OutstandingEvent, isLogEntry: boolean): Promise<void> {
    const request = this.#attempt(event)
      .then(({ row, answer }) => {
        if (answer.outcome === 'cancelled') return;
        this.#isDirty = true;
        this.#record(isLogEntry ? row : { ...row, index: -1 }, 1, 0);
      })
      .finally(() => this.#requests.delete(request));
    this.#requests.add(request);
    return request;
  }

  async #attempt(
    event: OutstandingEvent & { readonly eventId?: string },
  ): Promise<{ answer: WebhookAnswer; at: number; row: WebhookDeliveryRow }> {
    const { now, sender, signer } = this.#parts;
    const webhook = this.#webhook;
    const at = now();
    const startedAt = performance.now();
    const eventId = event.eventId ?? `evt_${event.index}`;
    let signed: Readonly<Record<string, string>> = {};
    let answer: WebhookAnswer;
    try {
      signed = await signer.headers(webhook, { eventId, at, body: event.json });
      const headers = { ...signed, 'content-type': WEBHOOK_CONTENT_TYPE, 'user-agent': USER_AGENT };
      const body = Buffer.from(event.json);
      answer = await sender.send({ url: webhook.url, headers, body }, this.#over.signal);
    } catch (error) {
      answer = {
        outcome: 'connection_failed',
        status: 0,
        text: `not signed: ${String(error)}`.slice(0, 256),
        retryAfterMs: 0,
      };
    }
    const row: WebhookDeliveryRow = {
      ...{ webhookId: webhook.webhookId, eventId, index: event.index, type: event.type },
      ...{ number: 0, attempt: 0, at, nextAt: 0 },
      durationMs: Math.round(performance.now() - startedAt),
      outcome: answer.outcome,
      status: answer.status,
      answer: answer.text,
      timestamp: Number(signed['webhook-timestamp'] ?? 0),
      signature: signed['webhook-signature'] ?? '',
    };
    return { answer, at, row };
  }

  #record(row: WebhookDeliveryRow, attempt: number, nextAt: number): void {
    this.#logged.push({ ...row, number: ++this.#lastDelivery, attempt, nextAt });
  }

  #saveLater(): void {
    if (!this.#isDirty || this.#saveTimer || this.#saving || this.#over.signal.aborted) return;
    this.#saveTimer = setTimeout(() => {
      this.#saveTimer = undefined;
      this.#saving = this.#save()
        .catch((error) => this.#fail(error))
        .finally(() => {
          this.#saving = undefined;
          this.#saveLater();
        });
    }, this.#parts.limits.webhookSavePeriodMs);
  }

  async #save(): Promise<void> {
    if (!this.#isDirty) return;
    this.#isDirty = false;
    const taken = this.#taken;
    const deliveries = this.#logged.splice(0);
    const commandsDone = this.#commandsDone.splice(0);
    const { store, limits } = this.#parts;
    const [saved] = await store.saveWebhookProgress(
      [
        {
          webhookId: this.#webhook.webhookId,
          fence: this.#fence,
          state: encodeProgress({
            taken,
            outstanding: this.#events.states(),
            replay: this.#replay,
            failingSince: this.#failingSince,
            lastDelivery: this.#lastDelivery,
          }),
          deliveries,
          commandsDone,
        },
      ],
      limits.webhookDeliveriesKept,
    );
    if (!saved) return this.#fail(new SinkFailure('taken', 'another relay delivers to this endpoint now'));
    for (const id of commandsDone) this.#commandsKnown.delete(id);
    if (taken > this.#start.next && !this.#over.signal.aborted) this.#start.acknowledged(taken - 1);
  }

  #fail(error: unknown): void {
    if (this.#over.signal.aborted) return;
    this.#over.abort();
    for (const go of this.#roomWanted.splice(0)) go();
    this.#start.failed(error instanceof Error ? error : new Error(String(error)));
  }
}

/** An event as it waits for its first attempt. */
export function outstanding({ index, user, type, json }: OutgoingEvent): OutstandingEvent {
  return { index, user, type, json, attempts: 0, firstAt: 0, nextAt: 0 };
}

function testEvent(
  { commandId }: WebhookCommandRow,
  at: number,
  source: string,
): OutstandingEvent & { readonly eventId: string } {
  const eventId = `test_${commandId.split('.')[1] ?? commandId}`;
  const json = JSON.stringify({
    ...{ specversion: '1.0', id: eventId, source, type: 'sello.test', time: new Date(at).toISOString() },
    ...{ datacontenttype: 'application/json', data: { test: true } },
  });
  return { eventId, index: 0, user: undefined, type: 'sello.test', json, attempts: 0, firstAt: 0, nextAt: 0 };
}
