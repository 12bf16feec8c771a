import type { Command } from 'commander';
import type { RefusalCode } from '../../domain/errors.ts';
import { text } from '../../language/text.ts';
import { formatHostAndPort } from '../../net/host-and-port.ts';
import { ERRORS } from '../../wire/errors.ts';
import { EXIT } from '../shell/exit-codes.ts';
import { CommandFailure, RefusedByServer } from '../shell/failure.ts';
import { readPassword } from '../shell/secret-input.ts';
import type { Shell } from '../shell/shell.ts';

export interface ServerOptions {
  readonly server?: string;
  readonly passwordStdin?: boolean;
  readonly logInCode?: string;
}

const TIME_MS = 60_000;

export function serverFlags(shell: Shell, command: Command): Command {
  const say = shell.say.bind(shell);
  return command
    .option(
      '--server <url>',
      say(
        text(
          'the REST API; by default that of the configuration',
          'la API REST; por defecto la de la configuración',
        ),
      ),
    )
    .option(
      '--password-stdin',
      say(text('read the password from standard input', 'leer la contraseña de la entrada estándar')),
    )
    .option(
      '--log-in-code <code>',
      say(
        text(
          'the code for the log-in, where there is a token for it',
          'el código para iniciar sesión, si hay token para ello',
        ),
      ),
    );
}

/** The REST API, as a user. */
export class Server {
  readonly #url: string;
  readonly #token: string;

  private constructor(url: string, token: string) {
    this.#url = url;
    this.#token = token;
  }

  /** @throws CommandFailure, RefusedByServer */
  static async logIn(shell: Shell, options: ServerOptions, username: string): Promise<Server> {
    const { httpHost: address, httpPort: port, tlsCertFile } = shell.config();
    const scheme = tlsCertFile === null ? 'http' : 'https';
    const url = options.server ?? `${scheme}://${formatHostAndPort({ address, port })}`;
    const password = await readPassword(shell, options.passwordStdin);
    const code = options.logInCode === undefined ? {} : { code: options.logInCode };
    const made = await call(url, 'POST', '/v1/sessions', undefined, { username, password, ...code });
    return new Server(url, String(made.access_token));
  }

  /** @throws CommandFailure, RefusedByServer */
  request(method: string, path: string, body?: unknown): Promise<Readonly<Record<string, unknown>>> {
    return call(this.#url, method, path, this.#token, body);
  }
}

async function call(
  url: string,
  method: string,
  path: string,
  token: string | undefined,
  body: unknown,
): Promise<Readonly<Record<string, unknown>>> {
  let response: Response;
  try {
    response = await fetch(new URL(path, url), {
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIME_MS),
    });
  } catch (error) {
    const message = `${url}: ${(error as Error).message}`;
    throw new CommandFailure(EXIT.unavailable, 'connection_lost', text(message, message));
  }
  const answer = (await response.json().catch(() => ({}))) as Readonly<Record<string, unknown>>;
  if (response.ok) return answer;
  const { code, retry_after_ms: retryAfterMs } = answer;
  if (typeof code === 'string' && Object.hasOwn(ERRORS, code)) {
    throw new RefusedByServer({
      refused: code as RefusalCode,
      ...(typeof retryAfterMs === 'number' ? { retryAfterMs } : {}),
    });
  }
  const message = `${url}: ${response.status}`;
  throw new CommandFailure(EXIT.refused, 'refused', text(message, message));
}
