// Debian's Chromium, driven by playwright-core: visitors with separate profiles, whose errors are recorded.
import assert from 'node:assert/strict';
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  type ConsoleMessage,
  chromium,
  type Page,
} from 'playwright-core';
import { until } from '../waiting.ts';

/** Debian's. */
const CHROMIUM = '/usr/bin/chromium';
const START_TIME_MS = 60_000;
/** How long a page may take to say something, on a machine that is busy with other tests. */
const ANSWER_TIME_MS = 60_000;

export const DESKTOP = { width: 1280, height: 800 } as const;
export const PHONE = { width: 390, height: 844 } as const;

export interface VisitorOptions extends BrowserContextOptions {
  /** Texts of the console's errors that a test provokes. */
  readonly expected?: readonly RegExp[];
}

/**
 * A browser that is closed when the test ends. Its profiles are of its own making, and gone with it.
 *
 * Why: docs/DECISIONS.md#pages-are-tested-in-debians-chromium
 */
export async function startChromium(t: { after(task: () => unknown): void }): Promise<Chromium> {
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    timeout: START_TIME_MS,
    // Root has no sandbox; /dev/shm is small in a container.
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--force-color-profile=srgb'],
  });
  t.after(() => browser.close());
  return new Chromium(browser);
}

export class Chromium {
  readonly browser: Browser;

  constructor(browser: Browser) {
    this.browser = browser;
  }

  get version(): string {
    return this.browser.version();
  }

  /** Somebody with a browser profile of their own, on one page of `origin`. */
  async visitor(origin: string, { expected = [], ...options }: VisitorOptions = {}): Promise<Visitor> {
    const context = await this.browser.newContext({
      baseURL: origin,
      viewport: DESKTOP,
      locale: 'en-GB',
      timezoneId: 'Europe/Madrid',
      reducedMotion: 'reduce',
      ...options,
    });
    context.setDefaultTimeout(ANSWER_TIME_MS);
    const visitor = new Visitor(context, await context.newPage(), { origin, expected });
    return visitor;
  }
}

/** Waits until the expression is true in the page. By the debugger: the pages' policy lets no text become a program. */
export async function untilInPage(page: Page, expression: string, timeMs = ANSWER_TIME_MS): Promise<void> {
  // Evaluating fails while the page goes over to another.
  await until(async () => (await page.evaluate(expression).catch(() => false)) === true, {
    ...{ what: expression, everyMs: 25, timeMs },
  });
}

/**
 * Shows a page of the product in a colour scheme, and returns when it is whole: during a transition colours have no final
 * contrast. Running ones are ended: a page that goes on changing would always be in one.
 */
export async function showIn(page: Page, colorScheme: 'light' | 'dark'): Promise<void> {
  await page.emulateMedia({ colorScheme });
  await untilInPage(
    page,
    `document.documentElement.dataset.mantineColorScheme === '${colorScheme}' && getComputedStyle(document.body).color !== '' && document.getAnimations().filter((each) => each instanceof CSSTransition && !each.finish()).length === 0`,
  );
}

/** One person's browser. What must not happen in it is written down: errors, violations of the policy, other origins. */
export class Visitor {
  readonly context: BrowserContext;
  readonly page: Page;
  readonly #origin: string;
  readonly #expected: readonly RegExp[];
  readonly #faults: string[] = [];

  constructor(
    context: BrowserContext,
    page: Page,
    { origin, expected }: { readonly origin: string; readonly expected: readonly RegExp[] },
  ) {
    this.context = context;
    this.page = page;
    this.#origin = origin;
    this.#expected = expected;
    context.on('console', (message) => this.#read(message));
    context.on('weberror', (error) => this.#fault(`thrown: ${error.error().stack ?? error.error()}`));
    context.on('request', (request) => {
      const url = new URL(request.url());
      const inside = ['data:', 'blob:', 'about:'].includes(url.protocol) || url.origin === this.#origin;
      if (!inside) this.#fault(`a request to another origin: ${url.href}`);
    });
  }

  /** What has gone wrong so far. */
  get faults(): readonly string[] {
    return this.#faults;
  }

  /** Asserts that nothing went wrong, and leaves. */
  async leave(): Promise<void> {
    await this.context.close();
    assert.deepEqual(this.#faults, []);
  }

  #read(message: ConsoleMessage): void {
    if (message.type() !== 'error') return;
    const text = message.text();
    const { url } = message.location();
    // A refusal of the API is an answer like others: the page tells it, and the browser writes it down besides.
    const refusal = /^Failed to load resource: the server responded with a status of 4\d\d/.test(text);
    if (refusal && url.startsWith(`${this.#origin}/v1/`)) return;
    this.#fault(`${text} (${url})`);
  }

  #fault(text: string): void {
    if (!this.#expected.some((pattern) => pattern.test(text))) this.#faults.push(text.slice(0, 2_000));
  }
}
