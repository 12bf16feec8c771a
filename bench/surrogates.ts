/*
 * Measures surrogates in bulk beside what bounds them: node bench/surrogates.ts [--megabytes 1000] [--json]
 * Rates are of CPU time, as `openssl speed` gives its own, so that other work on the machine does not count; wall time is
 * beside them. TMPDIR is the disk.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { writeRecords } from './surrogates/records.ts';

interface Row {
  readonly what: string;
  /** Megabytes a second of CPU time. */
  readonly megabytesPerCpuSecond: number;
  readonly megabytesPerSecond?: number;
  readonly memoryMegabytes?: number;
}

const { values } = parseArgs({
  options: { megabytes: { type: 'string', default: '1000' }, json: { type: 'boolean', default: false } },
});
const folder = mkdtempSync(join(tmpdir(), 'sello-bench-'));
const path = (name: string): string => fileURLToPath(new URL(`surrogates/${name}`, import.meta.url));
const rows: Row[] = [];

function measure(what: string, kind: string, input: string, workers = 1): void {
  const words = [path('work.ts'), kind, input, join(folder, 'made'), String(workers)];
  const { bytes, seconds, cpuSeconds, memory } = JSON.parse(
    execFileSync(process.execPath, words, { encoding: 'utf8' }),
  );
  rows.push({
    what,
    megabytesPerCpuSecond: bytes / 1e6 / cpuSeconds,
    megabytesPerSecond: bytes / 1e6 / seconds,
    memoryMegabytes: memory / 1e6,
  });
}

function openssl(what: string, environment: Readonly<Record<string, string>>): void {
  const made = spawnSync('openssl', ['speed', '-seconds', '2', '-bytes', '16384', 'sha256'], {
    encoding: 'utf8',
    env: { ...process.env, ...environment },
  });
  const rate = /^sha256\s+([\d.]+)k/m.exec(made.stdout ?? '')?.[1];
  if (rate) rows.push({ what, megabytesPerCpuSecond: Number(rate) / 1_000 });
}

try {
  openssl('openssl speed sha256, 16 KiB', {});
  openssl('the same without SHA instructions', { OPENSSL_ia32cap: '~0x0:~0x20000000' });
  for (const density of [1, 4, 16]) {
    const input = join(folder, `${density}.ndjson`);
    writeRecords(input, Number(values.megabytes), density);
    if (density === 4) {
      measure('read and write', 'copy', input);
      measure('JSON.parse and stringify', 'parse', input);
      const peer = spawnSync('python3', [path('presidio.py'), input], { encoding: 'utf8' });
      if (peer.status === 0) {
        const { bytes, cpuSeconds } = JSON.parse(peer.stdout);
        rows.push({ what: 'presidio-anonymizer, 4 a kB', megabytesPerCpuSecond: bytes / 1e6 / cpuSeconds });
      } else process.stderr.write('presidio-anonymizer is not installed: left out\n');
    }
    for (const workers of [1, 2])
      measure(`surrogates, ${density} a kB, workers: ${workers}`, 'engine', input, workers);
    if (statSync(input).size === 0) throw new Error('nothing was measured');
    rmSync(input);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
const cell = (number: number | undefined): string =>
  (number === undefined ? '' : number.toFixed(0)).padStart(8);
if (values.json) process.stdout.write(`${JSON.stringify(rows)}\n`);
else {
  process.stdout.write(`${''.padEnd(40)}  MB/CPU s    MB/s  MB of memory\n`);
  for (const row of rows)
    process.stdout.write(
      `${row.what.padEnd(40)}  ${cell(row.megabytesPerCpuSecond)}${cell(row.megabytesPerSecond)}${cell(row.memoryMegabytes)}\n`,
    );
}
