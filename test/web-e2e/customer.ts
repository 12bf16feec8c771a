import { type Chromium, PHONE, type Visitor, type VisitorOptions } from '../services/chromium.ts';
import { Console } from './console.ts';
import type { Sello } from './sello.ts';
import { Token } from './token.ts';

export const PHONE_OPTIONS: VisitorOptions = { viewport: PHONE, hasTouch: true, isMobile: true };

/** A user with the console on a desktop and a virtual token on a phone, each in its own browser profile. */
export interface Customer {
  readonly username: string;
  readonly desk: Visitor;
  readonly phone: Visitor;
  readonly bank: Console;
  readonly token: Token;
  /** Asserts that neither browser met an error, and closes both. */
  leave(): Promise<void>;
}

/** Registers a user and enrols the phone. */
export async function newCustomer(
  chromium: Chromium,
  sello: Sello,
  username: string,
  options: VisitorOptions = {},
): Promise<Customer> {
  const [desk, phone] = await Promise.all([
    chromium.visitor(sello.origin, options),
    chromium.visitor(sello.origin, { ...PHONE_OPTIONS, ...options }),
  ]);
  const bank = await new Console(desk.page).register(username);
  const token = await new Token(phone.page).enrol(await bank.invite());
  await bank.text('Your token is ready').waitFor();
  return {
    ...{ username, desk, phone, bank, token },
    async leave() {
      await desk.leave();
      await phone.leave();
    },
  };
}
