import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Config } from '../../config.ts';
import { text } from '../../language/text.ts';
import { databaseOwner, type ServerStatus } from '../../operator/running-server.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

/** Checks store and vault: asks the running server, or opens them here. Does NOT create what is missing. */
export async function checkParts(
  config: Config,
  status: ServerStatus | undefined,
): Promise<readonly Finding[]> {
  if (status) return [running(status), part('store', status.store), part('vault', status.vault)];
  const { isPostgres, openAuditReader, storePath, vaultPath, openApplication } = await import(
    '../../compose.ts'
  );
  const notRunning = ok('server', text('not running', 'no está en marcha'));
  const sealed = config.vaultUrl.startsWith('file:');
  try {
    let anything = !sealed || existsSync(vaultPath(config));
    if (isPostgres(config)) {
      const journal = await openAuditReader(config);
      await journal.close();
      if (!anything) return [notRunning, part('store', 'ok'), nothingYet('vault')];
    } else {
      const database = storePath(config);
      const there = existsSync(database);
      const owner = there ? await databaseOwner(database) : undefined;
      if (owner !== undefined) return [stuck(owner)];
      anything = there || (sealed && anything);
      if (!anything) return [notRunning, nothingYet('store')];
    }
    const application = await openApplication(config);
    try {
      await application.store.ping();
      await application.vault.activeKeyVersion();
      return [notRunning, part('store', 'ok'), part('vault', 'ok')];
    } finally {
      await application.close();
    }
  } catch (error) {
    const { message } = error as Error;
    return [
      notRunning,
      fail(
        'parts',
        text(message, message),
        text(
          'Mend what the message names, then run this again',
          'Arregle lo que dice el mensaje y ejecute esto de nuevo',
        ),
      ),
    ];
  }
}

function nothingYet(what: 'store' | 'vault'): Finding {
  return warn(
    what,
    text('nothing here yet', 'aquí no hay nada todavía'),
    text('sello serve makes it', 'sello serve lo crea'),
  );
}

function stuck(owner: number | string): Finding {
  return fail(
    'server',
    text(
      `process ${owner} has the database and does not answer on its socket`,
      `el proceso ${owner} tiene la base de datos y no responde en su socket`,
    ),
    text('See its log; stop it and start it again', 'Mire su registro; deténgalo y arránquelo de nuevo'),
  );
}

function running({ pid, uptime_ms: uptimeMs, memory_bytes: bytes, addresses }: ServerStatus): Finding {
  const minutes = Math.floor(uptimeMs / 60_000);
  const megabytes = Math.round(bytes / 1_000_000);
  const where = Object.values(addresses ?? {}).join(', ');
  return ok(
    'server',
    text(
      `process ${pid} answers on ${where}, up ${minutes} min, ${megabytes} MB`,
      `el proceso ${pid} responde en ${where}, activo ${minutes} min, ${megabytes} MB`,
    ),
  );
}

function part(name: 'store' | 'vault', state: string): Finding {
  if (state === 'ok') return ok(name, text('it answers', 'responde'));
  return fail(name, text(state, state), text('See the log of the server', 'Mire el registro del servidor'));
}

/** Checks that the server can listen on its configured TCP address. */
export async function checkPort(config: Config, status: ServerStatus | undefined): Promise<Finding> {
  const { tcpHost: host, tcpPort: port } = config;
  if (status?.addresses)
    return ok(
      'port',
      text(`TCP listens on ${status.addresses.tcp}`, `TCP escucha en ${status.addresses.tcp}`),
    );
  const problem = await listenProblem(host, port);
  if (problem === undefined)
    return ok('port', text(`${host} port ${port} is free`, `${host} puerto ${port} está libre`));
  return fail(
    'port',
    text(`${host} port ${port}: ${problem}`, `${host} puerto ${port}: ${problem}`),
    text(
      'Stop what listens there, or give another --tcp-port',
      'Detenga lo que escucha ahí, o dé otro --tcp-port',
    ),
  );
}

function listenProblem(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve(error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
