import { readFile, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Config } from '../../config.ts';
import { text } from '../../language/text.ts';
import { LIMITS } from '../../limits.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

const NODE_MAJOR = 26;
const DISK_FREE_WARN_BYTES = 1_073_741_824;
const DISK_FREE_FAIL_BYTES = 67_108_864;
const CLOCK_DIFFERENCE_MAX_MS = 2_000;
const CLOCK_STEP_MAX_MS = 50;
const CLOCK_WATCH_MS = 200;
/** Descriptors reserved for everything except client connections: database, logs, listeners. */
const DESCRIPTORS_SPARE = 256;

export function checkNode(): Finding {
  const found = text(`Node ${process.versions.node}`, `Node ${process.versions.node}`);
  if (Number.parseInt(process.versions.node, 10) >= NODE_MAJOR) return ok('node', found);
  return fail(
    'node',
    found,
    text(
      `Run it by bin/sello, which takes the project's own Node ${NODE_MAJOR}`,
      `Ejecútelo con bin/sello, que usa el Node ${NODE_MAJOR} del proyecto`,
    ),
  );
}

/** Codes depend on the clock: compares it with the file system's, and checks that it advances evenly. */
export async function checkClock(config: Config): Promise<Finding> {
  const mend = text(
    'Turn on time synchronisation (timedatectl set-ntp true): codes are valid by the minute',
    'Active la sincronización horaria (timedatectl set-ntp true): los códigos valen por minutos',
  );
  const wallStart = Date.now();
  const start = performance.now();
  await setTimeout(CLOCK_WATCH_MS);
  const stepMs = Math.abs(Date.now() - wallStart - (performance.now() - start));
  if (stepMs > CLOCK_STEP_MAX_MS) {
    return warn(
      'clock',
      text(
        `it jumped ${Math.round(stepMs)} ms while it was watched`,
        `saltó ${Math.round(stepMs)} ms mientras se observaba`,
      ),
      mend,
    );
  }
  const difference = await fileSystemDifference(config.dataDir);
  if (difference !== undefined && Math.abs(difference) > CLOCK_DIFFERENCE_MAX_MS) {
    return fail(
      'clock',
      text(
        `it differs from the file system's by ${difference} ms`,
        `difiere de la del sistema de ficheros en ${difference} ms`,
      ),
      mend,
    );
  }
  const now = new Date().toISOString();
  return ok('clock', text(now, now));
}

/** @returns ms, `undefined` when no file can be made there: another check reports that */
async function fileSystemDifference(folder: string): Promise<number | undefined> {
  const probe = join(folder, `.doctor-${process.pid}`);
  try {
    await writeFile(probe, '', { mode: 0o600 });
    const at = Date.now();
    return Math.round((await stat(probe)).mtimeMs - at);
  } catch {
    return undefined;
  } finally {
    await rm(probe, { force: true }).catch(() => undefined);
  }
}

export async function checkDisk(config: Config): Promise<Finding | undefined> {
  let free: number;
  try {
    const { bavail, bsize } = await statfs(config.dataDir);
    free = bavail * bsize;
  } catch {
    return undefined;
  }
  const gib = (free / DISK_FREE_WARN_BYTES).toFixed(1);
  const found = text(`${gib} GiB free`, `${gib} GiB libres`);
  const mend = text(
    'Free some space, or move the data folder (backup, restore --data-dir)',
    'Libere espacio o mueva la carpeta de datos (backup, restore --data-dir)',
  );
  if (free < DISK_FREE_FAIL_BYTES) return fail('disk', found, mend);
  return free < DISK_FREE_WARN_BYTES ? warn('disk', found, mend) : ok('disk', found);
}

/**
 * The limit of the running server's process, else of this one.
 * @returns `undefined` when the system does not report it
 */
export async function checkDescriptors(pid: number | undefined): Promise<Finding | undefined> {
  const limits = await readFile(`/proc/${pid ?? 'self'}/limits`, 'utf8').catch(() => '');
  const soft = /^Max open files\s+(\S+)/m.exec(limits)?.[1];
  if (soft === undefined) return undefined;
  const wanted = LIMITS.connectionsMax + DESCRIPTORS_SPARE;
  const found = text(`${soft} open files allowed`, `${soft} ficheros abiertos permitidos`);
  if (soft === 'unlimited' || Number(soft) >= wanted) return ok('descriptors', found);
  return warn(
    'descriptors',
    found,
    text(
      `For ${LIMITS.connectionsMax} connections: ulimit -n ${wanted}, or LimitNOFILE=${wanted} of its service`,
      `Para ${LIMITS.connectionsMax} conexiones: ulimit -n ${wanted}, o LimitNOFILE=${wanted} en su servicio`,
    ),
  );
}
