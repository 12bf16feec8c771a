import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { openToOthers } from '../../config/secret-file.ts';
import type { Config } from '../../config.ts';
import { text } from '../../language/text.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

const DAY_MS = 86_400_000;
const EXPIRY_WARN_DAYS = 30;

/** Checks that only the operator can read the data folder, which must exist, and the files in it. */
export async function checkPermissions(config: Config): Promise<readonly Finding[]> {
  const folder = config.dataDir;
  const about = await stat(folder);
  const findings: Finding[] = [];
  // A container's volume is writable for root's group, in which a platform runs a user that it chose itself.
  const rootsGroup = about.gid === 0 && process.getgid?.() === 0;
  if ((about.mode & (about.gid === 0 ? 0o007 : 0o077)) !== 0) {
    findings.push(
      fail(
        'permissions',
        text(`${folder} has mode ${octal(about.mode)}`, `${folder} tiene modo ${octal(about.mode)}`),
        text(`chmod 700 ${folder}`, `chmod 700 ${folder}`),
      ),
    );
  }
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const entry = await stat(path).catch(() => undefined);
    if (!entry || (entry.mode & 0o077) === 0) continue;
    const mode = entry.isDirectory() ? 700 : 600;
    findings.push(
      fail(
        'permissions',
        text(`${path} has mode ${octal(entry.mode)}`, `${path} tiene modo ${octal(entry.mode)}`),
        text(`chmod ${mode} ${path}`, `chmod ${mode} ${path}`),
      ),
    );
  }
  const user = process.getuid?.();
  if (user !== undefined && user !== 0 && about.uid !== user && !rootsGroup) {
    findings.push(
      fail(
        'permissions',
        text(
          `${folder} belongs to another user (${about.uid})`,
          `${folder} es de otro usuario (${about.uid})`,
        ),
        text('Run this as that user', 'Ejecute esto como ese usuario'),
      ),
    );
  }
  const fine = text(`${folder} is private`, `${folder} es privada`);
  return findings.length > 0 ? findings : [ok('permissions', fine)];
}

function octal(mode: number): string {
  return (mode & 0o777).toString(8).padStart(4, '0');
}

/** A passphrase file outside the data folder protects nothing when others can read it. */
export async function checkPassphraseFile(config: Config): Promise<Finding | undefined> {
  const path = config.vaultPassphraseFile;
  if (path === null) return undefined;
  const { mode } = await stat(path);
  if ((mode & 0o077) === 0) return ok('passphrase', text(`${path} is private`, `${path} es privado`));
  return warn(
    'passphrase',
    text(`${path} has mode ${octal(mode)}`, `${path} tiene modo ${octal(mode)}`),
    text(`chmod 400 ${path}`, `chmod 400 ${path}`),
  );
}

export function checkCertificate({ tlsCertFile, tlsKeyFile }: Config): Promise<Finding | undefined> {
  return checkPair('tls', tlsCertFile, tlsKeyFile);
}

/** Checks this side's certificate of the TLS between servers and the vault's process. */
export async function checkVaultCertificate(config: Config): Promise<Finding | undefined> {
  if (config.role === 'vault') return checkPair('vault tls', config.vaultTlsCertFile, config.vaultTlsKeyFile);
  if (!config.vaultUrl.startsWith('https:')) return undefined;
  return checkPair('vault tls', config.vaultCertFile, config.vaultKeyFile);
}

async function checkPair(
  check: string,
  certFile: string | null,
  keyFile: string | null,
): Promise<Finding | undefined> {
  if (certFile === null || keyFile === null) return undefined;
  try {
    const certificate = new X509Certificate(await readFile(certFile));
    const key = createPrivateKey(await readFile(keyFile));
    if (!certificate.checkPrivateKey(key)) {
      return fail(
        check,
        text('the key is not that of the certificate', 'la clave no es la del certificado'),
        text('Give certificate and key of one pair', 'Dé certificado y clave de una misma pareja'),
      );
    }
    const { mode } = await stat(keyFile);
    if (openToOthers(keyFile, mode) !== undefined) {
      const found = text(`${keyFile} has mode ${octal(mode)}`, `${keyFile} tiene modo ${octal(mode)}`);
      return warn(check, found, text(`chmod 640 ${keyFile}`, `chmod 640 ${keyFile}`));
    }
    const days = Math.floor((certificate.validToDate.getTime() - Date.now()) / DAY_MS);
    const found = text(`the certificate ends in ${days} days`, `el certificado caduca en ${days} días`);
    const mend = text('Renew it, then send the server SIGHUP', 'Renuévelo y envíe SIGHUP al servidor');
    if (days < 0) return fail(check, found, mend);
    return days < EXPIRY_WARN_DAYS ? warn(check, found, mend) : ok(check, found);
  } catch (error) {
    const { message } = error as Error;
    return fail(
      check,
      text(message, message),
      text(
        'Give certificate and key as PEM that this user can read',
        'Dé certificado y clave en PEM y legibles por este usuario',
      ),
    );
  }
}
