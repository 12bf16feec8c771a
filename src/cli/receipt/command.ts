import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { KeySet } from '../../application/keys/es256.ts';
import { verifyReceipt } from '../../application/receipts/verify-receipt.ts';
import type { ReceiptClaims } from '../../domain/transaction/receipt.ts';
import { text } from '../../language/text.ts';
import { LIMITS } from '../../limits.ts';
import { operate } from '../../operator/client.ts';
import { examples } from '../shell/examples.ts';
import { EXIT } from '../shell/exit-codes.ts';
import { CommandFailure, granted, usageFailure } from '../shell/failure.ts';
import type { Shell } from '../shell/shell.ts';
import { readStdin } from '../shell/stdin.ts';

const FETCH_TIME_MS = 10_000;

export function define(command: Command, shell: Shell): void {
  const say = shell.say.bind(shell);
  command
    .command('verify')
    .description(
      say(
        text(
          'verify a receipt offline by the published keys; exits 1 when it does not hold',
          'verificar un recibo sin conexión con las claves publicadas; sale con 1 si no es válido',
        ),
      ),
    )
    .argument(
      '<file>',
      say(
        text(
          'the receipt: a JWS, or the JSON that GET /v1/receipts answers; - for standard input',
          'el recibo: un JWS, o el JSON que responde GET /v1/receipts; - para la entrada estándar',
        ),
      ),
    )
    .option(
      '--jwks <file or address>',
      say(
        text(
          'the keys, as /.well-known/jwks.json has them; by default those of this data folder',
          'las claves, como las da /.well-known/jwks.json; por defecto las de esta carpeta de datos',
        ),
      ),
    )
    .addHelpText(
      'after',
      examples(
        shell,
        'sello receipt verify receipt.jws --jwks jwks.json',
        'curl -s … | sello receipt verify - --jwks http://127.0.0.1:8080/.well-known/jwks.json',
      ),
    )
    .action(async (file: string, options: { jwks?: string }) => {
      const [jws, keySet] = [await readReceipt(file), await readKeySet(shell, options.jwks)];
      const claims = granted(verifyReceipt(jws, keySet));
      shell.result({ valid: true, receipt: claims }, () => humanLines(shell, claims));
    });
}

function humanLines(shell: Shell, { sub, iat, jti, transaction, proofs, journal }: ReceiptClaims): string[] {
  const { payer, payee, amount, currency } = transaction;
  const line = (en: string, es: string, value: string) => `  ${shell.say(text(en, es)).padEnd(13)}${value}`;
  return [
    shell.say(text('The receipt holds.', 'El recibo es válido.')),
    line('transaction', 'transacción', jti),
    line('user', 'usuario', sub),
    line('approved', 'aprobada', new Date(iat * 1000).toISOString()),
    line('transfer', 'transferencia', `${payer} → ${payee}, ${amount} ${currency}`),
    line('proof', 'prueba', proofs.join(', ') || 'session'),
    line('journal', 'diario', `${journal.version} ${journal.hash}`),
  ];
}

async function readReceipt(file: string): Promise<string> {
  const given = (await readText(file, LIMITS.receiptBytesMax * 2)).trim();
  if (!given.startsWith('{')) return given;
  const { receipt } = parseJson(given, file) as { receipt?: unknown };
  if (typeof receipt === 'string') return receipt;
  throw usageFailure(text(`${file} holds no receipt`, `${file} no contiene ningún recibo`));
}

async function readKeySet(shell: Shell, source: string | undefined): Promise<KeySet> {
  if (source === undefined) {
    const keys = granted(await operate(shell.config(), 'keys.list', {}));
    return { keys: keys.signing_keys.map(({ active: _, ...jwk }) => jwk) };
  }
  const given = /^https?:\/\//.test(source)
    ? await fetchText(source)
    : await readText(source, LIMITS.clientAnswerBytesMax);
  const { keys } = parseJson(given, source) as { keys?: unknown };
  if (Array.isArray(keys) && keys.every((key) => typeof key === 'object' && key !== null)) return { keys };
  throw usageFailure(
    text(`${source} holds no key set (RFC 7517)`, `${source} no contiene un juego de claves (RFC 7517)`),
  );
}

async function readText(file: string, bytesMax: number): Promise<string> {
  const bytes =
    file === '-'
      ? await readStdin(bytesMax)
      : await readFile(file).catch((error: Error) => unreadable(file, error));
  if (bytes.length > bytesMax) {
    throw usageFailure(text(`${file} is longer than ${bytesMax} bytes`, `${file} supera ${bytesMax} bytes`));
  }
  return bytes.toString('utf8');
}

async function fetchText(address: string): Promise<string> {
  try {
    const response = await fetch(address, { signal: AbortSignal.timeout(FETCH_TIME_MS) });
    if (!response.ok) throw new Error(`${response.status}`);
    return await response.text();
  } catch (error) {
    const message = `${address}: ${(error as Error).message}`;
    throw new CommandFailure(EXIT.unavailable, 'unavailable', text(message, message));
  }
}

function unreadable(file: string, error: Error): never {
  throw usageFailure(
    text(`${file} cannot be read: ${error.message}`, `${file} no se puede leer: ${error.message}`),
  );
}

function parseJson(given: string, source: string): object {
  try {
    const value: unknown = JSON.parse(given);
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // Reported below.
  }
  throw usageFailure(text(`${source} is not JSON`, `${source} no es JSON`));
}
