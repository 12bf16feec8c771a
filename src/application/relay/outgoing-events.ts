import type { OutgoingEvent } from '../../ports/event-sink.ts';
import type { Outbox } from './outbox.ts';
import type { EventForm } from './outgoing-event.ts';

/** Reads events of the log again in the form in which they leave: for repetitions, and to show what was sent. */
export class OutgoingEvents {
  readonly #outbox: Pick<Outbox, 'readSealed' | 'sealedSize'>;
  readonly #form: EventForm;

  constructor(outbox: Pick<Outbox, 'readSealed' | 'sealedSize'>, form: EventForm) {
    this.#outbox = outbox;
    this.#form = form;
  }

  /** The index of the next event. */
  size(): Promise<number> {
    return this.#outbox.sealedSize();
  }

  /** Entries whose types do not leave, and those of erased users, come as markers (`EventForm.withheld`), so that no index is missing. */
  async read(from: number, limit: number): Promise<readonly OutgoingEvent[]> {
    const entries = await this.#outbox.readSealed({ from, limit });
    return entries.map((entry) =>
      this.#form.selects(entry.type) && entry.body !== '' ? this.#form.of(entry) : this.#form.withheld(entry),
    );
  }
}
