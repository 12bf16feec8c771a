import { boundCode } from '../../../../src/domain/otp/bound-code.ts';
import { type Api, idempotencyKey } from '../../api/api.ts';
import { isProblem } from '../../api/problem.ts';
import { deviceHmac } from '../otp/hmac.ts';
import { type ClaimedDevice, type DeviceKey, newDeviceKey, openClaim } from './claimed-device.ts';

/** The server's answer to a claim is for another device or of an unknown form. */
export class ClaimUnreadable extends Error {
  override name = 'ClaimUnreadable';
}

/**
 * Claims invitations. If an answer is lost, the claim is repeated with the same idempotency key and device key, and
 * the same answer comes.
 */
export class Enrolment {
  readonly #api: Api;
  #attempt: { readonly code: string; readonly claim: string; readonly key: DeviceKey } | undefined;

  /** @param api without credentials: the code is the credential */
  constructor(api: Api) {
    this.#api = api;
  }

  /**
   * Claims the invitation of a one-time code. @throws ProblemError, ConnectionLost, ClaimUnreadable
   * @param password of the account, where an administrator made the invitation (`password_required`)
   */
  async claim(code: string, label: string, password?: string): Promise<ClaimedDevice> {
    if (this.#attempt?.code !== code)
      this.#attempt = { code, claim: idempotencyKey(), key: await newDeviceKey() };
    const { claim, key } = this.#attempt;
    const { jwe } = await this.#api(
      'POST /v1/enrolments/claim',
      {
        body: {
          ...{ code, device_key: key.publicKey },
          ...(label === '' ? {} : { label }),
          ...(password === undefined ? {} : { password }),
        },
      },
      { idempotencyKey: claim },
    );
    const claimed = await openClaim(jwe, key);
    if (!claimed) throw new ClaimUnreadable('the enrolment does not open');
    this.#attempt = undefined;
    return claimed;
  }
}

/** Computes the first code of an approval token, for the question of its enrolment (RFC 6287). */
export function firstCode(seed: Uint8Array, activationQuestion: string, atMs: number): string {
  return boundCode(deviceHmac, seed, activationQuestion, atMs);
}

/** Confirms a token by its first code. @param api of the device's session */
export async function confirmToken(api: Api, id: string, code: string): Promise<void> {
  try {
    await api('POST /v1/tokens/{id}/activation', { path: { id }, body: { code } });
  } catch (error) {
    // An earlier attempt succeeded, but its answer was lost.
    if (!isProblem(error, 'token_not_pending')) throw error;
  }
}
