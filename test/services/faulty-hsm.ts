import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SoftHsm } from './softhsm.ts';

/** SoftHSM behind a library that fails as told, see test/services/faulty-pkcs11.cpp. */
export interface FaultyHsm {
  readonly modulePath: string;
  readonly environment: Readonly<Record<string, string>>;
  /** From now on these faults and no others. */
  set(...faults: string[]): void;
  /** How often anyone has tried a PIN. */
  logIns(): number;
}

export function faultyHsm(hsm: SoftHsm): FaultyHsm {
  const source = fileURLToPath(new URL('./faulty-pkcs11.cpp', import.meta.url));
  const headers = fileURLToPath(new URL('../../node_modules/pkcs11js/includes', import.meta.url));
  const modulePath = join(hsm.folder, 'faulty-pkcs11.so');
  const { status, error, stderr } = spawnSync(
    process.env.CXX || 'g++',
    ['-shared', '-fPIC', '-O1', '-w', `-I${headers}`, source, '-o', modulePath, '-ldl'],
    { encoding: 'utf8' },
  );
  if (error || status !== 0) throw error ?? new Error(stderr);
  const faults = join(hsm.folder, 'faults');
  const environment = {
    ...hsm.environment,
    FAULTY_PKCS11_LIBRARY: hsm.modulePath,
    FAULTY_PKCS11_FAULTS: faults,
  };
  Object.assign(process.env, environment);
  const set = (...named: string[]) => writeFileSync(faults, named.join(' '));
  set();
  return {
    modulePath,
    environment,
    set,
    logIns: () => {
      const log = `${faults}.log-ins`;
      return existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n').length : 0;
    },
  };
}
