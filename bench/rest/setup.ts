/** A user of the REST measurements: two active tokens, a session, transactions that wait. */
export interface RestUser {
  readonly username: string;
  /** Of the `ocra` token, whose codes have six digits. */
  readonly seed: Uint8Array;
  /** Of the `hotp` token, whose codes have `HOTP_DIGITS`: neither token is asked about a code of the other. */
  readonly hotpSeed: Uint8Array;
  readonly accessToken: string;
  readonly pending: readonly { readonly id: string; readonly challenge: string }[];
}

export interface RestStage {
  readonly port: number;
  readonly key: string;
  readonly users: readonly RestUser[];
}

export const HOTP_DIGITS = 8;

export const REST_TRANSFER = { payer: 'ES79-1', payee: 'DE89-2', amount: '1250.00', currency: 'EUR' };
