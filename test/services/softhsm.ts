// A SoftHSM for one test, in a temporary folder.
import { spawnSync } from 'node:child_process';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildPkcs11 } from '../../scripts/build-pkcs11.ts';

const LIBRARIES = [
  '/usr/lib/softhsm/libsofthsm2.so',
  '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so',
  '/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so',
  '/usr/local/lib/softhsm/libsofthsm2.so',
  '/opt/homebrew/lib/softhsm/libsofthsm2.so',
];

/** A SoftHSM of its own in a throw-away folder. The library reads where that is from the environment, once a process. */
export interface SoftHsm {
  readonly folder: string;
  readonly modulePath: string;
  readonly pin: string;
  /** For processes that are to use the same one. */
  readonly environment: Readonly<Record<string, string>>;
  /** Makes a slot with a token; a library that is in use already in this process does not see it. */
  initSlot(label: string): void;
  /** `pkcs11:` URL of a slot; `keys` is what the keys' labels start with. */
  url(label: string, keys?: string, modulePath?: string): string;
  /** Takes every token away, as if the HSM were unplugged; `show` brings them back. */
  hide(): void;
  show(): void;
  /** The library as another part of this process has it. */
  inThisProcess(modulePath: string, label: string): { C_CloseAllSessions(): void; C_Finalize(): void };
  /** Runs OpenSC's pkcs11-tool on it. @returns exit code and output */
  tool(...args: string[]): { readonly status: number | null; readonly output: string };
  remove(): void;
}

/**
 * Needs Debian's softhsm2 and opensc, and g++ once for the module that talks to it.
 * @param lacking mechanisms that it is to be without, beside MD5: SoftHSM keeps the first one that it is told to leave out
 *
 * Why: docs/DECISIONS.md#softhsms-objects-are-in-memory
 */
export function softHsm({ lacking = [] }: { readonly lacking?: readonly string[] } = {}): SoftHsm {
  buildPkcs11();
  const found = LIBRARIES.find((path) => existsSync(path));
  if (found === undefined)
    throw new Error('SoftHSM is not installed. On Debian: apt-get install softhsm2 opensc');
  const modulePath: string = found;
  const folder = mkdtempSync(join(inMemory() ?? tmpdir(), 'sello-softhsm-'));
  const tokens = join(folder, 'tokens');
  mkdirSync(tokens);
  const settings = join(folder, 'softhsm2.conf');
  writeFileSync(
    settings,
    `directories.tokendir = ${tokens}\nobjectstore.backend = file\nlog.level = ERROR\n${
      lacking.length === 0 ? '' : `slots.mechanisms = -CKM_MD5,${lacking.join(',')}\n`
    }`,
  );
  const environment = { SOFTHSM2_CONF: settings };
  Object.assign(process.env, environment);
  const pin = '1234';
  const run = (command: string, args: readonly string[]) => {
    const { status, error, stdout, stderr } = spawnSync(command, args, {
      encoding: 'utf8',
      env: { ...process.env, ...environment },
    });
    if (error) throw error;
    return { status, output: stdout + stderr };
  };
  return {
    folder,
    modulePath,
    pin,
    environment,
    initSlot: (label) => {
      const { status, output } = run('softhsm2-util', [
        ...['--init-token', '--free', '--label', label],
        ...['--pin', pin, '--so-pin', '12345678'],
      ]);
      if (status !== 0) throw new Error(output);
    },
    url: (label, keys = 'sello', module = modulePath) =>
      `pkcs11:token=${encodeURIComponent(label)};object=${keys}?module-path=${encodeURI(module)}`,
    hide: () => renameSync(tokens, `${tokens}.hidden`),
    show: () => renameSync(`${tokens}.hidden`, tokens),
    inThisProcess: (module, label) => {
      const { PKCS11 }: typeof import('pkcs11js') = createRequire(import.meta.url)('pkcs11js');
      const library = new PKCS11();
      library.load(module);
      const slot = library
        .C_GetSlotList(true)
        .find((each) => library.C_GetTokenInfo(each).label.trim() === label);
      if (!slot) throw new Error(`no slot ${label}`);
      return {
        C_CloseAllSessions: () => library.C_CloseAllSessions(slot),
        C_Finalize: () => library.C_Finalize(),
      };
    },
    tool: (...args) => run('pkcs11-tool', ['--module', modulePath, ...args]),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** SoftHSM syncs each object that it writes, for which a busy disk takes half a second: here nothing is to last. */
function inMemory(): string | undefined {
  const path = '/dev/shm';
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
    return path;
  } catch {
    return undefined;
  }
}
