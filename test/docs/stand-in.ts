// nc, oathtool, openssl and curl for machines that lack them: only as much of each as the READMEs use.
import { createHash, createHmac } from 'node:crypto';
import { connect } from 'node:net';
import { pathToFileURL } from 'node:url';
import { decodeBase32 } from '../../src/domain/encoding/base32.ts';

export const STAND_INS = ['nc', 'oathtool', 'openssl', 'curl'] as const;

/** `nc HOST PORT`: standard input to the socket, what comes from it to standard output. */
function nc([host = '', port = '']: readonly string[]): void {
  const socket = connect({ host, port: Number(port) });
  process.stdin.pipe(socket);
  socket.pipe(process.stdout);
  socket.on('error', (error) => fail(`nc: ${error.message}`));
}

/** `oathtool --totp --base32 --time-step-size=Ns [--window=N] SECRET`: RFC 6238 by its text, with none of the server's code. */
function oathtool(args: readonly string[]): void {
  const options = args.filter((argument) => argument.startsWith('--'));
  const rest = options.filter((option) => !/^--(totp|base32|time-step-size=\d+s|window=\d+)$/.test(option));
  const key = decodeBase32(args.at(-1) ?? '');
  if (rest.length > 0 || !options.includes('--totp') || !options.includes('--base32') || !key) {
    fail(`oathtool: not among what the stand-in can: ${args.join(' ')}`);
    return;
  }
  const stepS = number(options, 'time-step-size') ?? 30;
  const first = Math.floor(Date.now() / 1000 / stepS);
  for (let step = first; step <= first + (number(options, 'window') ?? 0); step++) {
    const counter = Buffer.alloc(8);
    counter.writeBigUInt64BE(BigInt(step));
    const mac = createHmac('sha1', key).update(counter).digest();
    const truncated = mac.readUInt32BE((mac.at(-1) ?? 0) & 15) & 0x7fffffff;
    process.stdout.write(`${String(truncated % 1_000_000).padStart(6, '0')}\n`);
  }
}

function number(options: readonly string[], name: string): number | undefined {
  const option = options.find((text) => text.startsWith(`--${name}=`));
  return option === undefined ? undefined : Number.parseInt(option.slice(name.length + 3), 10);
}

/** `openssl dgst -sha256 [-mac HMAC -macopt hexkey:K] -r` of standard input. */
async function openssl(args: readonly string[]): Promise<void> {
  const form = /^dgst -sha256(?: -mac HMAC -macopt hexkey:(?<key>[0-9a-f]+))? -r$/.exec(args.join(' '));
  if (!form) {
    fail(`openssl: not among what the stand-in can: ${args.join(' ')}`);
    return;
  }
  const key = form.groups?.key;
  const digest = key === undefined ? createHash('sha256') : createHmac('sha256', Buffer.from(key, 'hex'));
  for await (const chunk of process.stdin) digest.update(chunk);
  process.stdout.write(`${digest.digest('hex')} *stdin\n`);
}

/** `curl -s [-H NAME:VALUE]… [-d BODY] URL`: the answer's body to standard output. */
async function curl(args: readonly string[]): Promise<void> {
  const headers = new Headers();
  let body: string | undefined;
  let url = '';
  for (let index = 0; index < args.length; index++) {
    const argument = args[index] ?? '';
    if (argument === '-s') continue;
    if (argument === '-d') body = args[++index];
    else if (argument === '-H') {
      const [name = '', ...value] = (args[++index] ?? '').split(':');
      headers.set(name, value.join(':').trim());
    } else if (argument.startsWith('-')) return fail(`curl: not among what the stand-in can: ${argument}`);
    else url = argument;
  }
  const answer = await fetch(url, { headers, ...(body === undefined ? {} : { method: 'POST', body }) });
  process.stdout.write(await answer.text());
}

function fail(message: string): void {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [tool = '', ...args] = process.argv.slice(2);
  if (tool === 'nc') nc(args);
  else if (tool === 'oathtool') oathtool(args);
  else if (tool === 'openssl') await openssl(args);
  else if (tool === 'curl') await curl(args);
  else fail(`there is no stand-in for ${tool}`);
}
