/** A user of the REST measurements: an active `ocra` token, a session, transactions that wait. */
export interface RestUser {
  readonly username: string;
  readonly seed: Uint8Array;
  readonly accessToken: string;
  readonly pending: readonly { readonly id: string; readonly challenge: string }[];
}

export interface RestStage {
  readonly port: number;
  readonly key: string;
  readonly users: readonly RestUser[];
}

export const REST_TRANSFER = { payer: 'ES79-1', payee: 'DE89-2', amount: '1250.00', currency: 'EUR' };
