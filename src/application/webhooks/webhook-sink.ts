import { type EventSink, SinkFailure, type SinkStart } from '../../ports/event-sink.ts';
import type { Store, WebhookCommandRow, WebhookProgress, WebhookRow } from '../../ports/store.ts';
import type { OutstandingEvent } from './outstanding-events.ts';
import {
  decodeProgress,
  type EndpointProgress,
  encodeProgress,
  type OutstandingState,
} from './webhook-progress.ts';
import { outstanding, type WebhookParts, WebhookSession } from './webhook-session.ts';

/** Events that lie closer together than this are read at once. */
const GAP_MAX = 32;
const READ_MAX = 256;

export interface WebhookSinkParts extends WebhookParts {
  readonly store: Pick<Store, 'saveWebhookProgress' | 'readWebhookProgress'>;
}

/** An endpoint as a sink of the relay. Its session goes on where the last one stopped, this server's or another's. */
export class WebhookSink implements EventSink {
  readonly name: string;
  readonly #parts: WebhookSinkParts;
  #webhook: WebhookRow;
  #session: WebhookSession | undefined;

  constructor(webhook: WebhookRow, parts: WebhookSinkParts) {
    this.name = sinkName(webhook.webhookId);
    this.#webhook = webhook;
    this.#parts = parts;
  }

  async firstIndex(): Promise<number> {
    return decodeProgress((await this.#stored()).state).taken;
  }

  async open(start: SinkStart): Promise<WebhookSession> {
    const { store, limits } = this.#parts;
    const { webhookId } = this.#webhook;
    const found = await this.#stored();
    const fence = found.fence + 1;
    const stored = begun(decodeProgress(found.state), start);
    // From here on an earlier session that still runs elsewhere stores nothing.
    const change = { webhookId, fence, state: encodeProgress(stored), deliveries: [], commandsDone: [] };
    const [isOurs] = await store.saveWebhookProgress([change], limits.webhookDeliveriesKept);
    if (!isOurs) throw new SinkFailure('taken', 'another relay delivers to this endpoint now');
    const events = await readAgain(stored.outstanding, this.#parts);
    this.#session = new WebhookSession(this.#webhook, start, this.#parts, {
      ...{ fence, progress: stored, outstanding: events },
    });
    return this.#session;
  }

  async #stored(): Promise<WebhookProgress> {
    const { progress } = await this.#parts.store.readWebhookProgress();
    const found = progress.find(({ webhookId }) => webhookId === this.#webhook.webhookId);
    if (!found) throw new SinkFailure('refused', 'the webhook was deleted');
    return found;
  }

  /** Takes over what was changed about the endpoint. */
  update(webhook: WebhookRow): void {
    this.#webhook = webhook;
    this.#session?.update(webhook);
  }

  /** Does nothing while another server delivers to the endpoint, which finds the command as well. */
  command(command: WebhookCommandRow): void {
    this.#session?.command(command);
  }
}

export function sinkName(webhookId: string): string {
  return `webhook:${webhookId}`;
}

/** Where the operator has set the position, what it had from there is replayed, or what lies before is left out. */
function begun(stored: EndpointProgress, { next, mayBeNew }: SinkStart): EndpointProgress {
  if (!mayBeNew || next === stored.taken) return stored;
  if (next > stored.taken) return { ...stored, taken: next, replay: undefined };
  return {
    ...stored,
    outstanding: stored.outstanding.filter(({ index }) => index < next),
    replay: { from: next, until: stored.taken },
  };
}

/** What is outstanding is stored without its body, which the log has. */
async function readAgain(
  states: readonly OutstandingState[],
  { readEvents }: Pick<WebhookParts, 'readEvents'>,
): Promise<OutstandingEvent[]> {
  const found: OutstandingEvent[] = [];
  for (let first = 0; first < states.length; ) {
    const from = (states[first] as OutstandingState).index;
    let last = first;
    const indexAt = (n: number) => states[n]?.index ?? Number.POSITIVE_INFINITY;
    while (indexAt(last + 1) - indexAt(last) <= GAP_MAX && indexAt(last + 1) - from < READ_MAX) last++;
    const events = await readEvents(from, indexAt(last) - from + 1);
    const byIndex = new Map(events.map((event) => [event.index, event]));
    for (const state of states.slice(first, last + 1)) {
      const event = byIndex.get(state.index);
      if (event) found.push({ ...outstanding(event), ...state });
    }
    first = last + 1;
  }
  return found;
}
