import { base64url, compactVerify, importJWK } from 'jose';
import {
  MESSAGE_ID,
  type MessageClaims,
  SIGNED_TYPE,
  SIGNING_ALGORITHM,
} from '../../domain/messages/message-form.ts';
import type { Correspondent } from './identity-keys.ts';
import { type MessageProblem, problem } from './message-problem.ts';

export interface VerifiedMessage {
  readonly claims: MessageClaims;
  readonly content: Uint8Array;
}

/** Clocks of people's devices differ by so much. */
const SKEW_MS = 300_000;
const HEADER_LENGTH_MAX = 512;
const MEMBERS = ['aud', 'body', 'cty', 'exp', 'iat', 'iss', 'jti'];

/**
 * Verifies a signed message offline, by the keys of its supposed sender. Does NOT check that those are the sender's: the
 * caller has pinned them, or looked them up in the log.
 * @param at ms since 1970; undefined: whenever it was, as for a message that is kept as evidence
 */
export async function verifySigned(
  signed: string,
  sender: Correspondent,
  at: number | undefined,
): Promise<VerifiedMessage | MessageProblem> {
  const [encodedHeader, , , more] = signed.split('.', 4);
  const header = readHeader(encodedHeader ?? '');
  if (header === undefined || more !== undefined) return problem('form_invalid', 'a compact JWS');
  if (
    Object.keys(header).sort().join() !== 'alg,kid,typ' ||
    header.alg !== SIGNING_ALGORITHM ||
    header.typ !== SIGNED_TYPE
  )
    return problem('form_invalid', 'the header of the JWS');
  if (header.kid !== sender.signKey) return problem('sender_other', 'kid');
  let payload: Uint8Array;
  try {
    const key = await importJWK(sender.signJwk, SIGNING_ALGORITHM);
    ({ payload } = await compactVerify(signed, key, { algorithms: [SIGNING_ALGORITHM] }));
  } catch {
    return problem('signature_invalid');
  }
  const claims = readClaims(payload);
  if ('problem' in claims) return claims;
  if (claims.iss !== sender.user) return problem('sender_other', 'iss');
  if (at !== undefined && claims.iat * 1000 > at + SKEW_MS) return problem('not_yet_valid');
  if (at !== undefined && claims.exp * 1000 <= at) return problem('expired');
  return { claims, content: base64url.decode(claims.body) };
}

function readHeader(encoded: string): Readonly<Record<string, unknown>> | undefined {
  if (encoded.length > HEADER_LENGTH_MAX) return undefined;
  try {
    const value: unknown = JSON.parse(
      new TextDecoder('utf-8', { fatal: true }).decode(base64url.decode(encoded)),
    );
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function readClaims(payload: Uint8Array): MessageClaims | MessageProblem {
  let claims: MessageClaims;
  try {
    claims = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload)) as MessageClaims;
  } catch {
    return problem('form_invalid', 'the claims are not JSON');
  }
  const invalid = problem('form_invalid', 'the claims');
  if (typeof claims !== 'object' || claims === null || Object.keys(claims).sort().join() !== MEMBERS.join())
    return invalid;
  const { iss, aud, jti, iat, exp, cty, body } = claims;
  const texts = typeof iss === 'string' && typeof cty === 'string' && typeof body === 'string';
  const times = Number.isSafeInteger(iat) && Number.isSafeInteger(exp);
  const named = Array.isArray(aud) && aud.every((each) => typeof each === 'string');
  return texts && times && named && typeof jti === 'string' && MESSAGE_ID.test(jti) ? claims : invalid;
}
