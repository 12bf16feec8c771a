import type { Page } from 'playwright-core';

export const PASSWORD = 'correct horse battery';

export interface Transfer {
  readonly payer?: string;
  readonly payee: string;
  readonly amount: string;
  readonly currency?: string;
}

/** A user's actions in the console, by what the screen shows in English. */
export class Console {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  heading(name: string | RegExp) {
    return this.page.getByRole('heading', { level: 1, name });
  }

  text(text: string | RegExp) {
    return this.page.getByText(text).first();
  }

  button(name: string | RegExp) {
    return this.page.getByRole('button', { name, exact: typeof name === 'string' });
  }

  /** Goes to a place of the console as a link would. */
  async at(...place: readonly string[]): Promise<void> {
    const hash = `#/${place.map(encodeURIComponent).join('/')}`;
    if (!this.page.url().includes('/console')) await this.page.goto(`/console${hash}`);
    else await this.page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
  }

  /** Registers and logs in `username`. @returns this console */
  async register(username: string): Promise<this> {
    await this.page.goto('/console#/register');
    await this.page.getByRole('textbox', { name: 'User name' }).fill(username);
    await this.page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await this.page.getByLabel('Repeat the password').fill(PASSWORD);
    await this.button('Register').click();
    await this.heading(`Hello, ${username}`).waitFor();
    return this;
  }

  /** Submits name and password. */
  async offerPassword(username: string, password: string = PASSWORD): Promise<void> {
    if (!this.page.url().includes('/console')) await this.page.goto('/console');
    await this.page.getByRole('textbox', { name: 'User name' }).fill(username);
    await this.page.getByLabel('Password', { exact: true }).fill(password);
    await this.button('Log in').click();
  }

  async logIn(username: string): Promise<this> {
    await this.offerPassword(username);
    await this.heading(`Hello, ${username}`).waitFor();
    return this;
  }

  /** Logs in by password and code. */
  async logInByCode(user: { readonly username: string; code(): string }): Promise<this> {
    await this.offerPassword(user.username);
    await this.page.getByLabel('Code').fill(user.code());
    await this.button('Confirm').click();
    // Operators begin at their own side.
    await this.heading(`Hello, ${user.username}`).or(this.heading('Monitoring')).waitFor();
    return this;
  }

  /** In the account's menu, whatever language it is in. */
  async chooseLanguage(language: 'en' | 'es'): Promise<void> {
    await this.button(/^(Account of|Cuenta de)/).click();
    await this.page.getByLabel(/^(Language|Idioma)$/).selectOption(language);
    await this.page.keyboard.press('Escape');
  }

  async logOut(): Promise<void> {
    await this.button(/^Account of/).click();
    await this.button('Log out').click();
    await this.heading('Welcome back').waitFor();
  }

  /** Creates an invitation. @returns its link */
  async invite(): Promise<string> {
    await this.at('devices', 'enrol');
    const link = this.page.getByRole('link', { name: 'Open on this device' });
    return (await link.getAttribute('href')) ?? '';
  }

  /** Requests a transaction and waits for its page. @returns its id */
  async transfer({ payer = 'ES79-2100-0813', payee, amount, currency }: Transfer): Promise<string> {
    await this.at('transfers', 'new');
    await this.page.getByLabel('From account').fill(payer);
    await this.page.getByLabel('To account').fill(payee);
    await this.page.getByLabel('Amount').fill(amount);
    if (currency !== undefined) await this.page.getByLabel('Currency').selectOption(currency);
    await this.button('Continue to approval').click();
    await this.page.waitForURL(/#\/transfers\/[0-9a-f-]{36}/);
    await this.text('Approve on your token').waitFor();
    return this.page.url().split('/').at(-1) ?? '';
  }

  /** Waits until the page of the transaction shows this state. */
  async becomes(state: 'Approved' | 'Refused' | 'Expired'): Promise<void> {
    await this.page.getByRole('status').filter({ hasText: state }).waitFor();
  }
}
