import { createPrivateKey, generateKeyPairSync, hash, type KeyObject, sign } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeBase64, encodeBase64 } from '../../domain/encoding/base64.ts';
import { StartRefused } from '../../domain/errors.ts';
import { NOTE_KEY_TYPE, type VerifierKey } from '../../domain/log/verifier-key.ts';
import { noteVerifierKey } from '../../domain/log/verify-note.ts';
import type { SeenCheckpoint, WitnessMemory } from '../../ports/witness-memory.ts';
import { createFile, replaceFile } from '../vault-file/atomic-file.ts';

const KEY_FILE = 'witness-key.json';

export interface WitnessKey {
  readonly key: VerifierKey;
  readonly sign: (message: Uint8Array) => Uint8Array;
}

/** Makes the witness's key, under a name of its own for ever. @throws StartRefused where there is one */
export async function makeWitnessKey(folder: string, name: string): Promise<WitnessKey> {
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8' });
  const made = witnessKey(name, privateKey);
  try {
    await createFile(join(folder, KEY_FILE), Buffer.from(`${JSON.stringify({ name, private_key: pem })}\n`));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new StartRefused(`${join(folder, KEY_FILE)} is there already: a witness keeps its key for ever`);
  }
  return made;
}

/** @throws StartRefused when there is no key, or it cannot be read */
export async function readWitnessKey(folder: string): Promise<WitnessKey> {
  const path = join(folder, KEY_FILE);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch {
    throw new StartRefused(`there is no ${path}: make it by sello witness key --name NAME`);
  }
  try {
    const { name, private_key: pem } = JSON.parse(text) as { name: string; private_key: string };
    return witnessKey(name, createPrivateKey(pem));
  } catch {
    throw new StartRefused(`${path} is damaged: restore it; a new key would be another witness`);
  }
}

function witnessKey(name: string, privateKey: KeyObject): WitnessKey {
  const publicKey = Buffer.from(privateKey.export({ format: 'jwk' }).x ?? '', 'base64url');
  return {
    key: noteVerifierKey(name, publicKey, NOTE_KEY_TYPE.cosignature),
    sign: (message) => sign(null, message, privateKey),
  };
}

/** The last checkpoint of each log, a file each. Each replacement is durable, and complete after a crash. */
export class WitnessFolder implements WitnessMemory {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** @throws StartRefused where the file is damaged: signing on as if nothing had been seen would allow a fork */
  async find(origin: string): Promise<SeenCheckpoint | undefined> {
    const path = this.#path(origin);
    let text: string;
    try {
      text = await readFile(path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
    const [name, size, encoded] = text.split('\n');
    const root = decodeBase64(encoded ?? '');
    if (name !== origin || !/^\d{1,16}$/.test(size ?? '') || root?.length !== 32) {
      throw new StartRefused(`${path} is damaged: restore it`);
    }
    return { size: Number(size), root };
  }

  async put(origin: string, { size, root }: SeenCheckpoint): Promise<void> {
    await replaceFile(this.#path(origin), Buffer.from(`${origin}\n${size}\n${encodeBase64(root)}\n`));
  }

  #path(origin: string): string {
    return join(this.#folder, `${hash('sha256', origin, 'hex').slice(0, 32)}.seen`);
  }
}
