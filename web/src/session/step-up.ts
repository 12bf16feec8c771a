import type { PasskeyAuthenticationResponse } from '../api/operations.ts';

/** What a user shows of a token or passkey. */
export type Shown = { readonly code: string } | { readonly passkey: PasskeyAuthenticationResponse };

/** A request of the page that waits until its user shows a code or passkey (step-up). */
export interface StepUp {
  /** Whether the user may type a code; if not, only a passkey serves. */
  readonly codes: boolean;
  /** Sends what was shown. Throws what the server refuses. */
  readonly send: (shown: Shown) => Promise<void>;
  /** Ends the wait: whether it was sent. */
  readonly end: (sent: boolean) => void;
}

let waiting: StepUp | undefined;
const listeners = new Set<() => void>();

function put(next: StepUp | undefined): void {
  waiting = next;
  for (const listener of listeners) listener();
}

export const stepUps = {
  current: () => waiting,
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};

/** Asks the user for a code or a passkey. @returns whether it was shown and sent */
export function askForProof(asked: Omit<StepUp, 'end'>): Promise<boolean> {
  waiting?.end(false);
  return new Promise((resolve) => {
    put({
      ...asked,
      end(sent) {
        put(undefined);
        resolve(sent);
      },
    });
  });
}
