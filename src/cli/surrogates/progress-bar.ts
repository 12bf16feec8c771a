import type { RunProgress } from '../../surrogates/run/run-options.ts';
import type { Shell } from '../shell/shell.ts';

const EVERY_MS = 200;
const CELLS = 24;

/** Draws a run's progress on stderr: share, rate, time left. On a terminal only, and not with `--json`. */
export class ProgressBar {
  readonly #isShown: boolean;
  readonly #startMs = performance.now();
  #drawnMs = 0;
  #isDrawn = false;

  constructor(shell: Shell) {
    this.#isShown = !shell.json && process.stderr.isTTY === true;
  }

  readonly update = ({ bytes, bytesTotal }: RunProgress): void => {
    const nowMs = performance.now();
    if (!this.#isShown || nowMs - this.#drawnMs < EVERY_MS) return;
    this.#drawnMs = nowMs;
    this.#isDrawn = true;
    const line = progressLine(bytes, bytesTotal, (nowMs - this.#startMs) / 1_000);
    process.stderr.write(`\r${line}\u001b[K`);
  };

  clear(): void {
    if (this.#isDrawn) process.stderr.write('\r\u001b[K');
  }
}

/** `[####----] 50% 1.2 of 2.4 GB 640 MB/s 0:02` */
export function progressLine(bytes: number, bytesTotal: number, seconds: number): string {
  const share = bytesTotal === 0 ? 1 : Math.min(1, bytes / bytesTotal);
  const filled = Math.round(share * CELLS);
  const rate = seconds > 0 ? bytes / seconds : 0;
  const left = rate > 0 ? Math.max(0, bytesTotal - bytes) / rate : 0;
  const clock = `${Math.floor(left / 60)}:${String(Math.ceil(left % 60)).padStart(2, '0')}`;
  const bar = '#'.repeat(filled) + '-'.repeat(CELLS - filled);
  return `[${bar}] ${Math.floor(share * 100)}% ${sizeText(bytes)} of ${sizeText(bytesTotal)} ${sizeText(rate)}/s ${clock}`;
}

/** Decimal units, as disks and networks use them. */
export function sizeText(bytes: number): string {
  for (const [unit, size] of [
    ['GB', 1e9],
    ['MB', 1e6],
    ['kB', 1e3],
  ] as const)
    if (bytes >= size) return `${(bytes / size).toFixed(bytes >= size * 100 ? 0 : 1)} ${unit}`;
  return `${Math.round(bytes)} B`;
}
