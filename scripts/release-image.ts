// Builds the image of a release for two architectures, and with --push and --sign pushes it and signs it (cosign). The
// version is the tag of the commit, v1.2.3, and CHANGELOG.md must say what is new in it. Needs docker with buildx.
//
//   node scripts/release-image.ts --image registry.example/sello [--push] [--sign] [--dry-run]
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const PLATFORMS = 'linux/amd64,linux/arm64';

/** What stands in the way of a release, in words for the one who makes it. */
class NoRelease extends Error {}

function output(program: string, ...given: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, given, { encoding: 'utf8' });
  if (status !== 0) throw new NoRelease(`${program} ${given.join(' ')}: ${error?.message ?? stderr.trim()}`);
  return stdout.trim();
}

/** @returns the version that the commit's tag names */
function releasedVersion(): string {
  const tags = output('git', 'tag', '--points-at', 'HEAD').split('\n');
  const versions = tags.flatMap((tag) => /^v(\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?)$/.exec(tag)?.[1] ?? []);
  if (versions.length !== 1)
    throw new NoRelease(`this commit has ${versions.length} tags of the form v1.2.3: a release has one`);
  if (output('git', 'status', '--porcelain') !== '')
    throw new NoRelease(
      'there are changes that are not committed: the image would not be what the tag names',
    );
  const [version = ''] = versions;
  const changes = existsSync('CHANGELOG.md') ? readFileSync('CHANGELOG.md', 'utf8') : '';
  if (!changes.split('\n').some((line) => line.startsWith(`## ${version} `) || line === `## ${version}`))
    throw new NoRelease(`CHANGELOG.md has no heading "## ${version}"`);
  return version;
}

function release(
  image: string,
  { push, sign, dryRun }: { push: boolean; sign: boolean; dryRun: boolean },
): void {
  const version = releasedVersion();
  const revision = output('git', 'rev-parse', 'HEAD');
  const created = output('git', 'show', '--no-patch', '--format=%cI', 'HEAD');
  const folder = mkdtempSync(join(tmpdir(), 'sello-release-'));
  const run = (program: string, ...given: readonly string[]) => {
    process.stdout.write(`${[program, ...given].join(' ')}\n`);
    if (dryRun) return;
    const { status, error } = spawnSync(program, given, { stdio: 'inherit' });
    if (status !== 0) throw new NoRelease(`${program} ended with ${error?.message ?? status}`);
  };
  try {
    const metadata = join(folder, 'metadata.json');
    run(
      'docker',
      ...['buildx', 'build', '--file', 'deploy/Dockerfile', '--platform', PLATFORMS],
      ...['--build-arg', `VERSION=${version}`, '--build-arg', `REVISION=${revision}`],
      ...['--build-arg', `CREATED=${created}`, '--tag', `${image}:${version}`, '--metadata-file', metadata],
      ...['--provenance', 'mode=max', '--sbom', 'true', ...(push ? ['--push'] : []), '.'],
    );
    if (!sign) return;
    // The digest, for a tag may be moved between the push and the signature.
    const digest = dryRun
      ? 'sha256:DIGEST'
      : (JSON.parse(readFileSync(metadata, 'utf8'))['containerimage.digest'] as string);
    run('cosign', 'sign', '--yes', `${image}@${digest}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const { values } = parseArgs({
  options: {
    image: { type: 'string' },
    push: { type: 'boolean', default: false },
    sign: { type: 'boolean', default: false },
    'dry-run': { type: 'boolean', default: false },
  },
});
try {
  if (values.image === undefined || !/^[a-z0-9][a-z0-9.:/_-]*$/.test(values.image))
    throw new NoRelease('--image expected the name of an image, without a tag');
  if (values.sign && !values.push)
    throw new NoRelease('--sign needs --push: what is signed is in a registry');
  release(values.image, { push: values.push, sign: values.sign, dryRun: values['dry-run'] });
} catch (error) {
  if (!(error instanceof NoRelease)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
