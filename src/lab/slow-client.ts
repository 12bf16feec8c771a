import { setTimeout as sleep } from 'node:timers/promises';
import { text } from '../language/text.ts';
import { LabConnection } from './connection.ts';
import { HonestClient } from './flood/honest-client.ts';
import { MemoryWatch } from './flood/memory-watch.ts';
import { takeNonce } from './nonces.ts';
import type { AttackOptions, Target } from './target.ts';
import { transferNeeding } from './transfers.ts';
import { runTrial, type Trial } from './trial.ts';
import type { Verdict } from './verdict.ts';

export interface SlowClientOptions extends AttackOptions {
  /** The most that the server's memory may grow meanwhile. */
  readonly memoryGrowthBytesMax?: number;
}

const MEMORY_GROWTH_BYTES_MAX = 134_217_728;
/** Added to each bound, for the server to notice and the connection to close. */
const SLACK_MS = 4_000;
const BYTE_INTERVAL_MS = 200;
const MESSAGES_MAX = 32;
/**
 * Beyond the rate of challenges the answers are refusals of about 200 bytes: this many fill every buffer on the way.
 */
const ASKED_AT_ONCE = 2_048;
const ASKED_MAX = 131_072;
const CHALLENGES = 1_024;

/**
 * Clients that take their time: send a byte now and then, never log in, never read their answers, hang up within a
 * message. The server must cut each off, keep its memory, and serve others.
 */
export function slowClient(target: Target, options: SlowClientOptions = {}): Promise<Verdict> {
  return runTrial('slow-client', target, options, async (trial) => {
    const user = await trial.user();
    const data = transferNeeding(target.config, 'mac');
    const memory = await MemoryWatch.start(target);
    const honest = new HonestClient(user, await trial.keep(user.logIn()), data);
    try {
      await halfMessage(trial);
      await Promise.all([byteByByte(trial), neverLogsIn(trial), neverReads(trial)]);
    } finally {
      const { answers, failures, p99Ms } = await honest.stop();
      const { growthBytes } = await memory.stop();
      trial.figures.honest_p99_ms = p99Ms;
      trial.figures.memory_growth_bytes = growthBytes;
      const growthMax = options.memoryGrowthBytesMax ?? MEMORY_GROWTH_BYTES_MAX;
      trial.step({
        id: 'others_served',
        what: text(
          'an honest client worked all the while',
          'un cliente honesto trabajó durante todo el ataque',
        ),
        sent: 'pet_transaccion, transaccion …',
        received: `${answers} done, ${failures} failed, p99 ${p99Ms} ms, memory +${Math.round(growthBytes / 1_048_576)} MiB`,
        expected: text(
          `none failed; memory grows by at most ${Math.round(growthMax / 1_048_576)} MiB`,
          `ninguna falló; la memoria crece como mucho ${Math.round(growthMax / 1_048_576)} MiB`,
        ),
        held: failures === 0 && answers > 0 && growthBytes <= growthMax,
      });
    }
  });
}

/** Opens a connection that stays half open after the server ends its side, until it is really gone. */
async function openStubborn(trial: Trial): Promise<LabConnection> {
  return trial.keep(LabConnection.open(trial.target.endpoint, { allowHalfOpen: true }));
}

function closing(connection: LabConnection, startedAt: number): string {
  if (connection.closedAt === undefined) return 'open';
  return `closed after ${Math.round(connection.closedAt - startedAt)} ms`;
}

async function byteByByte(trial: Trial): Promise<void> {
  const { logInTimeMs } = trial.target.limits;
  const what = text(
    `a message sent a byte every ${BYTE_INTERVAL_MS} ms (slowloris)`,
    `un mensaje enviado a un byte cada ${BYTE_INTERVAL_MS} ms (slowloris)`,
  );
  if (!trial.hasPatience('byte_by_byte', what, logInTimeMs + SLACK_MS)) return;
  const connection = await openStubborn(trial);
  const startedAt = performance.now();
  const message = `{"accion":"login","username":"${'a'.repeat(8_000)}`;
  let bytes = 0;
  while (connection.closedAt === undefined && performance.now() - startedAt < logInTimeMs + SLACK_MS) {
    connection.send(message.charAt(bytes++ % message.length));
    await connection.closedWithin(BYTE_INTERVAL_MS);
  }
  trial.step({
    id: 'byte_by_byte',
    what,
    sent: `${message.slice(0, Math.min(bytes, 60))}… (${bytes} bytes)`,
    received: closing(connection, startedAt),
    expected: text(`cut off at ${logInTimeMs} ms`, `cortada a los ${logInTimeMs} ms`),
    held: connection.closedAt !== undefined,
  });
}

async function neverLogsIn(trial: Trial): Promise<void> {
  const { logInTimeMs } = trial.target.limits;
  const what = text(
    'a client that keeps talking and never logs in',
    'un cliente que habla sin parar y nunca inicia sesión',
  );
  if (!trial.hasPatience('never_logs_in', what, logInTimeMs + SLACK_MS)) return;
  const connection = await openStubborn(trial);
  const startedAt = performance.now();
  const message = { accion: 'pet_transaccion' };
  // Slow enough to stay below the limit on errors of a connection.
  const intervalMs = (logInTimeMs + SLACK_MS) / MESSAGES_MAX;
  while (connection.closedAt === undefined && performance.now() - startedAt < logInTimeMs + SLACK_MS) {
    connection.send(message);
    await connection.closedWithin(intervalMs);
  }
  trial.step({
    id: 'never_logs_in',
    what,
    sent: message,
    received: closing(connection, startedAt),
    expected: text(`cut off at ${logInTimeMs} ms`, `cortada a los ${logInTimeMs} ms`),
    held: connection.closedAt !== undefined,
  });
}

async function neverReads(trial: Trial): Promise<void> {
  const { slowReaderTimeMs } = trial.target.limits;
  const what = text(
    `asks for ${CHALLENGES} challenges again and again and reads nothing`,
    `pide ${CHALLENGES} retos una y otra vez y no lee nada`,
  );
  if (!trial.hasPatience('never_reads', what, slowReaderTimeMs + SLACK_MS)) return;
  const greedy = await trial.user();
  const connection = await trial.keep(greedy.logIn());
  connection.socket.pause();
  const startedAt = performance.now();
  const message = { accion: 'pet_transaccion', cantidad: CHALLENGES };
  let asked = 0;
  // The client does not read, so only a failing write shows that the server has closed.
  while (connection.closedAt === undefined && performance.now() - startedAt < slowReaderTimeMs + SLACK_MS) {
    for (let n = 0; n < ASKED_AT_ONCE && asked < ASKED_MAX; n++) connection.send({ ...message, id: asked++ });
    connection.send(' ');
    await sleep(50);
  }
  trial.step({
    id: 'never_reads',
    what,
    sent: `${JSON.stringify(message)} × ${asked}`,
    received: closing(connection, startedAt),
    expected: text(
      `cut off ${slowReaderTimeMs} ms after its answers could not be sent`,
      `cortada ${slowReaderTimeMs} ms después de no poder enviarle respuestas`,
    ),
    held: connection.closedAt !== undefined,
  });
}

async function halfMessage(trial: Trial): Promise<void> {
  const data = transferNeeding(trial.target.config, 'mac');
  if (data === undefined) return;
  const user = await trial.user();
  const connection = await trial.keep(user.logIn(undefined, { allowHalfOpen: true }));
  const message = JSON.stringify(user.transaction(data, await takeNonce(connection)));
  connection.send(message);
  connection.socket.end();
  const reply = await connection.receive();
  const executed = await trial.approvals(user);
  trial.step({
    id: 'half_message',
    what: text(
      'a whole transaction without its end of line, then the client hangs up',
      'una transacción entera sin su fin de línea, y el cliente cuelga',
    ),
    sent: message,
    received: `${reply.text}, executed ${executed}`,
    expected: text('not executed: it may be cut off', 'no ejecutada: puede estar cortada'),
    held: reply.status !== 'OK' && executed === 0,
  });
}
