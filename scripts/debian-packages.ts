// Installs the Debian packages that the suites run beside Sello: as root, before `npm test`, where one is missing.
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

/** Each package and a file that it brings; `N` stands for the version of PostgreSQL that Debian has. */
const PACKAGES: readonly { readonly name: string; readonly file: string }[] = [
  { name: 'postgresql-N', file: '/usr/lib/postgresql/*/bin/initdb' },
  { name: 'postgresql-N-auto-failover', file: '/usr/lib/postgresql/*/lib/pgautofailover.so' },
  { name: 'pg-auto-failover-cli', file: '/usr/bin/pg_autoctl' },
  { name: 'softhsm2', file: '/usr/bin/softhsm2-util' },
  { name: 'opensc', file: '/usr/bin/pkcs11-tool' },
  { name: 'redis-server', file: '/usr/bin/redis-server' },
  { name: 'rsyslog', file: '/usr/sbin/rsyslogd' },
  { name: 'rsyslog-gnutls', file: '/usr/lib/*/rsyslog/lmnsd_gtls.so' },
  { name: 'haproxy', file: '/usr/sbin/haproxy' },
  { name: 'chromium', file: '/usr/bin/chromium' },
  { name: 'fonts-dejavu-core', file: '/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf' },
  { name: 'mmdebstrap', file: '/usr/bin/mmdebstrap' },
  { name: 'make', file: '/usr/bin/make' },
  { name: 'g++', file: '/usr/bin/g++' },
  { name: 'python3-venv', file: '/usr/lib/python3*/ensurepip/__init__.py' },
  { name: 'util-linux', file: '/usr/bin/setpriv' },
  { name: 'systemd', file: '/usr/bin/systemd-analyze' },
  { name: 'openssl', file: '/usr/bin/openssl' },
  { name: 'openjdk-17-jre-headless', file: '/usr/lib/jvm/java-17-openjdk-*/bin/java' },
  { name: 'maven', file: '/usr/bin/mvn' },
  { name: 'docker.io', file: '/usr/sbin/dockerd' },
  { name: 'docker-compose', file: '/usr/bin/docker-compose' },
];
/** Asked before an installed service is started: a test starts its own, and nothing of the machine's runs beside it. */
const POLICY = '/usr/sbin/policy-rc.d';
const CLUSTERS = '/etc/postgresql-common/createcluster.conf';
const INSTALL_TIME_MS = 600_000;

/** @returns what is still missing, and why; nothing where all is there */
export function installDebianPackages(
  say: (line: string) => void,
): { readonly missing: readonly string[]; readonly why: string } | undefined {
  const wanted = PACKAGES.filter(({ file }) => globSync(file).length === 0);
  if (wanted.length === 0) return undefined;
  const names = wanted.map(({ name }) => name);
  if (!existsSync('/usr/bin/apt-get')) return { missing: names, why: 'this is not Debian' };
  if (process.getuid?.() !== 0) return { missing: names, why: 'only root may install them' };
  say(`Installing ${names.join(', ')} …`);
  apt('update', '-qq');
  const major = postgresqlMajor();
  // Without a cluster and services of the machine's own.
  if (!existsSync(CLUSTERS)) {
    mkdirSync('/etc/postgresql-common', { recursive: true });
    writeFileSync(CLUSTERS, 'create_main_cluster = false\n');
  }
  const policyIsMine = !existsSync(POLICY);
  if (policyIsMine) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    const failed = apt(
      ...['install', '-y', '-qq', '--no-install-recommends', '-o', 'Dpkg::Options::=--force-confold'],
      ...names.map((name) => name.replace('-N', `-${major}`)),
    );
    if (failed !== undefined) return { missing: names, why: failed };
  } finally {
    if (policyIsMine) rmSync(POLICY, { force: true });
  }
  return undefined;
}

/** The version that the package `postgresql` stands for. */
function postgresqlMajor(): string {
  const { stdout } = spawnSync('apt-cache', ['show', 'postgresql'], { encoding: 'utf8' });
  return /^Depends:.*\bpostgresql-(\d+)/m.exec(stdout ?? '')?.[1] ?? '15';
}

/** @returns why it failed */
function apt(...given: readonly string[]): string | undefined {
  const { status, error, stderr } = spawnSync('apt-get', given, {
    encoding: 'utf8',
    timeout: INSTALL_TIME_MS,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  if (status === 0) return undefined;
  return error?.message ?? (stderr.trim().split('\n').at(-1) || `apt-get ended with ${status}`);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const missing = installDebianPackages((line) => process.stdout.write(`${line}\n`));
  if (missing) process.stdout.write(`Missing: ${missing.missing.join(', ')} (${missing.why})\n`);
  process.exitCode = missing ? 1 : 0;
}
