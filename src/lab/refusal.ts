import type { Text } from '../language/text.ts';
import type { LabConnection, Reply } from './connection.ts';
import type { ThrowawayUser } from './throwaway-user.ts';
import { entryLine, type Trial } from './trial.ts';

/** A message that must be refused, and how. */
export interface Refusable {
  readonly id: string;
  readonly what: Text;
  readonly on: LabConnection;
  readonly message: object | string;
  readonly expected: Text;
  readonly isHeld: (reply: Reply) => boolean;
}

/** Sends the message, and checks the answer and the journal entries since. */
export async function mustRefuse(trial: Trial, user: ThrowawayUser, attempt: Refusable): Promise<void> {
  const { id, what, on, message, expected, isHeld } = attempt;
  const before = await trial.target.entriesOf(user.username);
  const reply = await on.ask(message);
  const after = await trial.target.entriesOf(user.username);
  const added = after.slice(before.length);
  trial.step({
    id,
    what,
    sent: typeof message === 'string' ? message.trimEnd() : message,
    received: reply.text,
    // A message that is no transaction is answered, but has no entry.
    ...(added.length > 0 ? { journal: entryLine(added.at(-1)) } : {}),
    expected,
    held: isHeld(reply) && !added.some(({ type }) => type === 'transaction.approved'),
  });
}
