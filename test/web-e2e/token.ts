import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';

export const PIN = '739154';

/** A user's actions in the virtual token, by what the screen shows in English. */
export class Token {
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

  get dialog() {
    return this.page.getByRole('dialog');
  }

  async at(...place: readonly string[]): Promise<void> {
    await this.page.evaluate(`location.hash = ${JSON.stringify(`#/${place.join('/')}`)}`);
  }

  /** Follows the link of an invitation until the token asks for a PIN. */
  async begin(link: string, label = 'Phone'): Promise<void> {
    await this.page.goto(link);
    await this.page.getByLabel('Name for this device').fill(label);
    await this.button('Continue').click();
    await this.heading('Protect it').waitFor();
  }

  async offerNewPin(pin: string = PIN): Promise<void> {
    await this.page.getByLabel('New PIN').fill(pin);
    await this.page.getByLabel('The PIN again').fill(pin);
    await this.button('Set up the token').click();
  }

  /** Enrols by the link of an invitation, up to the page of codes. */
  async enrol(link: string, label = 'Phone'): Promise<this> {
    await this.begin(link, label);
    await this.offerNewPin();
    await this.heading('Your token is ready').waitFor();
    await this.button('Show my code').click();
    await this.heading('Code').waitFor();
    return this;
  }

  async offerPin(pin: string): Promise<void> {
    await this.page.getByLabel('PIN', { exact: true }).fill(pin);
    await this.button('Open').click();
  }

  /** Returns the six-digit code on the page. */
  async code(): Promise<string> {
    const label = await this.page
      .getByRole('img', { name: /^Code of/ })
      .first()
      .getAttribute('aria-label');
    const digits = /: ([\d ]+)$/.exec(label ?? '')?.[1]?.replaceAll(' ', '') ?? '';
    assert.match(digits, /^\d{6}$/);
    return digits;
  }

  /** Opens the pending transaction of a payee. */
  async open(payee: string): Promise<void> {
    await this.at('approvals');
    await this.page.getByRole('link', { name: new RegExp(`Payment.*${payee}`) }).click();
    await this.heading('Approve this payment?').waitFor();
  }

  /** Activates the button by keyboard, without holding it. */
  async consent(pin: string = PIN): Promise<void> {
    await this.button('Press and hold to approve').press('Enter');
    await this.dialog.getByLabel('PIN', { exact: true }).fill(pin);
    await this.dialog.getByRole('button', { name: 'Approve', exact: true }).click();
  }

  async approve(payee: string): Promise<void> {
    await this.open(payee);
    await this.consent();
    await this.heading('Approved').waitFor();
  }
}
