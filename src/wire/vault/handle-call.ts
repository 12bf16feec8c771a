import { VaultUnavailable } from '../../domain/errors.ts';
import { LIMITS } from '../../limits.ts';
import type { KeyVault } from '../../ports/key-vault.ts';
import { ByteReader, ByteWriter, MalformedMessage } from '../../vault-protocol/bytes.ts';
import { VAULT_ANSWERS, VAULT_CALLS, type VaultCallName, vaultCallOf } from '../../vault-protocol/calls.ts';
import type { Frame } from '../../vault-protocol/frames.ts';
import type { CallTurn } from './call-turns.ts';
import type { VaultCaller } from './caller.ts';

/** The answer to a frame, and what is logged of it. */
export interface VaultAnswer {
  readonly kind: number;
  readonly body: Uint8Array;
  /** Set when the caller does not speak the protocol: nothing more is read from it. */
  readonly close?: true;
  /** For the log: which call was refused or failed, and why. */
  readonly logged?: { readonly call: VaultCallName | number; readonly reason: string; readonly bug?: true };
  /** Set when the call made, activated or destroyed keys. */
  readonly managed?: VaultCallName;
}

/** Carries out one call: reads it, checks that the caller may make it, calls the vault. Never throws. */
export async function handleCall(
  vault: KeyVault,
  caller: VaultCaller,
  { kind, body }: Frame,
  turn: Pick<CallTurn, 'weigh'>,
): Promise<VaultAnswer> {
  const name = vaultCallOf(kind);
  if (name === undefined) return malformed(kind, `there is no call ${kind}`);
  if (VAULT_CALLS[name].managesKeys && !caller.managesKeys) {
    const reason = `${name}: ${caller.name} is not in vault_key_managers`;
    return { kind: VAULT_ANSWERS.forbidden, body: Buffer.from(reason), logged: { call: name, reason } };
  }
  try {
    const answer = await call(vault, name, body, turn);
    const managed = VAULT_CALLS[name].managesKeys && name !== 'rewrap' ? { managed: name } : {};
    return { kind: VAULT_ANSWERS.done, body: answer, ...managed };
  } catch (error) {
    return failed(name, error);
  }
}

async function call<Name extends VaultCallName>(
  vault: KeyVault,
  name: Name,
  body: Buffer,
  turn: Pick<CallTurn, 'weigh'>,
): Promise<Uint8Array> {
  const form = VAULT_CALLS[name];
  const reader = new ByteReader(body);
  const given = form.read(reader);
  reader.end();
  const [items] = given;
  if (Array.isArray(items)) {
    if (items.length > LIMITS.vaultItemsPerFrameMax) {
      throw new MalformedMessage(`${items.length} at once, ${LIMITS.vaultItemsPerFrameMax} are taken`);
    }
    turn.weigh(items.length);
  }
  const method = vault[name] as (
    ...given: Parameters<KeyVault[Name]>
  ) => Promise<Awaited<ReturnType<KeyVault[Name]>>>;
  const answer = await method.apply(vault, given);
  const out = new ByteWriter();
  form.writeAnswer(out, answer);
  return out.finish();
}

function failed(name: VaultCallName, error: unknown): VaultAnswer {
  if (error instanceof MalformedMessage) return malformed(name, error.message);
  if (error instanceof RangeError) {
    return { kind: VAULT_ANSWERS.outOfRange, body: Buffer.from(error.message) };
  }
  if (error instanceof VaultUnavailable) {
    const logged = { call: name, reason: error.message };
    return { kind: VAULT_ANSWERS.unavailable, body: Buffer.from(error.message), logged };
  }
  // A bug's message may quote a key, so only its place is kept.
  const [, place = ''] = error instanceof Error ? (error.stack ?? '').split('\n    at ') : [];
  const reason = `${error instanceof Error ? error.name : typeof error} at ${place.trim()}`;
  return {
    kind: VAULT_ANSWERS.unavailable,
    body: Buffer.from('a mistake in the vault: see its log'),
    logged: { call: name, reason, bug: true },
  };
}

function malformed(call: VaultCallName | number, reason: string): VaultAnswer {
  return {
    kind: VAULT_ANSWERS.malformed,
    body: Buffer.from(reason),
    close: true,
    logged: { call, reason },
  };
}
