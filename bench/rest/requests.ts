import { createHmac, randomInt } from 'node:crypto';
import { boundCode } from '../../src/domain/otp/bound-code.ts';
import { hotpCode } from '../../src/domain/otp/hotp.ts';
import { boundQuestion } from '../../src/domain/transaction/bound-question.ts';
import { LIMITS } from '../../src/limits.ts';
import { HOTP_DIGITS, REST_TRANSFER, type RestStage, type RestUser } from './setup.ts';

function hmac(algorithm: string, key: Uint8Array, message: Uint8Array): Buffer {
  return createHmac(algorithm, key).update(message).digest();
}

function codeOver(seed: Uint8Array, challenge: string): string {
  return boundCode(hmac, seed, boundQuestion({ ...REST_TRANSFER, challenge, v: 1 }), Date.now());
}

function requestOf(path: string, token: string, body: object): string {
  const text = JSON.stringify(body);
  return `POST ${path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n${text}`;
}

/** Validations as they go over the wire, each with a bound code over a challenge of its own; users in turn. */
export async function validationsOf({ port, key, users }: RestStage, count: number): Promise<string[]> {
  const made: string[] = [];
  while (made.length < count) {
    const response = await fetch(`http://127.0.0.1:${port}/v1/challenges`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ count: Math.min(LIMITS.challengesPerRequestMax, count - made.length) }),
    });
    const { challenges } = (await response.json()) as { challenges: { nonce: string }[] };
    for (const { nonce: challenge } of challenges) {
      const user = users[made.length % users.length];
      if (!user) throw new Error('no users');
      const transaction = { ...REST_TRANSFER, challenge };
      const body = { username: user.username, code: codeOver(user.seed, challenge), transaction };
      made.push(requestOf('/v1/codes/validation', key, body));
    }
  }
  return made;
}

/** Validations of counter-based codes, each the user's next; users in turn. @param used the counters used so far, by user */
export function hotpValidationsOf({ key, users }: RestStage, count: number, used: number[]): string[] {
  return Array.from({ length: count }, (_, index) => {
    const at = index % users.length;
    const { username = '', hotpSeed = NO_SEED } = users[at] ?? {};
    const counter = used[at] ?? 0;
    used[at] = counter + 1;
    const code = hotpCode(hmac, hotpSeed, counter, { algorithm: 'sha1', digits: HOTP_DIGITS });
    return requestOf('/v1/codes/validation', key, { username, code });
  });
}

const NO_SEED = new Uint8Array();

/**
 * Approvals as they go over the wire: of each user's first transaction, then of each one's second, and so on, those of a
 * turn in no order, since users do not decide in the order in which they were asked.
 */
export function approvalsOf({ users }: RestStage, pending: readonly RestUser['pending'][]): string[] {
  const made: string[] = [];
  for (let turn = 0; pending.some((of) => of.length > turn); turn++) {
    const ofTurn: string[] = [];
    for (const [index, user] of users.entries()) {
      const one = pending[index]?.[turn];
      if (!one) continue;
      const path = `/v1/transactions/${one.id}/approval`;
      ofTurn.push(requestOf(path, user.accessToken, { code: codeOver(user.seed, one.challenge) }));
    }
    made.push(...shuffled(ofTurn));
  }
  return made;
}

/** Fisher and Yates. */
function shuffled(texts: string[]): string[] {
  for (let last = texts.length - 1; last > 0; last--) {
    const other = randomInt(last + 1);
    [texts[last], texts[other]] = [texts[other] ?? '', texts[last] ?? ''];
  }
  return texts;
}
