import { setTimeout as sleep } from 'node:timers/promises';
import { text } from '../language/text.ts';
import { isFlagged, isRefused, type LabConnection, type Reply } from './connection.ts';
import { takeNonce } from './nonces.ts';
import type { AttackOptions, Target } from './target.ts';
import type { ThrowawayUser, TransactionMessage } from './throwaway-user.ts';
import { NO_MAC_TRANSFER, transferNeeding } from './transfers.ts';
import { entryLine, runTrial, type Trial } from './trial.ts';
import type { Verdict } from './verdict.ts';

export interface ReplayOptions extends AttackOptions {
  /** How many copies of one transaction to send at once. */
  readonly copies?: number;
}

export const COPIES = 64;
const CONNECTIONS = 4;

/**
 * Sends again what was sent before: on the same connection, on another, in another session, many times at once, with
 * an idempotency key, and after the challenge has expired. Shows the same plain code twice. Each transaction may be
 * executed only once.
 */
export function replay(target: Target, options: ReplayOptions = {}): Promise<Verdict> {
  return runTrial('replay', target, options, async (trial) => {
    const data = transferNeeding(target.config, 'mac');
    if (data === undefined) {
      trial.skip(
        'replay',
        text('replays of a transfer by MAC', 'repeticiones de una transferencia con MAC'),
        NO_MAC_TRANSFER,
      );
      return;
    }
    const victim = await trial.user({ tokens: true });
    const connection = await trial.keep(victim.logIn());
    const setting = { trial, victim, connection, data };
    await sameMessage(setting);
    await sameIdempotencyKey(setting);
    await sameCode(setting);
    await allAtOnce(setting, options.copies ?? COPIES);
    await afterExpiry(setting);
  });
}

interface Setting {
  readonly trial: Trial;
  readonly victim: ThrowawayUser;
  readonly connection: LabConnection;
  readonly data: string;
}

const SPENT = text(
  'POSIBLE ATAQUE, challenge_spent, and on record',
  'POSIBLE ATAQUE, challenge_spent, y anotado',
);

async function sameMessage({ trial, victim, connection, data }: Setting): Promise<void> {
  const message = victim.transaction(data, await takeNonce(connection));
  const first = await connection.ask(message);
  trial.step({
    id: 'first',
    what: text('an honest transaction', 'una transacción honesta'),
    sent: message,
    received: first.text,
    expected: text('accepted', 'aceptada'),
    held: first.status === 'OK' && (await trial.approvals(victim)) === 1,
  });

  const again = async (id: string, what: ReturnType<typeof text>, on: LabConnection, expected = SPENT) => {
    const reply = await on.ask(message);
    const code = expected === SPENT ? 'challenge_spent' : 'challenge_unknown';
    const entry = expected === SPENT ? await trial.lastEntry(victim) : undefined;
    const recorded = !entry || (entry.type === 'transaction.refused' && entry.reason === code);
    trial.step({
      id,
      what,
      sent: message,
      received: reply.text,
      ...(entry ? { journal: entryLine(entry) } : {}),
      expected,
      held: isFlagged(reply, code) && recorded && (await trial.approvals(victim)) === 1,
    });
  };
  await again(
    'same_connection',
    text('the same bytes again on the same connection', 'los mismos bytes otra vez en la misma conexión'),
    connection,
  );
  await again(
    'same_session',
    text(
      'the same bytes on another connection of the session (reanudar)',
      'los mismos bytes en otra conexión de la sesión (reanudar)',
    ),
    await trial.keep(victim.resume()),
  );
  const foreign = text('POSIBLE ATAQUE, challenge_unknown', 'POSIBLE ATAQUE, challenge_unknown');
  await again(
    'other_session',
    text(
      'the same bytes in another session of the same user',
      'los mismos bytes en otra sesión del mismo usuario',
    ),
    await trial.keep(victim.logIn()),
    foreign,
  );
  const mallory = await trial.user();
  await again(
    'other_user',
    text("the same bytes from another user's session", 'los mismos bytes desde la sesión de otro usuario'),
    await trial.keep(mallory.logIn()),
    foreign,
  );
}

async function sameIdempotencyKey({ trial, victim, connection, data }: Setting): Promise<void> {
  const before = await trial.approvals(victim);
  const message = victim.transaction(data, await takeNonce(connection), { idempotencia: `lab ${before}` });
  const first = await connection.ask(message);
  const second = await connection.ask(message);
  const same =
    first.answer.transaccion !== undefined && first.answer.transaccion === second.answer.transaccion;
  trial.step({
    id: 'idempotency_key',
    what: text(
      'a transaction with an idempotency key, twice',
      'una transacción con clave de idempotencia, dos veces',
    ),
    sent: message,
    received: second.text,
    expected: text(
      'the first answer again, marked repetida, and executed once',
      'otra vez la primera respuesta, marcada repetida, y ejecutada una vez',
    ),
    held: same && second.answer.repetida === true && (await trial.approvals(victim)) === before + 1,
  });
}

async function sameCode({ trial, victim, connection, data }: Setting): Promise<void> {
  const codigo = victim.plainCode();
  const before = await trial.approvals(victim);
  await connection.ask(victim.transaction(data, await takeNonce(connection), { codigo }));
  const message = victim.transaction(data, await takeNonce(connection), { codigo });
  const reply = await connection.ask(message);
  trial.step({
    id: 'same_code',
    what: text(
      'the same plain code a second time, with a fresh challenge',
      'el mismo código simple por segunda vez, con un reto nuevo',
    ),
    sent: message,
    received: reply.text,
    expected: text('refused: code_spent', 'rechazada: code_spent'),
    held: isRefused(reply, 'code_spent') && (await trial.approvals(victim)) === before + 1,
  });
}

async function allAtOnce({ trial, victim, connection, data }: Setting, copies: number): Promise<void> {
  // `resume` continues the session that logged in last, so the challenge must be from that session.
  const before = await trial.approvals(victim);
  const first = await trial.keep(victim.logIn());
  const others = await Promise.all(
    Array.from({ length: CONNECTIONS - 1 }, () => trial.keep(victim.resume())),
  );
  const message = victim.transaction(data, await takeNonce(first));
  const each = Math.ceil(copies / CONNECTIONS);
  const replies = (
    await Promise.all(
      [first, ...others].map((on) => {
        for (let id = 0; id < each; id++) on.send({ ...message, id });
        return on.collect(each);
      }),
    )
  ).flat();
  const accepted = replies.filter(({ status }) => status === 'OK').length;
  const spent = replies.filter((reply) => isFlagged(reply, 'challenge_spent')).length;
  trial.step({
    id: 'all_at_once',
    what: text(
      `${each * CONNECTIONS} copies at once over ${CONNECTIONS} connections of the session`,
      `${each * CONNECTIONS} copias a la vez por ${CONNECTIONS} conexiones de la sesión`,
    ),
    sent: message,
    received: `OK ${accepted}, challenge_spent ${spent}, ${replies.length - accepted - spent} other`,
    expected: text(
      'exactly one accepted, all others challenge_spent',
      'justo una aceptada y las demás challenge_spent',
    ),
    held:
      accepted === 1 &&
      spent === each * CONNECTIONS - 1 &&
      (await trial.approvals(victim)) === before + 1 &&
      connection.closedAt === undefined,
  });
}

const EXPIRY_SLACK_MS = 100;

async function afterExpiry({ trial, victim, connection, data }: Setting): Promise<void> {
  const { challengeTtlMs } = trial.target.config.keys;
  const what = text(
    `an honest transaction whose challenge is older than ${challengeTtlMs} ms`,
    `una transacción honesta cuyo reto tiene más de ${challengeTtlMs} ms`,
  );
  if (!trial.hasPatience('expired', what, challengeTtlMs + EXPIRY_SLACK_MS)) return;
  const before = await trial.approvals(victim);
  const message: TransactionMessage = victim.transaction(data, await takeNonce(connection));
  await sleep(challengeTtlMs + EXPIRY_SLACK_MS);
  const reply: Reply = await connection.ask(message);
  trial.step({
    id: 'expired',
    what,
    sent: message,
    received: reply.text,
    expected: text('refused: challenge_expired', 'rechazada: challenge_expired'),
    held: isRefused(reply, 'challenge_expired') && (await trial.approvals(victim)) === before,
  });
}
