import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type ClientAnswer, ConnectionLost, TcpClient } from '../../client/tcp-client.ts';
import { tokenHmac } from '../../client/token-hmac.ts';
import { grouped, transferScreen } from '../../client/token-screen.ts';
import { transferMac } from '../../client/transfer-mac.ts';
import { isRefusal, type Refusal, type RefusalCode } from '../../domain/errors.ts';
import { boundCode } from '../../domain/otp/bound-code.ts';
import { withoutBlanks } from '../../domain/otp/typed-code.ts';
import { boundQuestion } from '../../domain/transaction/bound-question.ts';
import type { Transfer } from '../../domain/transaction/canonical-transaction.ts';
import { parseTransfer } from '../../domain/transaction/transfer.ts';
import { text } from '../../language/text.ts';
import { detailOf } from '../../wire/tcp/answer.ts';
import { EXIT } from '../shell/exit-codes.ts';
import { CommandFailure, RefusedByServer } from '../shell/failure.ts';
import { ask, readPassword } from '../shell/secret-input.ts';
import type { Shell } from '../shell/shell.ts';
import { readSeed } from '../token/seed.ts';
import { serverAddress } from './server-address.ts';

/** The flags of `sello transaction send`. */
export interface SendOptions {
  readonly user: string;
  readonly passwordStdin?: boolean;
  readonly data: string;
  readonly secret?: string;
  readonly code?: string;
  readonly logInCode?: string;
  readonly idempotencyKey?: string;
  readonly receipt?: boolean;
  readonly tls?: boolean;
  readonly ca?: string;
}

/**
 * Logs in over TCP, asks for a challenge and sends the transaction with its MAC. When the server wants a code and a person
 * is there, asks for the code and sends once more.
 * @throws CommandFailure, RefusedByServer
 */
export async function send(shell: Shell, options: SendOptions): Promise<void> {
  const config = shell.config();
  const password = await readPassword(shell, options.passwordStdin);
  const transfer = parseTransfer(options.data, config.currencyDefault);
  const tls = options.tls || options.ca !== undefined || config.tlsCertFile !== null;
  try {
    const client = await TcpClient.connect({
      ...(await serverAddress(shell)),
      ...(tls ? { tls: options.ca === undefined ? {} : { ca: readFileSync(options.ca) } } : {}),
    });
    try {
      await logIn(shell, client, options, password);
      // Both tries use one key: if the first was executed, the second only repeats its answer.
      const attempt = {
        options,
        password,
        key: options.idempotencyKey ?? randomUUID(),
        transfer: isRefusal(transfer) ? undefined : transfer,
      };
      let answer = await transact(shell, client, attempt, options.code);
      if (needsCode(answer) && options.code === undefined && options.secret === undefined) {
        const code = await askCode(shell, answer);
        if (code !== undefined) answer = await transact(shell, client, attempt, code);
      }
      const { id: _, ...result } = accepted(answer);
      shell.result(result, () => [
        String(result.mensaje),
        ...(typeof result.recibo === 'string' ? [result.recibo] : []),
      ]);
    } finally {
      client.destroy();
    }
  } catch (error) {
    if (!(error instanceof ConnectionLost)) throw error;
    throw new CommandFailure(
      EXIT.unavailable,
      'connection_lost',
      text(error.message, error.message),
      text('Is the server running there? sello doctor', '¿Está el servidor en marcha ahí? sello doctor'),
    );
  }
}

/** Logs in; shows the code that was given for it, or one that is asked for when the server wants it. */
async function logIn(
  shell: Shell,
  client: TcpClient,
  { user, logInCode }: SendOptions,
  password: string,
): Promise<void> {
  const attempt = (codigo: string | undefined) =>
    client.request({
      accion: 'login',
      username: user,
      password,
      ...(codigo === undefined ? {} : { codigo }),
    });
  let answer = await attempt(logInCode);
  if (needsCode(answer) && logInCode === undefined) {
    const code = await askCode(shell, answer);
    if (code !== undefined) answer = await attempt(code);
  }
  accepted(answer);
}

/** @returns undefined when nobody is there to ask */
async function askCode(shell: Shell, answer: ClientAnswer): Promise<string | undefined> {
  if (!process.stdin.isTTY || shell.json) return undefined;
  const { refused, detail } = refusalOf(answer);
  const why = detail === undefined ? refused : `${refused}; ${detail}`;
  shell.note(text(`The server wants a code (${why}).`, `El servidor pide un código (${why}).`));
  return withoutBlanks(await ask(shell, text('Code', 'Código')));
}

interface Attempt {
  readonly options: SendOptions;
  readonly password: string;
  readonly key: string;
  /** `undefined` when `--data` cannot be parsed: the server refuses it then. */
  readonly transfer: Transfer | undefined;
}

async function transact(
  shell: Shell,
  client: TcpClient,
  attempt: Attempt,
  given: string | undefined,
): Promise<ClientAnswer> {
  const { options, password, key, transfer } = attempt;
  const nonce = accepted(await client.request({ accion: 'pet_transaccion' })).nonce ?? '';
  let code = given;
  if (code === undefined && options.secret !== undefined && transfer) {
    const question = boundQuestion({ ...transfer, challenge: nonce, v: 1 });
    code = boundCode(tokenHmac, readSeed(options.secret), question, Date.now());
    if (!shell.json) showCode(shell, transfer, code);
  }
  return client.request({
    accion: 'transaccion',
    data: options.data,
    nonce,
    mac: transferMac(password, options.data, nonce),
    idempotencia: key,
    ...(code === undefined ? {} : { codigo: code }),
    ...(options.receipt ? { recibo: true } : {}),
  });
}

function showCode(shell: Shell, transfer: Transfer, code: string): void {
  for (const line of [...transferScreen(transfer, shell.language), `   ${grouped(code)}`])
    process.stderr.write(`${line}\n`);
}

function needsCode({ error }: ClientAnswer): boolean {
  return error === 'code_required' || error === 'bound_code_required';
}

/** @throws RefusedByServer with the server's stable code */
function accepted(answer: ClientAnswer): ClientAnswer {
  if (answer.status === 'OK') return answer;
  if (typeof answer.error === 'string') throw new RefusedByServer(refusalOf(answer));
  const message = `${answer.status}: ${answer.mensaje ?? ''}`;
  throw new CommandFailure(EXIT.refused, 'refused', text(message, message));
}

/** The code has texts in both languages; `mensaje` is always Spanish, so only the detail is taken from it. */
function refusalOf({ error, mensaje, reintentar_ms: wait }: ClientAnswer): Refusal {
  const refused = error as RefusalCode;
  const detail = detailOf(refused, mensaje ?? '');
  return {
    refused,
    ...(detail === undefined ? {} : { detail }),
    ...(typeof wait === 'number' ? { retryAfterMs: wait } : {}),
  };
}
