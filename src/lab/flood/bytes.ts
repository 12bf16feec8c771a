import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { text } from '../../language/text.ts';
import { openAttacker, repliesByReason } from '../attackers.ts';
import { isRefused } from '../connection.ts';
import type { Trial } from '../trial.ts';

const CHUNK_BYTES = 65_536;
const ENDLESS_BYTES_MAX = 67_108_864;
const SLACK_MS = 2_000;
const NESTED = 4_000;

/** Sends lines that are too long, never end, are not text, or nest without end. */
export async function floodBytes(trial: Trial): Promise<void> {
  await giantLine(trial);
  await endlessLine(trial);
  await garbage(trial);
}

async function giantLine(trial: Trial): Promise<void> {
  const { lineBytesMax, lingerTimeMs } = trial.target.limits;
  const connection = await openAttacker(trial);
  const bytes = 16 * lineBytesMax;
  const message = `{"accion":"login","username":"${'a'.repeat(bytes)}","password":"x"}`;
  const reply = await connection.ask(`${message}\n`);
  const closed = await connection.closedWithin(lingerTimeMs + SLACK_MS);
  trial.step({
    id: 'giant_line',
    what: text(`one line of ${bytes} bytes`, `una línea de ${bytes} bytes`),
    sent: message,
    received: `${reply.text}${closed ? ', closed' : ', open'}`,
    expected: text(
      `line_too_long beyond ${lineBytesMax} bytes, and closed`,
      `line_too_long a partir de ${lineBytesMax} bytes, y cerrada`,
    ),
    held: isRefused(reply, 'line_too_long') && closed,
  });
}

async function endlessLine(trial: Trial): Promise<void> {
  const { lingerTimeMs } = trial.target.limits;
  const connection = await openAttacker(trial);
  const chunk = Buffer.alloc(CHUNK_BYTES, 'a');
  const startedAt = performance.now();
  let bytes = 0;
  while (connection.closedAt === undefined && bytes < ENDLESS_BYTES_MAX) {
    if (performance.now() - startedAt > lingerTimeMs + SLACK_MS) break;
    bytes += chunk.length;
    if (!connection.send(chunk)) await sleep(1);
  }
  const closed = connection.closedAt !== undefined;
  const tookMs = Math.round((connection.closedAt ?? performance.now()) - startedAt);
  const reply = await connection.receive(0);
  trial.step({
    id: 'endless_line',
    what: text('a line that does not end', 'una línea que no acaba'),
    sent: `aaaa… (${bytes} bytes)`,
    received: `${reply.text}, ${closed ? `closed after ${tookMs} ms` : 'open'}`,
    expected: text(
      `cut off within ${lingerTimeMs + SLACK_MS} ms`,
      `cortada en ${lingerTimeMs + SLACK_MS} ms como mucho`,
    ),
    held: closed && bytes < ENDLESS_BYTES_MAX,
  });
}

async function garbage(trial: Trial): Promise<void> {
  const connection = await openAttacker(trial);
  const lines: (string | Buffer)[] = [
    Buffer.concat([Buffer.from(randomBytes(256).filter((byte) => byte !== 10)), Buffer.from('\n')]),
    Buffer.from([0xff, 0xfe, 0x00, 0x0a]),
    `${'['.repeat(NESTED)}${']'.repeat(NESTED)}\n`,
    `${'{"a":'.repeat(1_000)}1${'}'.repeat(1_000)}\n`,
    'null\n',
    '[]\n',
    '"accion"\n',
    '{"accion":7}\n',
    '{"accion":"login","username":{},"password":[]}\n',
    '{"accion":"login","username":"\\ud800","password":"x"}\n',
  ];
  for (const line of lines) connection.send(line);
  const replies = await connection.collect(lines.length);
  trial.step({
    id: 'garbage',
    what: text(
      'random bytes, no UTF-8, nesting without end, wrong types',
      'bytes al azar, no UTF-8, anidamiento sin fin, tipos falsos',
    ),
    sent: `(${lines.length} lines)`,
    received: repliesByReason(replies),
    expected: text('each answered as an error, no crash', 'cada una respondida como error, sin caída'),
    held:
      replies.length === lines.length &&
      replies.every((reply) => isRefused(reply, 'json_invalid', 'message_invalid')),
  });
}
