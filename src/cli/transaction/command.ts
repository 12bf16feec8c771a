import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { type ClientAnswer, ConnectionLost, TcpClient } from '../../client/tcp-client.ts';
import { tokenHmac } from '../../client/token-hmac.ts';
import { grouped, transferScreen } from '../../client/token-screen.ts';
import { transferMac } from '../../client/transfer-mac.ts';
import { isRefusal, type RefusalCode } from '../../domain/errors.ts';
import { boundCode } from '../../domain/otp/bound-code.ts';
import { boundQuestion } from '../../domain/transaction/bound-question.ts';
import type { Transfer } from '../../domain/transaction/canonical-transaction.ts';
import { parseTransfer } from '../../domain/transaction/transfer.ts';
import { text } from '../../language/text.ts';
import { parseHostAndPort } from '../../net/host-and-port.ts';
import { runningStatus } from '../../operator/running-server.ts';
import { examples } from '../shell/examples.ts';
import { EXIT } from '../shell/exit-codes.ts';
import { CommandFailure, RefusedByServer } from '../shell/failure.ts';
import { ask, readSecret } from '../shell/secret-input.ts';
import type { Shell } from '../shell/shell.ts';
import { readSeed } from '../token/seed.ts';

interface SendOptions {
  readonly user: string;
  readonly passwordStdin?: boolean;
  readonly data: string;
  readonly secret?: string;
  readonly code?: string;
  readonly idempotencyKey?: string;
  readonly receipt?: boolean;
  readonly tls?: boolean;
  readonly ca?: string;
}

export function define(command: Command, shell: Shell): void {
  const say = shell.say.bind(shell);
  command
    .command('send')
    .description(
      say(
        text(
          'log in over TCP, answer a challenge with a MAC and, where there is one, a code',
          'iniciar sesión por TCP y responder a un reto con un MAC y, si lo hay, un código',
        ),
      ),
    )
    .requiredOption('--user <name>', say(text('the user name', 'el nombre de usuario')))
    .requiredOption(
      '--data <text>',
      say(text('payer,payee,amount[,currency]', 'ordenante,beneficiario,importe[,moneda]')),
    )
    .option(
      '--password-stdin',
      say(text('read the password from standard input', 'leer la contraseña de la entrada estándar')),
    )
    .option(
      '--secret <base32>',
      say(
        text(
          "the seed of the user's ocra token: its bound code is computed here",
          'la semilla del token ocra del usuario: su código ligado se calcula aquí',
        ),
      ),
    )
    .option('--code <code>', say(text('or a code', 'o un código')))
    .option(
      '--idempotency-key <text>',
      say(
        text(
          'repeat safely: the same key is executed once',
          'repetir sin riesgo: la misma clave se ejecuta una vez',
        ),
      ),
    )
    .option('--receipt', say(text('ask for the signed receipt', 'pedir el recibo firmado')))
    .option('--tls', say(text('connect by TLS', 'conectar por TLS')))
    .option(
      '--ca <file>',
      say(
        text(
          'trust this certificate (PEM) instead of the system ones',
          'confiar en este certificado (PEM) en vez de los del sistema',
        ),
      ),
    )
    .addHelpText(
      'after',
      examples(
        shell,
        "printf secreto | sello transaction send --user alice --password-stdin --data 'CuentaA,CuentaB,100.0'",
        "printf secreto | sello transaction send --user alice --password-stdin --data 'CuentaA,CuentaB,800' --secret S --json",
      ),
    )
    .action((options: SendOptions) => send(shell, options));
}

async function send(shell: Shell, options: SendOptions): Promise<void> {
  const config = shell.config();
  const password = await readSecret(
    shell,
    options.passwordStdin === true,
    '--password-stdin',
    text('Password', 'Contraseña'),
  );
  const transfer = parseTransfer(options.data, config.currencyDefault);
  const tls = options.tls || options.ca !== undefined || config.tlsCertFile !== null;
  try {
    const client = await TcpClient.connect({
      ...(await addressOf(shell)),
      ...(tls ? { tls: options.ca === undefined ? {} : { ca: readFileSync(options.ca) } } : {}),
    });
    try {
      accepted(await client.request({ accion: 'login', username: options.user, password }));
      // The same key for the second try: if the first was executed, the second is its answer again.
      const attempt = {
        options,
        password,
        key: options.idempotencyKey ?? randomUUID(),
        transfer: isRefusal(transfer) ? undefined : transfer,
      };
      let answer = await transact(shell, client, attempt, options.code);
      if (
        needsCode(answer) &&
        options.code === undefined &&
        options.secret === undefined &&
        process.stdin.isTTY &&
        !shell.json
      ) {
        shell.note(
          text(`The server wants a code (${answer.error}).`, `El servidor pide un código (${answer.error}).`),
        );
        const code = (await ask(shell, text('Code', 'Código'))).replaceAll(' ', '');
        answer = await transact(shell, client, attempt, code);
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

/** As configured; where nothing says otherwise, where the server of the data folder says that it listens. */
async function addressOf(shell: Shell): Promise<{ readonly host: string; readonly port: number }> {
  const { config, sources } = shell.loaded();
  const configured = { host: config.tcpHost, port: config.tcpPort };
  if (sources.get('tcp_port') !== 'default') return configured;
  const status = await runningStatus(config);
  return parseHostAndPort(status?.addresses?.tcp ?? '') ?? configured;
}

interface Attempt {
  readonly options: SendOptions;
  readonly password: string;
  readonly key: string;
  /** `undefined`: it cannot be read, and the server is left to say so. */
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

/** @throws what the server refused, under its stable code */
function accepted(answer: ClientAnswer): ClientAnswer {
  if (answer.status === 'OK') return answer;
  if (typeof answer.error === 'string') {
    // The code's own text in the operator's language: `mensaje` is Spanish whatever was asked for.
    const wait = answer.reintentar_ms;
    throw new RefusedByServer({
      refused: answer.error as RefusalCode,
      ...(typeof wait === 'number' ? { retryAfterMs: wait } : {}),
    });
  }
  const message = `${answer.status}: ${answer.mensaje ?? ''}`;
  throw new CommandFailure(EXIT.refused, 'refused', text(message, message));
}
