import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Findings } from '../report/findings.ts';
import { limitLines, ratioLines, rowLines, skippedLines } from '../report/text.ts';
import { FULL, QUICK } from '../sizes.ts';
import type { OpenPart } from './backend.ts';
import { measureParts } from './measure-backends.ts';

/** Measures backends as `npm run bench` does, and prints their rows of its tables. `--quick`: smaller sizes. */
export async function runAlone(openers: readonly OpenPart[]): Promise<void> {
  const quick = process.argv.includes('--quick');
  const folder = await mkdtemp(join(tmpdir(), 'sello-bench-'));
  const onStep = (step: string) => process.stderr.write(`${step}…\n`);
  const findings = new Findings({ sizes: quick ? QUICK : FULL, quick, folder, nodeOptions: [], onStep });
  try {
    await measureParts(findings, openers);
    const parts = [rowLines, limitLines, ratioLines, skippedLines].map((lines) => lines(findings).join('\n'));
    process.stdout.write(`${parts.join('\n\n')}\n`);
  } finally {
    await findings.killAll();
    await rm(folder, { recursive: true, force: true });
  }
}
