// Reads a topic by an independent client: Apache Pulsar's own for Python (PyPI), installed once into ~/.cache/sello.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installPythonPackages } from '../../scripts/python-packages.ts';

const VERSION = '3.13.0';
const PROGRAM = fileURLToPath(new URL('./read-topic.py', import.meta.url));

export interface ReadEvent {
  readonly index: number;
  readonly id: string;
  readonly type: string;
  readonly subject: string | null;
  readonly hash: string;
  readonly version: number | null;
  readonly key: string;
  readonly properties: { readonly index: string; readonly type: string };
}

/** @returns the path of a Python that has the client, or why there is none */
export function pulsarPython(): { readonly python: string } | { readonly missing: string } {
  const installed = installPythonPackages(`pulsar-client-${VERSION}`, [`pulsar-client==${VERSION}`]);
  return 'programs' in installed ? { python: join(installed.programs, 'python') } : installed;
}

/** Every message of a topic from its start, in the order received: those asked for, and any that are too many. */
export async function readTopic(
  python: string,
  {
    url,
    topic,
    count,
    token = '',
  }: { readonly url: string; readonly topic: string; readonly count: number; readonly token?: string },
): Promise<readonly ReadEvent[]> {
  const child = spawn(python, [PROGRAM, url, topic, `${count}`, token], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-4_000);
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const events: ReadEvent[] = [];
  let rest = '';
  for await (const chunk of child.stdout.setEncoding('utf8')) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) events.push(JSON.parse(line));
  }
  const code = await ended;
  if (code !== 0) throw new Error(`the reader ended with ${code}: ${said}`);
  return events;
}
