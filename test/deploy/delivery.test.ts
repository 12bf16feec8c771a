/*
 * Goal: the workflow is what GitHub Actions accepts, and the script of a release takes its version from the tag.
 * Method: actionlint, built from its Go module; the script without building, in a repository of its own.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOT } from '../docs/machine.ts';
import { temporaryFolder } from '../services/application.ts';

const ACTIONLINT = 'v1.7.7';
const BUILD_TIME_MS = 300_000;
const hasGo = spawnSync('go', ['version']).status === 0;

/** @returns the program's path; made once, in ~/.cache/sello */
function actionlint(): string {
  const folder = join(homedir(), '.cache', 'sello', `actionlint-${ACTIONLINT}`);
  const program = join(folder, 'actionlint');
  if (existsSync(program)) return program;
  mkdirSync(folder, { recursive: true });
  const { status, stderr } = spawnSync(
    'go',
    ['install', `github.com/rhysd/actionlint/cmd/actionlint@${ACTIONLINT}`],
    { encoding: 'utf8', timeout: BUILD_TIME_MS, env: { ...process.env, GOBIN: folder } },
  );
  assert.equal(status, 0, stderr);
  return program;
}

test('actionlint finds nothing in the workflow', { skip: !hasGo && 'needs go' }, () => {
  const { status, stdout, stderr } = spawnSync(
    actionlint(),
    ['-no-color', '-shellcheck=', '-pyflakes=', '.github/workflows/delivery.yaml'],
    { cwd: ROOT, encoding: 'utf8' },
  );
  assert.equal(status, 0, `${stdout}${stderr}`);
});

test('a release takes its version from the tag, and is refused without a tag, a heading or a clean tree', async (t) => {
  const folder = await temporaryFolder(t);
  const git = (...given: readonly string[]) => {
    const who = ['-c', 'user.name=t', '-c', 'user.email=t@example.org'];
    const { status, stderr } = spawnSync('git', [...who, ...given], { cwd: folder, encoding: 'utf8' });
    assert.equal(status, 0, stderr);
  };
  cpSync(join(ROOT, 'scripts/release-image.ts'), join(folder, 'release-image.ts'));
  writeFileSync(join(folder, 'CHANGELOG.md'), '# Changes\n\n## 1.2.3 (2026-12-01)\n');
  git('init', '--quiet');
  git('add', '.');
  git('commit', '--quiet', '--message', 'x');
  const release = (...given: readonly string[]) =>
    spawnSync(
      process.execPath,
      ['release-image.ts', '--image', 'registry.example/sello', '--dry-run', ...given],
      { cwd: folder, encoding: 'utf8' },
    );
  assert.match(release().stderr, /this commit has 0 tags/);
  git('tag', 'v1.2.4');
  assert.match(release().stderr, /CHANGELOG.md has no heading "## 1.2.4"/);
  git('tag', '--delete', 'v1.2.4');
  git('tag', 'v1.2.3');
  const released = release('--push', '--sign');
  assert.equal(released.status, 0, released.stderr);
  assert.match(released.stdout, /--platform linux\/amd64,linux\/arm64 --build-arg VERSION=1\.2\.3 /);
  assert.match(
    released.stdout,
    /--tag registry\.example\/sello:1\.2\.3 .*--push \.\ncosign sign --yes registry/,
  );
  assert.match(release('--sign').stderr, /--sign needs --push/);
  writeFileSync(join(folder, 'CHANGELOG.md'), 'changed');
  assert.match(release().stderr, /not committed/);
});
