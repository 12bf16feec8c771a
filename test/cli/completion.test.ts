/*
 * Goal: the completion scripts are valid and know every command.
 * Method: the shells themselves, where they are installed.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { temporaryFolder } from '../services/application.ts';
import { sello } from '../services/sello-command.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
const scripts = new Map<string, string>();

before(async () => {
  for (const shell of SHELLS) {
    const { code, stdout, stderr } = await sello(['completion', shell]);
    assert.equal(code, 0, stderr);
    scripts.set(shell, stdout);
  }
});

function absent(shell: string): string | false {
  return spawnSync(shell, ['-c', 'true']).error ? `${shell} is not installed` : false;
}

for (const shell of SHELLS) {
  test(`the script for ${shell} parses`, { skip: absent(shell) }, async (t) => {
    const file = join(await temporaryFolder(t), 'script');
    writeFileSync(file, scripts.get(shell) ?? '');
    const { status, stderr } = spawnSync(shell, [shell === 'fish' ? '--no-execute' : '-n', file], {
      encoding: 'utf8',
    });
    assert.equal(status, 0, stderr);
  });
}

test('bash completes commands, subcommands and flags', { skip: absent('bash') }, async (t) => {
  const file = join(await temporaryFolder(t), 'script');
  writeFileSync(file, scripts.get('bash') ?? '');
  const complete = (...words: string[]) => {
    const program = `source "$0"; COMP_WORDS=(sello "$@"); COMP_CWORD=$#; _sello; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return spawnSync('bash', ['--norc', '-c', program, file, ...words], { encoding: 'utf8' })
      .stdout.trim()
      .split('\n');
  };
  assert.deepEqual(complete('ser'), ['serve', 'service']);
  assert.deepEqual(complete('user', 'd'), ['disable']);
  assert.deepEqual(complete('--json', 'user', '--data-dir', '/x', 'un'), ['unlock']);
  assert.deepEqual(complete('token', 'enrol', '--activate'), ['--activate-with-code']);
  assert.deepEqual(complete('serve', '--tcp-po'), ['--tcp-port']);
  assert.deepEqual(complete('completion', 'z'), ['zsh']);
});

test('fish and zsh know the same commands', () => {
  for (const shell of ['zsh', 'fish']) {
    for (const words of ['user create', 'audit verify', 'token code'])
      assert(scripts.get(shell)?.includes(`'${words}'`), `${shell}: ${words}`);
  }
});

test('another shell is refused', async () => {
  const { code, stderr } = await sello(['completion', 'csh']);
  assert.equal(code, 2);
  assert.match(stderr, /Allowed choices are bash, zsh, fish/);
});
