import { text } from '../../language/text.ts';
import { isRefused, LabConnection, type Reply } from '../connection.ts';
import { takeNonces } from '../nonces.ts';
import type { ThrowawayUser } from '../throwaway-user.ts';
import type { Trial } from '../trial.ts';
import { CODE, evaluated, type Factor, PASSWORD, WRONG } from './factor.ts';

const CONNECTIONS = 8;

/** Sends wrong codes at once, over several connections of one session. */
export async function manyCodes(trial: Trial, data: string, parallel: number): Promise<void> {
  const victim = await trial.user({ tokens: true });
  const first = await trial.keep(victim.logIn());
  const others = await Promise.all(
    Array.from({ length: CONNECTIONS - 1 }, () => trial.keep(victim.resume())),
  );
  const connections = [first, ...others];
  const nonces = await takeNonces(first, parallel);
  const codes = victim.wrongCodes(parallel);
  const sent: number[] = connections.map(() => 0);
  const messages = nonces.map((nonce, id) =>
    victim.transaction(data, nonce, { codigo: codes[id] ?? '', id }),
  );
  for (const [index, message] of messages.entries()) {
    const place = index % CONNECTIONS;
    sent[place] = (sent[place] ?? 0) + 1;
    connections[place]?.send(message);
  }
  const replies = (await Promise.all(connections.map((on, place) => on.collect(sent[place] ?? 0)))).flat();
  await judgeMany(trial, victim, CODE, { sent: messages[0] ?? '', replies, parallel });
}

/** Sends wrong passwords of one user at once, one connection each. */
export async function manyPasswords(trial: Trial, parallel: number): Promise<void> {
  const victim = await trial.user();
  const { username } = victim;
  const messages = Array.from({ length: parallel }, (_, n) => ({
    accion: 'login',
    username,
    password: `${victim.password}${n}`,
  }));
  const connections = await Promise.all(
    messages.map(() => trial.keep(LabConnection.open(trial.target.endpoint))),
  );
  const replies = await Promise.all(connections.map((connection, n) => connection.ask(messages[n] ?? '')));
  for (const connection of connections) connection.destroy();
  await judgeMany(trial, victim, PASSWORD, { sent: messages[0] ?? '', replies, parallel });
}

async function judgeMany(
  trial: Trial,
  victim: ThrowawayUser,
  factor: Factor,
  { sent, replies, parallel }: { sent: object | string; replies: readonly Reply[]; parallel: number },
): Promise<void> {
  const { attemptsMax } = trial.target.config.lockout;
  const wrong = replies.filter((reply) => isRefused(reply, factor.wrong)).length;
  const locked = replies.filter((reply) => isRefused(reply, 'locked', 'busy')).length;
  const count = await evaluated(trial, victim, factor);
  trial.step({
    id: `${factor.id}s_in_parallel`,
    what: text(
      `${parallel} ${WRONG[factor.id].en} at once over many connections`,
      `${parallel} ${WRONG[factor.id].es} a la vez por muchas conexiones`,
    ),
    sent,
    received: `${factor.wrong} ${wrong}, locked ${locked}, evaluated ${count}`,
    expected: text(
      `at most ${attemptsMax} looked at, all others locked`,
      `como mucho ${attemptsMax} mirados, los demás locked`,
    ),
    held: wrong <= attemptsMax && count <= attemptsMax && wrong + locked === parallel,
  });
}
