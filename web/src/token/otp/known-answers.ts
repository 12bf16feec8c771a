import { sha1 } from '@noble/hashes/legacy.js';
import { isRefusal } from '../../../../src/domain/errors.ts';
import type { HmacAlgorithm } from '../../../../src/domain/otp/hmac.ts';
import { hotpCode } from '../../../../src/domain/otp/hotp.ts';
import { ocraCode, parseSuite } from '../../../../src/domain/otp/ocra.ts';
import { timeStep, totpCode } from '../../../../src/domain/otp/totp.ts';
import rfc4226 from '../../../../test/vectors/rfc4226.json' with { type: 'json' };
import rfc6238 from '../../../../test/vectors/rfc6238.json' with { type: 'json' };
import rfc6287 from '../../../../test/vectors/rfc6287.json' with { type: 'json' };
import { deviceHmac } from './hmac.ts';

export interface Standard {
  readonly name: 'RFC 4226' | 'RFC 6238' | 'RFC 6287';
  readonly vectors: number;
  readonly right: number;
}

interface OcraVector {
  readonly suite: string;
  readonly key: string;
  readonly question: string;
  readonly response: string;
  readonly counter?: number;
  readonly pin?: string;
  readonly time_s?: number;
}

const bytes = (text: string) => new TextEncoder().encode(text);

/**
 * Computes every published vector of the three standards with the code that computes the user's codes, on this device.
 */
export function knownAnswers(): readonly Standard[] {
  return [
    count('RFC 4226', rfc4226.vectors, ({ counter, code }) => {
      const parameters = { algorithm: 'sha1', digits: rfc4226.digits } as const;
      return hotpCode(deviceHmac, bytes(rfc4226.secret), counter, parameters) === code;
    }),
    count('RFC 6238', rfc6238.vectors, ({ algorithm, secret, time_s: timeS, code }) => {
      const parameters = {
        algorithm: algorithm as HmacAlgorithm,
        digits: rfc6238.digits,
        periodS: rfc6238.period_s,
      };
      return totpCode(deviceHmac, bytes(secret), timeS * 1000, parameters) === code;
    }),
    count('RFC 6287', rfc6287.vectors as readonly OcraVector[], isRight),
  ];
}

function isRight({ suite: text, key, question, counter, pin, time_s: timeS, response }: OcraVector): boolean {
  const suite = parseSuite(text);
  if (isRefusal(suite)) return false;
  const shown = ocraCode(deviceHmac, suite, bytes(key), {
    question,
    ...(counter === undefined ? {} : { counter }),
    ...(pin === undefined ? {} : { passwordHash: sha1(bytes(pin)) }),
    ...(timeS === undefined ? {} : { timeStep: timeStep(timeS * 1000, suite.timeStepS ?? 60) }),
  });
  return shown === response;
}

function count<Vector>(
  name: Standard['name'],
  vectors: readonly Vector[],
  right: (vector: Vector) => boolean,
): Standard {
  return { name, vectors: vectors.length, right: vectors.filter(right).length };
}
