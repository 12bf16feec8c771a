import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ServerProcess } from '../e2e/server-process.ts';
import { temporaryFolder } from '../services/application.ts';

const isLinux = process.platform === 'linux';

test('a secret given as a flag is not in the list of processes', { skip: !isLinux }, async (t) => {
  for (const secret of [['--vault-passphrase', 'la-frase'], ['--vault-passphrase=la-frase']]) {
    const [flag = '', value = ''] = secret;
    const server = ServerProcess.launch({
      folder: await temporaryFolder(t),
      flags: value === '' ? { [flag]: '--registration-open' } : { [flag]: value },
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
  }
});
