import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ServerProcess } from '../e2e/server-process.ts';
import { temporaryFolder } from '../services/application.ts';
import { sello } from '../services/sello-command.ts';

const isLinux = process.platform === 'linux';

test('a secret given as a flag is refused, with the ways that show it to nobody', async () => {
  const given = [
    ['serve', '--vault-passphrase', 'la-frase'],
    ['config', '--vault-passphrase=la-frase'],
    ['--vault-pin', 'la-frase', 'keys', 'list'],
    ['user', 'list', '--vault-pin=la-frase', '--json'],
  ];
  for (const flags of given) {
    const { code, stdout, stderr } = await sello(flags);
    assert.equal(code, 2, stderr);
    assert.match(stderr, /SELLO_VAULT_P\w+/);
    assert.match(stderr, /--vault-p\w+-file/);
    assert.doesNotMatch(stdout + stderr, /la-frase/);
  }
});

test('a password in a URL given as a flag is not in the list of processes', { skip: !isLinux }, async (t) => {
  const server = ServerProcess.launch({
    folder: await temporaryFolder(t),
    flags: { '--rate-limit-url': 'redis://:la-frase@127.0.0.1:1' },
  });
  try {
    await server.listening();
    const seen = readFileSync(`/proc/${server.child.pid}/cmdline`, 'latin1');
    assert.match(seen, /^sello/);
    assert.doesNotMatch(seen, /la-frase/);
  } finally {
    server.child.kill('SIGKILL');
    await server.ended;
  }
});
