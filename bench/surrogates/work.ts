/** What a process of the bench does, measured by itself: `node work.ts KIND INPUT OUTPUT WORKERS`. Prints JSON. */
import { closeSync, fsyncSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { run } from '../../src/surrogates/run/run.ts';
import { RULES } from './rules.ts';

const [kind = '', input = '', output = '', workers = '1'] = process.argv.slice(2);

async function work(): Promise<number> {
  if (kind === 'engine') {
    const dataKey = { dataset: 'bench', version: 1, seed: Buffer.alloc(32, 1) };
    const options = { input, output, rules: RULES, dataKey, onError: 'stop', now: new Date() } as const;
    return (await run({ ...options, workers: Number(workers) })).bytes;
  }
  if (kind === 'copy') return copy();
  return parse();
}

/** Parses and writes the first lines: a longer file fits in no string. */
function parse(): number {
  const buffer = Buffer.alloc(100_000_000);
  const file = openSync(input, 'r');
  const text = buffer.toString('utf8', 0, readSync(file, buffer));
  closeSync(file);
  let bytes = 0;
  for (const line of text.slice(0, text.lastIndexOf('\n')).split('\n'))
    bytes += JSON.stringify(JSON.parse(line)).length + 1;
  return bytes;
}

/** Reads and writes the same bytes, and no more. */
function copy(): number {
  const buffer = Buffer.alloc(1_048_576);
  const from = openSync(input, 'r');
  const to = openSync(output, 'w');
  let bytes = 0;
  for (let read = readSync(from, buffer); read > 0; read = readSync(from, buffer))
    bytes += writeSync(to, buffer, 0, read);
  fsyncSync(to);
  closeSync(from);
  closeSync(to);
  return bytes;
}

const before = process.cpuUsage();
const startMs = performance.now();
const bytes = await work();
const seconds = (performance.now() - startMs) / 1_000;
const { user, system } = process.cpuUsage(before);
rmSync(output, { recursive: true, force: true });
const memory = process.resourceUsage().maxRSS * 1_024;
process.stdout.write(JSON.stringify({ bytes, seconds, cpuSeconds: (user + system) / 1e6, memory }));
