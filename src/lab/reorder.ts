import { text } from '../language/text.ts';
import { isFlagged, type LabConnection, type Reply } from './connection.ts';
import { takeNonces } from './nonces.ts';
import type { AttackOptions, Target } from './target.ts';
import type { ThrowawayUser, TransactionMessage } from './throwaway-user.ts';
import { changed, NO_MAC_TRANSFER, transferNeeding } from './transfers.ts';
import { runTrial, type Trial } from './trial.ts';
import type { Verdict } from './verdict.ts';

export interface ReorderOptions extends AttackOptions {
  /** Messages in one pipeline: at most half of the wrong MACs that end a session. */
  readonly messages?: number;
}

const MESSAGES = 8;

/**
 * Pipelines transactions and mixes them: reversed, with nonces or MACs exchanged, doubled, behind a log-out. Each
 * answer must belong to its message; nothing may be executed twice or on another's proof.
 */
export function reorder(target: Target, options: ReorderOptions = {}): Promise<Verdict> {
  return runTrial('reorder', target, options, async (trial) => {
    const data = transferNeeding(target.config, 'mac');
    if (data === undefined) {
      trial.skip(
        'reorder',
        text('pipelined transfers by MAC', 'transferencias con MAC en cadena'),
        NO_MAC_TRANSFER,
      );
      return;
    }
    const user = await trial.user();
    const connection = await trial.keep(user.logIn());
    const count = options.messages ?? MESSAGES;
    const setting = { trial, user, connection, data, count };
    await inReverse(setting);
    await exchanged(setting, 'nonce');
    await exchanged(setting, 'mac');
    await doubled(setting);
    await afterLogOut(setting);
  });
}

interface Setting {
  readonly trial: Trial;
  readonly user: ThrowawayUser;
  readonly connection: LabConnection;
  readonly data: string;
  readonly count: number;
}

/** Honest transactions with a payee each, so that an answer shows which one it belongs to. */
async function honest({ user, connection, data, count }: Setting): Promise<TransactionMessage[]> {
  const nonces = await takeNonces(connection, count);
  return nonces.map((nonce, id) => user.transaction(changed(data, 'payee', `Cuenta${id}`), nonce, { id }));
}

/** Sends all messages in one write. @returns the answers */
async function pipeline(connection: LabConnection, messages: readonly object[]): Promise<Reply[]> {
  connection.send(messages.map((message) => `${JSON.stringify(message)}\n`).join(''));
  return connection.collect(messages.length);
}

function belongs(reply: Reply, messages: readonly TransactionMessage[]): boolean {
  const message = messages.find(({ id }) => id === reply.answer.id);
  return message !== undefined && String(reply.answer.mensaje).endsWith(message.data);
}

async function inReverse(setting: Setting): Promise<void> {
  const { trial, user, connection, count } = setting;
  const messages = (await honest(setting)).reverse();
  const replies = await pipeline(connection, messages);
  const accepted = replies.filter((reply) => reply.status === 'OK' && belongs(reply, messages)).length;
  trial.step({
    id: 'reversed',
    what: text(
      `${count} honest transactions, in the reverse order of their challenges`,
      `${count} transacciones honestas, en orden inverso al de sus retos`,
    ),
    sent: messages[0] ?? '',
    received: `OK ${accepted} of ${count}`,
    expected: text('all accepted, each answer with its own id', 'todas aceptadas, cada respuesta con su id'),
    held: accepted === count && (await trial.approvals(user)) === count,
  });
}

async function exchanged(setting: Setting, part: 'nonce' | 'mac'): Promise<void> {
  const { trial, user, connection, count } = setting;
  const before = await trial.approvals(user);
  const messages = await honest(setting);
  const mixed = messages.map((message, index) => ({
    ...message,
    [part]: messages[(index + 1) % count]?.[part] ?? '',
  }));
  const replies = await pipeline(connection, mixed);
  const flagged = replies.filter((reply) => isFlagged(reply, 'mac_mismatch', 'challenge_spent')).length;
  const executed = (await trial.approvals(user)) - before;
  trial.step({
    id: `${part}s_exchanged`,
    what:
      part === 'nonce'
        ? text('the nonces exchanged among them', 'los nonces cambiados entre ellas')
        : text('the MACs exchanged among them', 'los MAC cambiados entre ellas'),
    original: messages[0] ?? '',
    sent: mixed[0] ?? '',
    received: `POSIBLE ATAQUE ${flagged} of ${count}, executed ${executed}`,
    expected: text('all POSIBLE ATAQUE, none executed', 'todas POSIBLE ATAQUE, ninguna ejecutada'),
    held: flagged === count && executed === 0,
  });
}

async function doubled(setting: Setting): Promise<void> {
  const { trial, user, connection, count } = setting;
  const before = await trial.approvals(user);
  const messages = await honest(setting);
  const copies = messages.map((message) => ({ ...message, id: (message.id ?? 0) + count }));
  const replies = await pipeline(connection, [...messages, ...copies.reverse()]);
  const accepted = replies.filter(({ status }) => status === 'OK').length;
  const spent = replies.filter((reply) => isFlagged(reply, 'challenge_spent')).length;
  const executed = (await trial.approvals(user)) - before;
  trial.step({
    id: 'doubled',
    what: text(
      'each twice in one pipeline, the copies in reverse',
      'cada una dos veces en una cadena, las copias al revés',
    ),
    sent: messages[0] ?? '',
    received: `OK ${accepted}, challenge_spent ${spent}, executed ${executed}`,
    expected: text(
      'each executed once, each copy challenge_spent',
      'cada una ejecutada una vez, cada copia challenge_spent',
    ),
    held: accepted === count && spent === count && executed === count,
  });
}

async function afterLogOut(setting: Setting): Promise<void> {
  const { trial, user, connection } = setting;
  const before = await trial.approvals(user);
  const messages = await honest(setting);
  const [out, ...replies] = await pipeline(connection, [{ accion: 'logout' }, ...messages]);
  const executed = (await trial.approvals(user)) - before;
  trial.step({
    id: 'after_log_out',
    what: text(
      'all of them behind a log-out in the same pipeline',
      'todas tras un logout en la misma cadena',
    ),
    sent: messages[0] ?? '',
    received: `logout ${out?.status}, then ${[...new Set(replies.map(({ error, status }) => error ?? status))].join(', ')}`,
    expected: text('all session_required, none executed', 'todas session_required, ninguna ejecutada'),
    held:
      out?.status === 'OK' &&
      replies.length === messages.length &&
      replies.every(({ error }) => error === 'session_required') &&
      executed === 0,
  });
}
