import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import type { Config } from '../config.ts';
import { isRefusal, type Refusal, StartRefused, StoreUnavailable } from '../domain/errors.ts';
import { LIMITS } from '../limits.ts';
import { linesOf } from '../net/lines.ts';
import type { OperationArguments, OperationName, OperationResult } from './operations.ts';
import { findOperatorPath } from './socket-path.ts';
import type { OperatorAnswer, OperatorRequest } from './socket-protocol.ts';

/**
 * Runs an operation in the server that has the data folder, or in this process when none runs. The server cancels it when
 * this process goes away; SIGINT and SIGTERM cancel it in this one.
 * @param onMade - is told the paths of a database and a vault that were made because there were none; without it
 * nothing is made, so that a mistyped folder is an error and not an empty database
 * @throws StartRefused when there is no database and `onMade` is not given, or when another process has the database
 * and does not answer on its socket
 */
export async function operate<Name extends OperationName>(
  config: Config,
  command: Name,
  given: OperationArguments<Name>,
  onMade?: (paths: readonly string[]) => void,
): Promise<OperationResult<Name> | Refusal> {
  const answer = await askServer(config, { command, arguments: given });
  if (answer) return (answer.ok ? answer.result : answer) as OperationResult<Name> | Refusal;

  const [{ isPostgres, openApplication, storePath }, { runOperation }] = await Promise.all([
    import('../compose.ts'),
    import('./operations.ts'),
  ]);
  if (!onMade && !isPostgres(config) && !existsSync(storePath(config))) throw noDatabase(storePath(config));
  const application = await openApplication(config);
  if (application.generated.length > 0) onMade?.(application.generated);
  try {
    return (await runOperation({ application }, command, given)) as OperationResult<Name> | Refusal;
  } finally {
    await application.close();
  }
}

function noDatabase(path: string): StartRefused {
  return new StartRefused(
    `data_dir: there is no database ${path}, and nothing was made: name the server's folder with --data-dir, or its configuration with --config; a new server is made by "sello serve"`,
  );
}

/** Asks the server of the data folder. @returns `undefined` when none answers */
export async function askServer(
  config: Config,
  request: OperatorRequest,
): Promise<OperatorAnswer | undefined> {
  const path = findOperatorPath(config.dataDir);
  return path === undefined ? undefined : askOperator(path, request);
}

/**
 * Sends one request over the socket.
 * @returns `undefined` when nothing listens there
 * @throws StoreUnavailable when the server goes away before it answers: the request may have been executed
 */
export async function askOperator(
  path: string,
  request: OperatorRequest,
): Promise<OperatorAnswer | undefined> {
  const socket = connect(path);
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ECONNREFUSED') return undefined;
    throw error;
  }
  socket.setTimeout(LIMITS.operatorAnswerTimeMs, () =>
    socket.destroy(new Error('it did not answer in time')),
  );
  try {
    socket.write(`${JSON.stringify(request)}\n`);
    for await (const line of linesOf(socket, LIMITS.operatorAnswerBytesMax)) {
      const answer = JSON.parse(line) as OperatorAnswer;
      return answer.ok || isRefusal(answer) ? answer : undefined;
    }
    throw new Error('it closed the connection');
  } catch (error) {
    throw new StoreUnavailable(
      `the server at ${path} gave no answer, what was asked may be done: ${(error as Error).message}`,
    );
  } finally {
    socket.destroy();
  }
}
