import { boundCode } from '../../../../src/domain/otp/bound-code.ts';
import { type Api, idempotencyKey } from '../../api/api.ts';
import { isProblem } from '../../api/problem.ts';
import { deviceHmac } from '../otp/hmac.ts';
import { type ClaimedDevice, type DeviceKey, newDeviceKey, openClaim } from './claimed-device.ts';

/** The server's answer to a claim is not for this device or not of a form known here. */
export class ClaimUnreadable extends Error {
  override name = 'ClaimUnreadable';
}

/** Claims invitations. One whose answer was lost is claimed again with the same key, so that the same answer comes. */
export class Enrolment {
  readonly #api: Api;
  #attempt: { readonly code: string; readonly claim: string; readonly key: DeviceKey } | undefined;

  /** @param api without a caller: the code is what speaks for the device */
  constructor(api: Api) {
    this.#api = api;
  }

  /** @throws ProblemError, ConnectionLost, ClaimUnreadable */
  async claim(code: string, label: string): Promise<ClaimedDevice> {
    if (this.#attempt?.code !== code)
      this.#attempt = { code, claim: idempotencyKey(), key: await newDeviceKey() };
    const { claim, key } = this.#attempt;
    const { jwe } = await this.#api(
      'POST /v1/enrolments/claim',
      { body: { code, device_key: key.publicKey, ...(label === '' ? {} : { label }) } },
      { idempotencyKey: claim },
    );
    const claimed = await openClaim(jwe, key);
    if (!claimed) throw new ClaimUnreadable('the enrolment does not open');
    this.#attempt = undefined;
    return claimed;
  }
}

/** The first code of a token that approves: what it answers to the question it was enrolled with (RFC 6287). */
export function firstCode(seed: Uint8Array, activationQuestion: string, atMs: number): string {
  return boundCode(deviceHmac, seed, activationQuestion, atMs);
}

/** Confirms a token by its first code. @param api of the device's session */
export async function confirmToken(api: Api, id: string, code: string): Promise<void> {
  try {
    await api('POST /v1/tokens/{id}/activation', { path: { id }, body: { code } });
  } catch (error) {
    // The answer to an earlier attempt was lost.
    if (!isProblem(error, 'token_not_pending')) throw error;
  }
}
