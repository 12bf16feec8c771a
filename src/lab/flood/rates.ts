import { type Text, text } from '../../language/text.ts';
import { attackerAddress, openAttacker, openMany, repliesByReason } from '../attackers.ts';
import { isRefused, LabConnection, type Reply } from '../connection.ts';
import type { Trial } from '../trial.ts';

const BEYOND = 32;
const REQUESTS_MAX = 12_000;
const SETTLE_TIME_MS = 2_000;

/**
 * Exceeds the limits on errors, registrations and log-ins of a connection and of an address.
 * @param taken a registered name
 */
export async function floodRates(trial: Trial, taken: string): Promise<void> {
  await manyErrors(trial);
  await manyErrorsOfAddress(trial);
  await floodRate(trial, 'registrations', taken);
  await floodRate(trial, 'logIns');
}

async function manyErrors(trial: Trial): Promise<void> {
  const { connectionErrorsMax } = trial.target.limits;
  const count = connectionErrorsMax + BEYOND;
  const connection = await openAttacker(trial);
  connection.send('{"accion":\n'.repeat(count));
  const replies = await connection.collect(count);
  const closed = await connection.closedWithin(SETTLE_TIME_MS);
  trial.step({
    id: 'errors_of_connection',
    what: text(`${count} broken messages on one connection`, `${count} mensajes rotos en una conexión`),
    sent: '{"accion":',
    received: `${repliesByReason(replies)}${closed ? ', closed' : ', open'}`,
    expected: text(
      `closed after ${connectionErrorsMax} errors: errors_too_many`,
      `cerrada tras ${connectionErrorsMax} errores: errors_too_many`,
    ),
    held:
      closed &&
      replies.length === connectionErrorsMax + 1 &&
      isRefused(replies.at(-1) as Reply, 'errors_too_many'),
  });
}

/** Uses many connections: each closes before the address has used up its allowance. */
async function manyErrorsOfAddress(trial: Trial): Promise<void> {
  const { target } = trial;
  const { countMax, windowMs } = target.config.rateLimits.errors;
  const { connectionErrorsMax } = target.limits;
  const id = 'errors_of_address';
  const what = text(
    `more than ${countMax} errors of one address`,
    `más de ${countMax} errores de una dirección`,
  );
  const from = attackerAddress(target);
  if (!isFeasible(trial, { id, what, from, countMax })) return;
  const connections = await openMany(target, Math.ceil((countMax + BEYOND) / connectionErrorsMax), { from });
  const replies: Reply[] = [];
  for (const connection of connections) {
    connection.send('{"accion":\n'.repeat(connectionErrorsMax));
    replies.push(...(await connection.collect(connectionErrorsMax)));
    connection.destroy();
  }
  const limited = replies.filter((reply) => isRefused(reply, 'rate_limited'));
  const waitMs = limited[0]?.answer.reintentar_ms;
  trial.step({
    id,
    what,
    sent: `{"accion": × ${connections.length * connectionErrorsMax}`,
    received: `${repliesByReason(replies)}${waitMs === undefined ? '' : `, reintentar_ms ${waitMs}`}`,
    expected: text(
      `rate_limited after ${countMax} in ${windowMs} ms, with the time to wait, and closed`,
      `rate_limited tras ${countMax} en ${windowMs} ms, con el tiempo de espera, y cerrada`,
    ),
    held:
      limited.length > 0 &&
      replies.length - limited.length <= countMax &&
      typeof waitMs === 'number' &&
      waitMs > 0 &&
      waitMs <= windowMs,
  });
}

/**
 * Whether the attacker has an address of its own and the limit can be reached. Otherwise skips the step: exceeding
 * the limit of the lab's own address would lock out the person who runs it.
 */
function isFeasible(
  trial: Trial,
  {
    id,
    what,
    from,
    countMax,
  }: {
    readonly id: string;
    readonly what: Text;
    readonly from: string | undefined;
    readonly countMax: number;
  },
): boolean {
  if (from === undefined) {
    const why = text(
      'this machine has no second loopback address, and the limit would hit you',
      'esta máquina no tiene otra dirección de loopback y el límite le afectaría a usted',
    );
    trial.skip(id, what, why);
    return false;
  }
  if (countMax > REQUESTS_MAX) {
    trial.skip(id, what, text(`the limit is ${countMax}`, `el límite es ${countMax}`));
    return false;
  }
  return true;
}

type RateName = 'registrations' | 'logIns';

const RATE_TEXTS = {
  registrations: text('registrations of one address', 'registros de una dirección'),
  logIns: text('log-ins of one address', 'inicios de sesión de una dirección'),
} as const;
const RATE_IDS = { registrations: 'registrations', logIns: 'log_ins' } as const;

/** Sends requests that cost the server little, until the address has used up its allowance. */
async function floodRate(trial: Trial, rate: RateName, taken = ''): Promise<void> {
  const { target } = trial;
  const { countMax, windowMs } = target.config.rateLimits[rate];
  const count = countMax + BEYOND;
  const what = text(`${count} ${RATE_TEXTS[rate].en}`, `${count} ${RATE_TEXTS[rate].es}`);
  const from = attackerAddress(target);
  const id = RATE_IDS[rate];
  if (!isFeasible(trial, { id, what, from, countMax })) return;
  if (rate === 'registrations' && !target.config.registrationOpen) {
    trial.skip(id, what, text('registration is closed', 'el registro está cerrado'));
    return;
  }
  const message = {
    registrations: { accion: 'register', username: taken, password: 'x'.repeat(256) },
    logIns: { accion: 'login', username: ' lab', password: 'lab' },
  }[rate];
  const connection = await trial.keep(LabConnection.open(target.endpoint, { from }));
  connection.send(`${JSON.stringify(message)}\n`.repeat(count));
  const replies = await connection.collect(count);
  const done = replies.findIndex(({ error }) => error === 'rate_limited');
  const waitMs = replies[done]?.answer.reintentar_ms;
  trial.step({
    id,
    what,
    sent: message,
    received: `${repliesByReason(replies)}${waitMs === undefined ? '' : `, reintentar_ms ${waitMs}`}`,
    expected: text(
      `rate_limited after ${countMax} in ${windowMs} ms, with the time to wait`,
      `rate_limited tras ${countMax} en ${windowMs} ms, con el tiempo de espera`,
    ),
    held: done >= 0 && done <= countMax && typeof waitMs === 'number' && waitMs > 0 && waitMs <= windowMs,
  });
  connection.destroy();
}
