import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, readFile, rename, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { text } from '../../language/text.ts';
import { makeFolder } from '../../operator/make-folder.ts';
import { usageFailure } from '../shell/failure.ts';

export interface VaultCertificatesRequest {
  readonly folder: string;
  /** The names and addresses at which callers reach the vault's process. */
  readonly hosts: readonly string[];
  /** Each gets a certificate under its name, as `vault_callers` and `vault_key_managers` list it. */
  readonly callers: readonly string[];
  readonly days: number;
  /** Whether to replace certificates that exist. The authority stays. */
  readonly renew: boolean;
  readonly now?: Date;
}

export interface VaultCertificates {
  readonly made: readonly string[];
  readonly kept: readonly string[];
}

interface Pair {
  readonly cert: string;
  readonly key: string;
}

const DAY_MS = 86_400_000;
const AUTHORITY_DAYS = 3_650;
/** Certificates are valid from this long ago, because clocks differ. */
const BEFORE_MS = 300_000;
const AUTHORITY = 'ca';
const VAULT = 'vault';

/**
 * Makes a private authority, a certificate for the vault's process and one for each caller, as `NAME.cert.pem` and
 * `NAME.key.pem` (P-256). A second run makes only what is missing, under the same authority.
 * @throws CommandFailure when the folder's authority is incomplete
 */
export async function makeVaultCertificates(request: VaultCertificatesRequest): Promise<VaultCertificates> {
  const { folder, hosts, callers, days, renew } = request;
  const now = request.now ?? new Date();
  await makeFolder(folder);
  const made: string[] = [];
  const kept: string[] = [];
  const authority = (await readAuthority(folder)) ?? (await makeAuthority(now));
  if (existsSync(pathsOf(folder, AUTHORITY).cert)) kept.push(AUTHORITY);
  else {
    await writePair(folder, AUTHORITY, authority);
    made.push(AUTHORITY);
  }
  const leaves = [
    { name: VAULT, usage: 'serverAuth' as const, names: hosts },
    ...callers.map((name) => ({ name, usage: 'clientAuth' as const, names: [name] })),
  ];
  for (const { name, usage, names } of leaves) {
    if (!renew && existsSync(pathsOf(folder, name).cert)) {
      kept.push(name);
      continue;
    }
    await writePair(folder, name, await makeLeaf(authority, { name, usage, names, days, now }));
    made.push(name);
  }
  return { made, kept };
}

/** The paths of the certificate and the key of a name. */
export function pathsOf(folder: string, name: string): Pair {
  return { cert: join(folder, `${name}.cert.pem`), key: join(folder, `${name}.key.pem`) };
}

async function readAuthority(folder: string): Promise<Pair | undefined> {
  const paths = pathsOf(folder, AUTHORITY);
  if (!existsSync(paths.cert) && !existsSync(paths.key)) return undefined;
  try {
    const [cert, key] = await Promise.all([readFile(paths.cert, 'utf8'), readFile(paths.key, 'utf8')]);
    if (new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) return { cert, key };
  } catch {
    // Reported below.
  }
  throw usageFailure(
    text(
      `${paths.cert} and ${paths.key} are not an authority and its key`,
      `${paths.cert} y ${paths.key} no son una autoridad y su clave`,
    ),
    text('Put both back, or name an empty folder', 'Reponga ambos o indique una carpeta vacía'),
  );
}

async function makeAuthority(now: Date): Promise<Pair> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'Sello vault authority' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: new Date(now.getTime() - BEFORE_MS),
    notAfterDate: new Date(now.getTime() + AUTHORITY_DAYS * DAY_MS),
    extensions: [
      { name: 'basicConstraints', cA: true, pathLenConstraint: 0, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  return { cert, key };
}

async function makeLeaf(
  authority: Pair,
  {
    name,
    usage,
    names,
    days,
    now,
  }: {
    readonly name: string;
    readonly usage: 'serverAuth' | 'clientAuth';
    readonly names: readonly string[];
    readonly days: number;
    readonly now: Date;
  },
): Promise<Pair> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    algorithm: 'sha256',
    ca: authority,
    notBeforeDate: new Date(now.getTime() - BEFORE_MS),
    notAfterDate: new Date(now.getTime() + days * DAY_MS),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', [usage]: true },
      {
        name: 'subjectAltName',
        altNames: names.map((each) => (isIP(each) ? { type: 7, ip: each } : { type: 2, value: each })),
      },
    ],
  });
  return { cert, key };
}

/** Writes the key first: a certificate is never there without its key. */
async function writePair(folder: string, name: string, { cert, key }: Pair): Promise<void> {
  const paths = pathsOf(folder, name);
  await replace(paths.key, key, 0o600);
  await replace(paths.cert, cert, 0o644);
}

async function replace(path: string, content: string, mode: number): Promise<void> {
  const unfinished = `${path}.new`;
  await writeFile(unfinished, content, { mode });
  await chmod(unfinished, mode);
  await rename(unfinished, path);
}
