import { hash } from 'node:crypto';
import { IV_BYTES, TAG_BYTES } from '../vault-keys/aes-gcm.ts';

/*
 * A vault file has three lines of ASCII: the header as JSON, the sealed content in base64, and the SHA-256 of these two
 * lines in hex. The digest does not protect the file; the seal does. It tells a damaged file from a wrong passphrase, so
 * that the operator learns what to fix.
 */

const FORMAT = 'sello-vault';
const FORMAT_VERSION = 1;
const SALT_BYTES_MIN = 16;
/** The header's costs are used before anything is authenticated, so they must not exhaust the machine. */
const MEMORY_KIB_MAX = 1_048_576;
const PASSES_MAX = 64;
const LANES_MAX = 16;

/** The Argon2id parameters (RFC 9106) that derive the sealing key from the passphrase. */
export interface KeyDerivation {
  readonly memoryKib: number;
  readonly passes: number;
  readonly lanes: number;
  readonly salt: Buffer;
}

/** The public part of the file: it contains no secret. */
export interface Header {
  readonly derivation: KeyDerivation;
  readonly iv: Buffer;
  readonly encryptionKeys: readonly {
    readonly version: number;
    readonly createdAt: number;
    readonly active: boolean;
  }[];
  readonly signingKeyId: string;
}

export interface DecodedFile {
  readonly header: Header;
  /** The header's bytes as read: the seal covers them. */
  readonly headerBytes: Buffer;
  /** Ciphertext ‖ tag. */
  readonly sealed: Buffer;
}

/**
 * Encodes a vault file.
 * @param seal takes the header's bytes, returns ciphertext ‖ tag
 */
export function encodeFile(header: Header, seal: (headerBytes: Buffer) => Buffer): Buffer {
  const { derivation, iv, encryptionKeys, signingKeyId } = header;
  const line = JSON.stringify({
    format: FORMAT,
    format_version: FORMAT_VERSION,
    key_derivation: {
      name: 'argon2id',
      memory_kib: derivation.memoryKib,
      passes: derivation.passes,
      lanes: derivation.lanes,
      salt: derivation.salt.toString('base64'),
    },
    cipher: { name: 'aes-256-gcm', iv: iv.toString('base64') },
    encryption_keys: encryptionKeys.map(({ version, createdAt, active }) => ({
      version,
      status: active ? 'active' : 'retired',
      created_at: new Date(createdAt).toISOString(),
    })),
    signing_key: signingKeyId,
  });
  const body = `${line}\n${seal(Buffer.from(line)).toString('base64')}\n`;
  return Buffer.from(`${body}${hash('sha256', body, 'hex')}\n`);
}

/**
 * Decodes a vault file. Does NOT authenticate anything: `unseal` does.
 * @returns `damage`, a description for the operator, when the file is incomplete or malformed
 */
export function decodeFile(bytes: Buffer): DecodedFile | { readonly damage: string } {
  if (bytes.length === 0) return { damage: 'it is empty' };
  const text = bytes.toString('latin1');
  const [line, content, digest, rest, ...more] = text.split('\n');
  if (line === undefined || content === undefined || digest === undefined || rest !== '' || more.length > 0) {
    return { damage: 'it is cut short, or is no vault file' };
  }
  if (hash('sha256', bytes.subarray(0, line.length + content.length + 2), 'hex') !== digest) {
    return { damage: 'its content does not fit its digest' };
  }
  const sealed = Buffer.from(content, 'base64');
  if (sealed.length <= TAG_BYTES || sealed.toString('base64') !== content) {
    return { damage: 'its sealed part is too short, or not base64' };
  }
  const header = parseHeader(line);
  return typeof header === 'string'
    ? { damage: header }
    : { header, headerBytes: Buffer.from(line, 'latin1'), sealed };
}

/** Parses the header. @returns a description of the mistake, as a string, when the header does not have this format */
function parseHeader(line: string): Header | string {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return 'its header is not JSON';
  }
  if (member(json, 'format') !== FORMAT) return 'it is no vault file';
  const formatVersion = member(json, 'format_version');
  if (formatVersion !== FORMAT_VERSION)
    return `its format is version ${formatVersion}, this program reads ${FORMAT_VERSION}`;
  const derivation = member(json, 'key_derivation');
  const cipher = member(json, 'cipher');
  const memoryKib = within(member(derivation, 'memory_kib'), MEMORY_KIB_MAX);
  const passes = within(member(derivation, 'passes'), PASSES_MAX);
  const lanes = within(member(derivation, 'lanes'), LANES_MAX);
  if (member(derivation, 'name') !== 'argon2id' || !memoryKib || !passes || !lanes || memoryKib < 8 * lanes) {
    return 'its key derivation is unknown or out of bounds';
  }
  if (member(cipher, 'name') !== 'aes-256-gcm') return 'its cipher is unknown';
  const salt = Buffer.from(String(member(derivation, 'salt')), 'base64');
  const iv = Buffer.from(String(member(cipher, 'iv')), 'base64');
  if (salt.length < SALT_BYTES_MIN || iv.length !== IV_BYTES) return 'its salt or IV has a wrong length';
  const list = member(json, 'encryption_keys');
  const encryptionKeys = (Array.isArray(list) ? list : []).map((entry: unknown) => ({
    version: Number(member(entry, 'version')),
    createdAt: Date.parse(String(member(entry, 'created_at'))),
    active: member(entry, 'status') === 'active',
  }));
  return {
    derivation: { memoryKib, passes, lanes, salt },
    iv,
    encryptionKeys,
    signingKeyId: String(member(json, 'signing_key')),
  };
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.entries(value).find(([key]) => key === name)?.[1]
    : undefined;
}

function within(value: unknown, max: number): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= max
    ? value
    : undefined;
}
