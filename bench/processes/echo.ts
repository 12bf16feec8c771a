import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { answerRequests } from './child.ts';

/** Sends every line back, with one write for each chunk: the cost of Node's sockets alone. */

const server = createServer({ noDelay: true }, (socket) => {
  let rest = '';
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    const text = rest + chunk.toString('latin1');
    const lines: string[] = [];
    let from = 0;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', from)) {
      lines.push(text.slice(from, end + 1));
      from = end + 1;
    }
    rest = text.slice(from);
    if (lines.length > 0) socket.write(lines.join(''), 'latin1');
  });
});

async function start(): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

function usage(): { cpuMicros: number } {
  const { user, system } = process.cpuUsage();
  return { cpuMicros: user + system };
}

answerRequests({ start, usage });
