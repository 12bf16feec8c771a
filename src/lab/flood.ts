import { type Text, text } from '../cli/text.ts';
import { attackerAddress, openMany, tally } from './attackers.ts';
import { isRefused, LabConnection, type Reply } from './connection.ts';
import { floodBytes } from './flood-bytes.ts';
import { HonestClient } from './honest-client.ts';
import { MemoryWatch } from './memory-watch.ts';
import type { AttackOptions, Target } from './target.ts';
import { transferNeeding } from './transfers.ts';
import { runTrial, type Trial } from './trial.ts';
import type { Verdict } from './verdict.ts';

export interface FloodOptions extends AttackOptions {
  /** Log-ins under invented names, all at once: each costs the server a password hash. */
  readonly logIns?: number;
  /** The p99 that an honest client may see meanwhile. */
  readonly latencyMsMax?: number;
  /** By how much the server's memory may grow meanwhile. */
  readonly memoryGrowthBytesMax?: number;
}

export const LOG_INS = 320;
const LATENCY_MS_MAX = 1_000;
const MEMORY_GROWTH_BYTES_MAX = 201_326_592;

const BEYOND = 32;
const CONNECTIONS_MAX = 4_096;
const REQUESTS_MAX = 12_000;
const SETTLE_TIME_MS = 2_000;
const BURST_TIME_MS = 60_000;

/**
 * Too much of everything: connections, errors, registrations, log-ins, bytes. Each is refused at its bound while an
 * honest client is served on, and the server's memory stays as it is.
 */
export function flood(target: Target, options: FloodOptions = {}): Promise<Verdict> {
  return runTrial('flood', target, options, async (trial) => {
    const user = await trial.user();
    const data = transferNeeding(target.config, 'mac');
    const connection = await trial.keep(user.logIn());
    const memory = await MemoryWatch.start(target);
    const honest = new HonestClient(user, connection, data);
    try {
      await manyConnections(trial);
      await manyErrors(trial);
      await manyErrorsOfAddress(trial);
      await floodRate(trial, 'registrations', user.username);
      await floodRate(trial, 'logIns');
      await manyLogIns(trial, options.logIns ?? LOG_INS);
      await floodBytes(trial);
    } finally {
      const experience = await honest.stop();
      const { growthBytes, peakBytes } = await memory.stop();
      Object.assign(trial.figures, {
        honest_answers: experience.answers,
        honest_p50_ms: experience.p50Ms,
        honest_p99_ms: experience.p99Ms,
        honest_max_ms: experience.maxMs,
        memory_peak_bytes: peakBytes,
        memory_growth_bytes: growthBytes,
      });
      const latencyMsMax = options.latencyMsMax ?? LATENCY_MS_MAX;
      trial.step({
        id: 'honest_latency',
        what: text(
          'an honest client worked all the while',
          'un cliente honesto trabajó durante todo el ataque',
        ),
        sent: data === undefined ? 'pet_transaccion …' : 'pet_transaccion, transaccion …',
        received: `${experience.answers} done, ${experience.failures} failed, p50 ${experience.p50Ms} ms, p99 ${experience.p99Ms} ms`,
        expected: text(
          `none failed, p99 at most ${latencyMsMax} ms`,
          `ninguna falló, p99 de ${latencyMsMax} ms como mucho`,
        ),
        held: experience.failures === 0 && experience.answers > 0 && experience.p99Ms <= latencyMsMax,
      });
      const growthMax = options.memoryGrowthBytesMax ?? MEMORY_GROWTH_BYTES_MAX;
      trial.step({
        id: 'memory',
        what: text("the server's memory", 'la memoria del servidor'),
        sent: 'status',
        received: `peak ${mebibytes(peakBytes)} MiB, growth ${mebibytes(growthBytes)} MiB`,
        expected: text(
          `growth of at most ${mebibytes(growthMax)} MiB`,
          `crece como mucho ${mebibytes(growthMax)} MiB`,
        ),
        held: growthBytes <= growthMax,
      });
    }
  });
}

function mebibytes(bytes: number): number {
  return Math.round(bytes / 1_048_576);
}

async function manyConnections(trial: Trial): Promise<void> {
  const { limits } = trial.target;
  const bound = Math.min(
    limits.connectionsMax,
    limits.connectionsPerAddressMax,
    limits.connectionsBeforeLogInMax,
  );
  const what = text(
    `${bound + BEYOND} connections that never log in, from one address`,
    `${bound + BEYOND} conexiones sin iniciar sesión, desde una dirección`,
  );
  if (bound > CONNECTIONS_MAX) {
    const why = text(`the bound is ${bound}`, `el límite es ${bound}`);
    trial.skip('connections', what, why);
    return;
  }
  const count = bound + BEYOND;
  const opened = await openMany(trial.target, count, { from: attackerAddress(trial.target) });
  trial.atEnd(() => {
    for (const connection of opened) connection.destroy();
  });
  const open = () => opened.filter(({ closedAt }) => closedAt === undefined);
  const deadline = performance.now() + SETTLE_TIME_MS;
  while (open().length > bound && performance.now() < deadline) {
    const leftMs = deadline - performance.now();
    await Promise.race(open().map((connection) => connection.closedWithin(Math.min(leftMs, 50))));
  }
  const stayed = open().length;
  const last = opened.findLast(({ closedAt }) => closedAt !== undefined);
  const told = last ? await last.receive(0) : undefined;
  for (const connection of opened) connection.destroy();
  trial.step({
    id: 'connections',
    what,
    sent: '(nothing)',
    received: `${stayed} open, ${count - stayed} refused${told ? `: ${told.text}` : ''}`,
    expected: text(
      `at most ${bound} open, the others refused at once`,
      `como mucho ${bound} abiertas, las demás rechazadas al momento`,
    ),
    held: stayed <= bound && stayed > 0,
  });
}

async function manyErrors(trial: Trial): Promise<void> {
  const { connectionErrorsMax } = trial.target.limits;
  const count = connectionErrorsMax + BEYOND;
  const connection = await trial.keep(
    LabConnection.open(trial.target.endpoint, { from: attackerAddress(trial.target) }),
  );
  connection.send('{"accion":\n'.repeat(count));
  const replies = await connection.collect(count);
  const closed = await connection.closedWithin(SETTLE_TIME_MS);
  trial.step({
    id: 'errors_of_connection',
    what: text(`${count} broken messages on one connection`, `${count} mensajes rotos en una conexión`),
    sent: '{"accion":',
    received: `${tally(replies)}${closed ? ', closed' : ', open'}`,
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

/** Over many connections, for each closes before the address has used up what it may. */
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
    received: `${tally(replies)}${waitMs === undefined ? '' : `, reintentar_ms ${waitMs}`}`,
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

/** Crossing a limit of the lab's own address would leave the person who runs it without service for a while. */
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

/** Requests that cost the server little, until the address has used up what it may. */
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
    received: `${tally(replies)}${waitMs === undefined ? '' : `, reintentar_ms ${waitMs}`}`,
    expected: text(
      `rate_limited after ${countMax} in ${windowMs} ms, with the time to wait`,
      `rate_limited tras ${countMax} en ${windowMs} ms, con el tiempo de espera`,
    ),
    held: done >= 0 && done <= countMax && typeof waitMs === 'number' && waitMs > 0 && waitMs <= windowMs,
  });
  connection.destroy();
}

async function manyLogIns(trial: Trial, count: number): Promise<void> {
  if (count === 0) return;
  const { target } = trial;
  const connections = await openMany(target, count, { from: attackerAddress(target) });
  const message = (n: number) => ({ accion: 'login', username: `lab-${count}-${n}`, password: 'adivina' });
  const startedAt = performance.now();
  const replies = await Promise.all(
    connections.map((connection, n) => connection.ask(message(n), BURST_TIME_MS)),
  );
  const tookMs = Math.round(performance.now() - startedAt);
  for (const connection of connections) connection.destroy();
  trial.figures.log_in_burst_ms = tookMs;
  const answered = replies.filter((reply) => isRefused(reply, 'credentials_invalid', 'rate_limited')).length;
  const busy = replies.filter(
    (reply) => isRefused(reply, 'busy') && typeof reply.answer.reintentar_ms === 'number',
  ).length;
  trial.step({
    id: 'log_in_burst',
    what: text(
      `${count} log-ins under invented names at once: a password hash each`,
      `${count} inicios de sesión con nombres inventados a la vez: un resumen de contraseña cada uno`,
    ),
    sent: message(0),
    received: `${tally(replies)}, in ${tookMs} ms`,
    expected: text(
      'each refused, or busy at once with the time to wait',
      'cada uno rechazado, o busy al momento con el tiempo de espera',
    ),
    held: replies.length === count && answered + busy === count,
  });
}
