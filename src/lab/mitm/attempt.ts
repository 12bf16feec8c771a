import { type Text, text } from '../../language/text.ts';
import type { LabConnection, Reply } from '../connection.ts';
import type { ThrowawayUser } from '../throwaway-user.ts';
import { partOf } from '../transfers.ts';
import { entryLine, type Trial } from '../trial.ts';
import type { ManInTheMiddle, PassedTransaction, Tamper } from './proxy.ts';

/** What the steps of the attack share: a user connected through the proxy, and what the proxy saw. */
export interface Setting {
  readonly trial: Trial;
  readonly proxy: ManInTheMiddle;
  readonly user: ThrowawayUser;
  readonly connection: LabConnection;
  readonly answers: { readonly passed: PassedTransaction; readonly reply: Reply }[];
}

/** One transaction of the honest user, and what the proxy does to it; `undefined` passes it on unchanged. */
export interface Try {
  readonly id: string;
  readonly what: Text;
  readonly message: object;
  readonly tamper: Tamper | undefined;
}

/** Sends a transaction through the proxy. @returns what the server received, answered and recorded */
async function send(setting: Setting, { message, tamper }: Try) {
  const { trial, proxy, user, connection, answers } = setting;
  const before = await trial.approvals(user);
  proxy.tamper = tamper;
  answers.length = 0;
  const reply = await connection.ask(message);
  proxy.tamper = undefined;
  const passed = answers[0]?.passed;
  return {
    reply,
    original: passed?.original ?? message,
    sent: passed?.sent ?? message,
    changed: passed?.changed === true,
    executed: (await trial.approvals(user)) - before,
    entry: await trial.lastEntry(user),
  };
}

/** A step that must be accepted, once. */
export async function pass(setting: Setting, attempt: Try): Promise<void> {
  const { reply, sent, executed, entry } = await send(setting, attempt);
  setting.trial.step({
    id: attempt.id,
    what: attempt.what,
    sent,
    received: reply.text,
    journal: entryLine(entry),
    expected: text('accepted, once', 'aceptada, una vez'),
    held: reply.status === 'OK' && executed === 1,
  });
}

/** A step that must be refused: changed on its way, not executed, and on record. */
export async function refuse(
  setting: Setting,
  attempt: Try & { readonly expected: Text; readonly isHeld: (reply: Reply) => boolean },
): Promise<void> {
  const { reply, original, sent, changed, executed, entry } = await send(setting, attempt);
  const wanted = JSON.parse(typeof sent === 'string' ? sent : JSON.stringify(sent)) as { data: string };
  // A locked factor is not evaluated, so its refusals have no entry each.
  const recorded =
    reply.error === 'locked' ||
    (entry?.type === 'transaction.refused' &&
      entry.reason === reply.error &&
      entry.transaction?.payee === partOf(wanted.data, 'payee'));
  setting.trial.step({
    id: attempt.id,
    what: attempt.what,
    original,
    sent,
    received: reply.text,
    journal: entryLine(entry),
    expected: attempt.expected,
    held: changed && attempt.isHeld(reply) && executed === 0 && recorded,
  });
}
