import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../test/services/free-port.ts';
import { SERVER_NODE_OPTIONS } from './sizes.ts';

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const RETRY_MS = 2;
const START_MS_MAX = 60_000;

/** Starts `sello serve` on the folder, as an operator does, until a client is connected; then stops it. */
export async function startUpMs(folder: string): Promise<number> {
  const [tcpPort, httpPort] = [await freePort(), await freePort()];
  const startedAt = performance.now();
  const server = spawn(
    process.execPath,
    [
      ...SERVER_NODE_OPTIONS,
      MAIN,
      'serve',
      '--data-dir',
      folder,
      '--tcp-port',
      `${tcpPort}`,
      '--http-port',
      `${httpPort}`,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let errors = '';
  server.stderr?.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-2_000);
  });
  try {
    while (!(await isListening(tcpPort))) {
      if (server.exitCode !== null) throw new Error(`sello serve ended: ${errors}`);
      if (performance.now() - startedAt > START_MS_MAX) throw new Error('sello serve does not listen');
      await setTimeout(RETRY_MS);
    }
    return performance.now() - startedAt;
  } finally {
    await stop(server);
  }
}

async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null) return;
  const ended = once(server, 'exit');
  server.kill('SIGTERM');
  await ended;
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
