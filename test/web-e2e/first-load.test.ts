/*
 * Goal: a first visit costs no more than its bound, runs under the policy, and follows the colour scheme, as Chromium sees it.
 * Method: an empty profile; bytes as the browser counts them on the network, times by its Performance API. Times are
 * reported but not judged, because they depend on the machine.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ROOT } from '../docs/machine.ts';
import { axe } from '../services/axe.ts';
import { DESKTOP, showIn, startChromium, untilInPage } from '../services/chromium.ts';
import { Console } from './console.ts';
import { PHONE_OPTIONS } from './customer.ts';
import { runSello } from './sello.ts';

const [chromium, sello] = await Promise.all([startChromium({ after }), runSello({ after })]);
/** Unit: kB of 1,000 bytes, header fields included */
const FIRST_LOAD_KB_MAX = { '/': 200, '/token': 200, '/console': 350 };

for (const [path, kbMax] of Object.entries(FIRST_LOAD_KB_MAX)) {
  test(`${path}: at most ${kbMax} kB at the first load, under a policy without exceptions`, async (t) => {
    const visitor = await chromium.visitor(sello.origin, path === '/token' ? PHONE_OPTIONS : {});
    const { page, context } = visitor;
    const session = await context.newCDPSession(page);
    await session.send('Network.enable');
    await session.send('Performance.enable');
    let bytes = 0;
    session.on('Network.loadingFinished', ({ encodedDataLength }) => {
      bytes += encodedDataLength;
    });
    const response = await page.goto(path);
    await page.getByRole('heading', { level: 1 }).waitFor();
    const loaded = bytes;
    await page.waitForLoadState('networkidle');
    const headers = (await response?.allHeaders()) ?? {};
    const policy = headers['content-security-policy'] ?? '';
    assert.doesNotMatch(policy, /unsafe-|\*|https?:|wasm|'nonce-|'sha\d/);
    for (const rule of [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "frame-ancestors 'none'",
      "base-uri 'none'",
      "require-trusted-types-for 'script'",
    ]) {
      assert.ok(policy.includes(rule), rule);
    }
    assert.equal(headers['x-content-type-options'], 'nosniff');
    // The policy is enforced, not only sent: no markup, script or style from text runs.
    const tried = await page.evaluate(`(() => {
      const stopped = (act) => { try { act(); return false; } catch { return true; } };
      const element = (name) => document.head.appendChild(document.createElement(name));
      element('style').textContent = 'html { outline-width: 77px; outline-style: solid }';
      return [
        stopped(() => { document.createElement('div').innerHTML = '<img src=x>'; }),
        stopped(() => { element('script').textContent = 'attacked = 1'; }),
        stopped(() => { element('script').src = '/assets/x.js'; }),
        getComputedStyle(document.documentElement).outlineWidth !== '77px',
      ];
    })()`);
    assert.deepEqual(tried, [true, true, true, true]);
    assert.ok(
      visitor.faults.every((fault) => /Trusted|trusted-types|Content Security Policy/.test(fault)),
      visitor.faults.join('\n'),
    );
    assert.ok(loaded > 10_000 && loaded <= kbMax * 1_000, `${loaded} bytes`);

    const paint = await page.evaluate(
      "Object.fromEntries(performance.getEntriesByType('paint').map(({ name, startTime }) => [name, Math.round(startTime)]))",
    );
    const { metrics } = await session.send('Performance.getMetrics');
    const ms = (name: string) => Math.round((metrics.find((each) => each.name === name)?.value ?? 0) * 1_000);
    t.diagnostic(
      `${path}: ${(loaded / 1_000).toFixed(1)} kB, with what is fetched later ${(bytes / 1_000).toFixed(1)} kB; first contentful paint ${JSON.stringify(paint)} ms; script ${ms('ScriptDuration')} ms, layout ${ms('LayoutDuration')} ms, style ${ms('RecalcStyleDuration')} ms`,
    );
    await context.close();
  });
}

test('the page follows the system’s colour scheme, however often it renders between the change and its event', async () => {
  const { page, context } = await chromium.visitor(sello.origin);
  // Chromium fires no change event for a value that was read meanwhile: no list with a listener may be read.
  await page.addInitScript(`(() => {
    const list = MediaQueryList.prototype;
    const { get } = Object.getOwnPropertyDescriptor(list, 'matches');
    const add = list.addEventListener;
    const heard = new Set();
    globalThis.listeners = () => heard.size;
    globalThis.reads = 0;
    list.addEventListener = function (...args) { heard.add(this); return add.apply(this, args); };
    Object.defineProperty(list, 'matches', { get() { if (heard.has(this)) reads++; return get.call(this); } });
  })()`);
  await page.goto('/console#/register');
  await page.getByRole('heading', { level: 1 }).waitFor();
  assert.ok(Number(await page.evaluate('listeners()')) > 0);
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.getByLabel('User name').pressSequentially('renders');
    await page.emulateMedia({ colorScheme });
    await untilInPage(page, `document.documentElement.dataset.mantineColorScheme === '${colorScheme}'`);
  }
  assert.equal(await page.evaluate('reads'), 0);
  await context.close();
});

test('a script that does not arrive, as when the network changes, is asked for again; where it never arrives the page says so', async () => {
  const { page, context } = await chromium.visitor(sello.origin);
  let refused = 0;
  let refusedMax = 1;
  await page.route('**/assets/console-*.js', (route) =>
    refused++ < refusedMax ? route.abort('internetdisconnected') : route.continue(),
  );
  await page.goto('/console');
  const heading = page.getByRole('heading', { level: 1 });
  await heading.waitFor();
  assert.equal(refused, 2);
  assert.equal(await page.evaluate("sessionStorage.getItem('sello-load-failures')"), null);

  refused = 0;
  refusedMax = Number.POSITIVE_INFINITY;
  await page.reload();
  await page.getByRole('alert').getByText('Check the connection and load it again.').waitFor();
  assert.equal(refused, 4, 'once, and three times again');
  refusedMax = 0;
  await page.getByRole('link', { name: 'Load it again' }).click();
  await heading.waitFor();
  await context.close();
});

test('a page that cannot be shown says so in the design of the others, and how to go on', async () => {
  const { page, context } = await chromium.visitor(sello.origin);
  await page.goto('/console');
  const bank = new Console(page);
  await bank.register('greta');
  await page.route('**/v1/transactions/odd', (route) =>
    route.fulfill({ json: { id: 'odd', status: 'approved' } }),
  );
  await bank.at('transfers', 'odd');
  const fault = page.getByRole('alert').filter({ hasText: 'This page has a fault' });
  await fault.waitFor();
  for (const colorScheme of ['light', 'dark'] as const) {
    await showIn(page, colorScheme);
    assert.deepEqual((await axe(page)).violations, [], colorScheme);
    await page.screenshot({ path: join(ROOT, 'test-results', 'web', `console-fault-${colorScheme}.png`) });
  }
  await page.unroute('**/v1/transactions/odd');
  await fault.getByRole('button', { name: 'Load again' }).click();
  await bank.text('No such transfer').waitFor();
  await context.close();
});

test('a style sheet of a later part that does not arrive reloads no page that has started', async () => {
  const { page, context } = await chromium.visitor(sello.origin);
  let loads = 0;
  page.on('load', () => loads++);
  await page.goto('/console');
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.evaluate(`new Promise((resolve) => {
    const sheet = Object.assign(document.createElement('link'), { rel: 'stylesheet', href: '/assets/none.css' });
    sheet.addEventListener('error', () => setTimeout(resolve, 1_000));
    document.head.append(sheet);
  })`);
  await page.getByRole('heading', { level: 1 }).waitFor();
  assert.equal(loads, 1);
  await context.close();
});

test('the API’s pages are accessible in light and dark, no wider than a phone, and searched by what is typed', async () => {
  const { page, context } = await chromium.visitor(sello.origin);
  for (const path of ['/docs', '/docs/problems']) {
    await page.goto(path);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      assert.deepEqual((await axe(page)).violations, [], `${path} ${colorScheme}`);
    }
    await page.setViewportSize({ width: 320, height: 640 });
    await untilInPage(page, 'document.documentElement.scrollWidth <= 320');
    await page.setViewportSize(DESKTOP);
  }
  await page.goto('/docs');
  await page.getByLabel('Search').fill('post approval');
  const shown = page.locator('main article:visible h3');
  assert.deepEqual(await shown.allTextContents(), ['POST /v1/transactions/{id}/approval']);
  await page.getByLabel('Search').fill('');
  assert.ok((await shown.count()) > 80);
  await context.close();
});
