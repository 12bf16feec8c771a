import { createRequire } from 'node:module';
import type * as Pkcs11js from 'pkcs11js';
import { StartRefused } from '../../domain/errors.ts';

export type Handle = Pkcs11js.Handle;
export type Template = Pkcs11js.Template;
export type Library = Pkcs11js.PKCS11;

/**
 * Loads pkcs11js and, through it, the HSM's PKCS#11 library. Use synchronous calls only: pkcs11js's asynchronous calls do
 * not keep their buffers alive (pkcs11js issue 121).
 * @throws StartRefused when pkcs11js was not built, or the HSM's library does not load
 */
export function loadLibrary(modulePath: string): Library {
  let pkcs11js: typeof Pkcs11js;
  try {
    pkcs11js = createRequire(import.meta.url)('pkcs11js');
  } catch (error) {
    const [reason] = (error as Error).message.split('\n');
    throw new StartRefused(
      `vault_url: the module that talks to an HSM is not built (${reason}). Run, with a C++ compiler on the machine: npm run build:pkcs11`,
    );
  }
  const library = new pkcs11js.PKCS11();
  try {
    library.load(modulePath);
  } catch (error) {
    throw new StartRefused(
      `vault_url: the PKCS#11 library ${modulePath} does not load (${(error as Error).message}). Install the HSM's client software, or give its path in module-path=.`,
    );
  }
  return library;
}

/** Returns the return value (CKR_…) of a failed call; `undefined` for an error that no PKCS#11 call threw, which is a defect. */
export function returnValueOf(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  // Some calls throw a plain Error with the number in the message only.
  if ('code' in error && typeof error.code === 'number' && error.code !== 0) return error.code;
  const number = /CKR_\w+:(\d+)/.exec(error.message)?.[1];
  return number === undefined ? undefined : Number(number);
}

/** Returns the name of a failed call's return value, for a message to the operator. */
export function returnNameOf(error: unknown): string {
  const name = error instanceof Error ? /CKR_\w+/.exec(error.message)?.[0] : undefined;
  return name ?? `return value 0x${(returnValueOf(error) ?? 0).toString(16)}`;
}

/** Runs a call and treats one return value as success. */
export function ignoringReturnValue(value: number, call: () => void): void {
  try {
    call();
  } catch (error) {
    if (returnValueOf(error) !== value) throw error;
  }
}
