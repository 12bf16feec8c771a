/*
 * The server of Apache Pulsar, as its makers publish it at Maven Central; fetched by Maven once and kept in ~/.cache/sello/pulsar.
 */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { run } from './container-engine.ts';

const VERSION = '4.0.6';
const COPY = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy';
const CACHE = join(homedir(), '.cache', 'sello');
const FOLDER = join(CACHE, 'pulsar');

export const PULSAR_TARBALL = {
  name: `pulsar-server-distribution-${VERSION}-bin.tar.gz`,
  sha256: 'e20d4c7ed6edad1fc81fc0c249ac62a5dae60b167561bd6ec77944e5a46bbfcc',
};

/** The folder that holds only it, its checksum checked; or why it is not here. */
export async function pulsarTarball(): Promise<{ readonly folder: string } | { readonly problem: string }> {
  const file = join(FOLDER, PULSAR_TARBALL.name);
  if (existsSync(file) && (await isWhole(file))) return { folder: FOLDER };
  if (!existsSync('/usr/bin/mvn')) return { problem: 'needs /usr/bin/mvn to fetch Apache Pulsar' };
  mkdirSync(CACHE, { recursive: true });
  // On the same disk, so it is moved at once or not at all.
  const folder = mkdtempSync(join(CACHE, 'pulsar-'));
  try {
    const artifact = `org.apache.pulsar:pulsar-server-distribution:${VERSION}:tar.gz:bin`;
    const fetched = await run('/usr/bin/mvn', [
      ...['--batch-mode', '--quiet', COPY, `-Dartifact=${artifact}`],
      ...[`-DoutputDirectory=${folder}`, `-Dmaven.repo.local=${join(folder, 'repository')}`],
    ]);
    const arrived = join(folder, PULSAR_TARBALL.name);
    if (fetched.code !== 0) return { problem: `Apache Pulsar was not fetched: ${lastLine(fetched.output)}` };
    if (!(await isWhole(arrived))) throw new Error(`${PULSAR_TARBALL.name} has another checksum`);
    rmSync(FOLDER, { recursive: true, force: true });
    mkdirSync(FOLDER, { recursive: true });
    renameSync(arrived, file);
    return { folder: FOLDER };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function isWhole(file: string): Promise<boolean> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex') === PULSAR_TARBALL.sha256;
}

function lastLine(output: string): string {
  return (
    output
      .trim()
      .split('\n')
      .find((line) => line.includes('ERROR')) ?? `mvn said ${output.slice(-200)}`
  );
}
