// Draws the virtual token's icons (web/public/icons/) from the mark, web/public/sello.svg, in Chromium. Run it when the
// mark changes: node_modules/.bin/node scripts/token-icons.ts
import { mkdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const at = (path: string) => fileURLToPath(new URL(`../web/public/${path}`, import.meta.url));
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** `scale`: the mark of a maskable icon stays within the safe zone of every mask (W3C Web Application Manifest, section 2.2). */
const ICONS = [
  { name: 'token-180.png', side: 180, scale: 1, square: true },
  { name: 'token-192.png', side: 192, scale: 1, square: false },
  { name: 'token-512.png', side: 512, scale: 1, square: false },
  { name: 'token-maskable-512.png', side: 512, scale: 0.8, square: true },
];

const mark = readFileSync(at('sello.svg'), 'utf8');
mkdirSync(at('icons'), { recursive: true });
const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
for (const { name, side, scale, square } of ICONS) {
  const page = await browser.newPage({ viewport: { width: side, height: side } });
  const ground = square ? 'background:#0f5d51' : 'background:transparent';
  await page.setContent(
    `<body style="margin:0;display:grid;place-items:center;height:100vh;${ground}"><div style="width:${scale * 100}%;line-height:0">${mark}</div>`,
  );
  await page.screenshot({ path: at(`icons/${name}`), omitBackground: true });
  await page.close();
}
await browser.close();
