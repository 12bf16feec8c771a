import { setTimeout as sleep } from 'node:timers/promises';
import { text } from '../../language/text.ts';
import { isRefused, type Reply } from '../connection.ts';
import type { ThrowawayUser } from '../throwaway-user.ts';
import type { Trial } from '../trial.ts';
import { evaluated, type Factor, RIGHT, WRONG } from './factor.ts';

/** Sends one guess. */
export type Attempt = () => Promise<{ readonly message: object; readonly reply: Reply }>;

/** Guesses wrong until the factor is locked: each guess is evaluated, the last answer gives the time of the lock. */
export async function untilLocked(
  trial: Trial,
  victim: ThrowawayUser,
  factor: Factor,
  guesses: readonly Attempt[],
): Promise<void> {
  const { attemptsMax, lockMs } = trial.target.config.lockout;
  let last = await guesses[0]?.();
  const replies = last ? [last.reply] : [];
  for (const attempt of guesses.slice(1)) {
    last = await attempt();
    replies.push(last.reply);
  }
  const waitMs = last?.reply.answer.reintentar_ms;
  const count = await evaluated(trial, victim, factor);
  trial.step({
    id: `${factor.id}_guessed`,
    what: text(
      `${attemptsMax} ${WRONG[factor.id].en}, one after the other`,
      `${attemptsMax} ${WRONG[factor.id].es}, ${factor.id === 'code' ? 'uno tras otro' : 'una tras otra'}`,
    ),
    sent: last?.message ?? '',
    received: last?.reply.text ?? '',
    expected: text(
      `each refused (${factor.wrong}), the last with the time of the lock, ${lockMs} ms`,
      `cada uno rechazado (${factor.wrong}), el último con el tiempo de bloqueo, ${lockMs} ms`,
    ),
    held:
      replies.every((reply) => isRefused(reply, factor.wrong)) && waitMs === lockMs && count === attemptsMax,
  });
}

/** Tries the right value during the lock: it must not be evaluated. @returns when the lock ends, by `performance.now()` */
export async function rightWhileLocked(
  trial: Trial,
  victim: ThrowawayUser,
  factor: Factor,
  attempt: Attempt,
): Promise<number> {
  const before = await evaluated(trial, victim, factor);
  const { message, reply } = await attempt();
  const waitMs = reply.answer.reintentar_ms;
  const { lockMs } = trial.target.config.lockout;
  const exact = typeof waitMs === 'number' && waitMs > 0 && waitMs <= lockMs;
  trial.step({
    id: `${factor.id}_right_while_locked`,
    what: text(`${RIGHT[factor.id].en} while it is locked`, `${RIGHT[factor.id].es} durante el bloqueo`),
    sent: message,
    received: reply.text,
    expected: text(
      'refused: locked, not looked at, with the time that is left',
      'rechazado: locked, sin mirarlo, con el tiempo que queda',
    ),
    held: isRefused(reply, 'locked') && exact && (await evaluated(trial, victim, factor)) === before,
  });
  return performance.now() + (exact ? waitMs : 0);
}

/** Tries the right value once the lock is over. */
export async function rightAfterLock(
  trial: Trial,
  factor: Factor,
  lockedUntil: number,
  attempt: () => Promise<{ readonly message: object; readonly reply: Reply; readonly accepted: boolean }>,
): Promise<void> {
  const what = text(
    `${RIGHT[factor.id].en} when the time given is over`,
    `${RIGHT[factor.id].es} al acabar el tiempo indicado`,
  );
  const leftMs = Math.ceil(lockedUntil - performance.now());
  // The hint adds a second, so that a run with this patience is not skipped again.
  const seconds = Math.ceil(leftMs / 1_000) + 1;
  if (!trial.hasPatience(`${factor.id}_right_after_lock`, what, leftMs, seconds)) return;
  await sleep(Math.max(0, leftMs));
  const { message, reply, accepted } = await attempt();
  trial.step({
    id: `${factor.id}_right_after_lock`,
    what,
    sent: message,
    received: reply.text,
    expected: text('taken, at the first try', 'aceptado, al primer intento'),
    held: accepted,
  });
}
