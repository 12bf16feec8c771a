import { text } from '../../language/text.ts';
import { attackerAddress, openMany, repliesByReason } from '../attackers.ts';
import { isRefused } from '../connection.ts';
import type { AttackOptions, Target } from '../target.ts';
import { transferNeeding } from '../transfers.ts';
import { runTrial, type Trial } from '../trial.ts';
import type { Verdict } from '../verdict.ts';
import { floodBytes } from './bytes.ts';
import { HonestClient } from './honest-client.ts';
import { MemoryWatch } from './memory-watch.ts';
import { floodRates } from './rates.ts';

export interface FloodOptions extends AttackOptions {
  /** How many log-ins with invented names at once: each costs the server a password hash. */
  readonly logIns?: number;
  /** The highest p99 that an honest client may see meanwhile. */
  readonly latencyMsMax?: number;
  /** The most that the server's memory may grow meanwhile. */
  readonly memoryGrowthBytesMax?: number;
}

export const LOG_INS = 320;
const LATENCY_MS_MAX = 2_000;
/** With TLS, 2,048 idle connections take about 170 MiB. */
const MEMORY_GROWTH_BYTES_MAX = 268_435_456;

const BEYOND = 32;
const CONNECTIONS_MAX = 4_096;
const SETTLE_TIME_MS = 2_000;
const BURST_TIME_MS = 60_000;

/**
 * Sends too much of everything: connections, errors, registrations, log-ins, bytes. The server must refuse each at
 * its bound, keep serving an honest client, and keep its memory.
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
      await floodRates(trial, user.username);
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
  const lastReply = last ? await last.receive(0) : undefined;
  for (const connection of opened) connection.destroy();
  trial.step({
    id: 'connections',
    what,
    sent: '(nothing)',
    received: `${stayed} open, ${count - stayed} refused${lastReply ? `: ${lastReply.text}` : ''}`,
    expected: text(
      `at most ${bound} open, the others refused at once`,
      `como mucho ${bound} abiertas, las demás rechazadas al momento`,
    ),
    held: stayed <= bound && stayed > 0,
  });
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
    received: `${repliesByReason(replies)}, in ${tookMs} ms`,
    expected: text(
      'each refused, or busy at once with the time to wait',
      'cada uno rechazado, o busy al momento con el tiempo de espera',
    ),
    held: replies.length === count && answered + busy === count,
  });
}
