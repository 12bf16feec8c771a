import { text } from '../../language/text.ts';
import { LabConnection } from '../connection.ts';
import { takeNonce } from '../nonces.ts';
import type { AttackOptions, Target } from '../target.ts';
import type { ThrowawayUser } from '../throwaway-user.ts';
import { transferNeeding } from '../transfers.ts';
import { runTrial, type Trial } from '../trial.ts';
import type { Verdict } from '../verdict.ts';
import { CODE, PASSWORD } from './factor.ts';
import { rightAfterLock, rightWhileLocked, untilLocked } from './lock.ts';
import { manyCodes, manyPasswords } from './parallel.ts';

export interface GuessOptions extends AttackOptions {
  /** How many guesses to send at once. */
  readonly parallel?: number;
}

export const PARALLEL = 64;
/** With a higher bound, guessing until the lock takes too many attempts: the attack is skipped. */
const ATTEMPTS_MAX = 50;

/**
 * Guesses codes and passwords: one after the other until the factor is locked, then the right value, which must not
 * be evaluated. Then guesses many at once over many connections: no more than the configured attempts may be
 * evaluated.
 */
export function guess(target: Target, options: GuessOptions = {}): Promise<Verdict> {
  return runTrial('guess', target, options, async (trial) => {
    const { attemptsMax } = target.config.lockout;
    if (attemptsMax > ATTEMPTS_MAX) {
      trial.skip(
        'guess',
        text('guesses until locked', 'intentos hasta el bloqueo'),
        text(`lockout.attempts_max is ${attemptsMax}`, `lockout.attempts_max es ${attemptsMax}`),
      );
      return;
    }
    const parallel = options.parallel ?? PARALLEL;
    const data = transferNeeding(target.config, 'mac') ?? 'CuentaA,CuentaB,10.00,EUR';
    const victim = await trial.user({ tokens: true });
    const session = await trial.keep(victim.logIn());
    const codesLater = await guessCodes({ trial, victim, session, data });
    const passwordsLater = await guessPasswords({ trial, victim, session, data });
    await manyCodes(trial, data, parallel);
    await manyPasswords(trial, Math.ceil(parallel / 2));
    await codesLater();
    await passwordsLater();
  });
}

interface Setting {
  readonly trial: Trial;
  readonly victim: ThrowawayUser;
  readonly session: LabConnection;
  readonly data: string;
}

/** @returns the step to run when the lock is over */
async function guessCodes(setting: Setting): Promise<() => Promise<void>> {
  const { trial, victim, session, data } = setting;
  const { attemptsMax } = trial.target.config.lockout;
  const codes = victim.wrongCodes(attemptsMax);
  const guessOne = async (codigo: string) => {
    const message = victim.transaction(data, await takeNonce(session), { codigo });
    return { message, reply: await session.ask(message) };
  };
  await untilLocked(
    trial,
    victim,
    CODE,
    codes.map((code) => () => guessOne(code)),
  );
  const lockedUntil = await rightWhileLocked(trial, victim, CODE, () => guessOne(victim.plainCode()));

  const nonce = await takeNonce(session);
  const byMac = victim.transaction(data, nonce);
  const goesOn = await session.ask(byMac);
  if (transferNeeding(trial.target.config, 'mac') !== undefined) {
    trial.step({
      id: 'session_goes_on',
      what: text(
        'meanwhile the user, logged in before, pays by MAC',
        'mientras, el usuario, con sesión de antes, paga con MAC',
      ),
      sent: byMac,
      received: goesOn.text,
      expected: text(
        'accepted: an attacker cannot lock the user out',
        'aceptada: un atacante no puede dejar fuera al usuario',
      ),
      held: goesOn.status === 'OK',
    });
  }
  return () =>
    rightAfterLock(trial, CODE, lockedUntil, async () => {
      const { message, reply } = await guessOne(victim.plainCode());
      return { message, reply, accepted: reply.status === 'OK' || reply.error === 'bound_code_required' };
    });
}

async function guessPasswords(setting: Setting): Promise<() => Promise<void>> {
  const { trial, victim } = setting;
  const honest = await victim.logInMessage();
  const attempt = async (password: string) => {
    const message = { ...honest, password };
    const connection = await LabConnection.open(trial.target.endpoint);
    const reply = await connection.ask(message);
    connection.destroy();
    return { message, reply };
  };
  const { attemptsMax } = trial.target.config.lockout;
  const guesses = Array.from({ length: attemptsMax }, (_, n) => () => attempt(`${victim.password}${n}`));
  await untilLocked(trial, victim, PASSWORD, guesses);
  const lockedUntil = await rightWhileLocked(trial, victim, PASSWORD, () => attempt(victim.password));
  return () =>
    rightAfterLock(trial, PASSWORD, lockedUntil, async () => {
      const { message, reply } = await attempt(victim.password);
      return { message, reply, accepted: reply.status === 'OK' };
    });
}
