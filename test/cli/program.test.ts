/*
 * Goal: help, versions, errors and exit codes are as documented.
 * Method: the real program, with arguments good and bad, in both languages.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { COMMANDS } from '../../src/cli/commands.ts';
import { EXIT } from '../../src/cli/shell/exit-codes.ts';
import { CONFIG_KEYS, fileKeyOf } from '../../src/config/keys.ts';
import { temporaryFolder } from '../services/application.ts';
import { sello, selloJson } from '../services/sello-command.ts';

test('help lists every command and every exit code, and each command has examples', async () => {
  const { code, stdout } = await sello(['--help']);
  assert.equal(code, 0);
  for (const name of Object.keys(COMMANDS)) assert.match(stdout, new RegExp(`^  ${name} `, 'm'));
  for (const exit of ['0', '1', '2', '3', '70']) assert.match(stdout, new RegExp(`^  ${exit} +\\S`, 'm'));
  for (const words of [
    ['serve'],
    ['config'],
    ['doctor'],
    ['user', 'create'],
    ['token', 'enrol'],
    ['token', 'code'],
    ['transaction', 'send'],
    ['keys', 'rotate'],
    ['audit', 'verify'],
    ['backup'],
    ['restore'],
    ['completion'],
  ]) {
    const help = await sello([...words, '--help']);
    assert.equal(help.code, 0);
    assert.match(help.stdout, /Examples:\n {2}\S/, words.join(' '));
    assert.match(help.stdout, /--data-dir/);
  }
});

test('the help of serve describes each key by its first sentence, whole, within the terminal', async () => {
  const { stdout } = await sello(['serve', '--help']);
  const [, list = ''] = stdout.split('\nConfiguration:\n');
  const told = list
    .trimEnd()
    .split(/^ {2}(?=--)/m)
    .filter((part) => part !== '')
    .map((part) => part.trim().split(/\s+/).join(' '));
  const keys = CONFIG_KEYS.filter((key) => fileKeyOf(key) === undefined);
  assert.deepEqual(
    told.map((line) => line.split(' ')[0]),
    keys.map(({ flag }) => flag),
  );
  for (const [index, { flag, schema }] of keys.entries()) {
    const sentence = told[index]?.slice(flag.length + 1) ?? '';
    assert.ok(schema.description.startsWith(sentence), flag);
    assert.match(sentence, /\.$/, flag);
  }
  // Only an address that is longer than a line may stand out.
  for (const line of list.split('\n')) assert.ok(line.length <= 80 || !line.trim().includes(' '), line);
});

test('help in Spanish', async () => {
  for (const run of [
    await sello(['--help', '--language', 'es']),
    await sello(['--help'], { environment: { LANG: 'es_ES.UTF-8' } }),
  ]) {
    assert.match(run.stdout, /Uso: sello/);
    assert.match(run.stdout, /Códigos de salida/);
  }
});

test('the version', async () => {
  const { code, stdout } = await sello(['--version']);
  assert.equal(code, 0);
  assert.match(stdout, /^\d+\.\d+\.\d+\n$/);
});

test('an unknown command or flag exits with 2 and prints one line that names the nearest and says what to do', async () => {
  const cases: [string[], RegExp][] = [
    [['usr'], /unknown command 'usr'.*user/],
    [['serve', '--tcp-prot', '1'], /unknown option '--tcp-prot'; did you mean --tcp-port\?/],
    [['user', 'create', 'a', '--pasword-stdin'], /did you mean --password-stdin\?/],
    [['user', 'create'], /missing required argument 'name'/],
    [['user', 'create', 'a', '--role', 'root'], /Allowed choices are user, admin, auditor/],
    [['config', '--tcp-port', 'x'], /--tcp-port: tcp_port expected a whole number from 0 to 65535, not "x"/],
    [['config', '--config', '/nowhere.yaml'], /nowhere.yaml: cannot be read/],
    [['user', 'create', 'a'], /no password: nobody to ask here/],
    [['user', 'create', 'a', '--password-stdin'], /the password on standard input is empty/],
  ];
  for (const [args, expected] of cases) {
    const { code, stdout, stderr } = await sello(args);
    assert.equal(code, 2, args.join(' '));
    assert.equal(stdout, '');
    assert.match(stderr, expected);
    assert.match(stderr, /^sello: .*\n {2}\S.*\n$|^sello: .*\n$/);
  }
});

test('no command at all shows the help on stderr and ends with 2', async () => {
  for (const args of [[], ['user']]) {
    const { code, stderr } = await sello(args);
    assert.equal(code, 2);
    assert.match(stderr, /Commands:/);
  }
});

test('with --json, errors are JSON as well', async () => {
  const { error } = await selloJson(['config', '--tcp-port', 'x'], { code: 2 });
  assert.equal(error.code, 'configuration_invalid');
  assert.match(error.message, /tcp_port/);
  assert.equal((await selloJson(['serve', '--bogus'], { code: 2 })).error.code, 'usage');
});

test('sello config prints the values in force and where each came from, without secrets', async (t) => {
  const folder = await temporaryFolder(t);
  const shown = await selloJson(['config', '--tcp-port', '1', '--store-url', 'postgres://me:hush@db/x'], {
    environment: {
      SELLO_HTTP_PORT: '2',
      SELLO_VAULT_PASSPHRASE: 'hush hush',
      SELLO_POLICY_RULES: '[{"when":{"amount_max":"1.00"},"require":["mac","code"]}]',
    },
    folder,
  });
  assert.deepEqual(shown.values.tcp_port, { value: 1, source: 'flag' });
  assert.deepEqual(shown.values.http_port, { value: 2, source: 'environment' });
  assert.deepEqual(shown.values.data_dir, { value: `${folder}/data`, source: 'default' });
  assert.deepEqual(shown.values['policy.rules'].value, [
    { when: { amount_max: '1.00' }, require: ['mac', 'code'] },
  ]);
  assert.equal(shown.values.vault_passphrase.value, '(secret)');
  assert.equal(shown.values.store_url.value, 'postgres:(secret)');
  const human = await sello(['config', '--tcp-port', '1', '--no-registration-open'], {
    environment: { SELLO_VAULT_PASSPHRASE: 'hush hush' },
  });
  assert.match(human.stdout, /^tcp_port: 1 +# flag$/m);
  assert.match(human.stdout, /^registration_open: false +# flag$/m);
  assert.doesNotMatch(human.stdout + JSON.stringify(shown), /hush/);
  assert.deepEqual(await sello(['config', '--check']), { code: 0, stdout: '', stderr: '' });
});

test('flags are understood before and after the command, alone and with their value', async () => {
  const variants = [
    ['--registration-open', 'false', 'config'],
    ['config', '--registration-open=false'],
    ['config', '--no-registration-open'],
  ];
  for (const args of variants) assert.equal((await selloJson(args)).values.registration_open.value, false);
  assert.equal((await selloJson(['config', '--registration-open'])).values.registration_open.value, true);
});

test('a reader that has seen enough ends a command without a word', async () => {
  const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
  const child = spawn(process.execPath, [main, 'config'], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  let stderr = '';
  child.stderr.on('data', (text) => {
    stderr += text;
  });
  await once(child, 'close');
  assert.equal(stderr, '');
});

test('docs/commands.md has every command and every exit code', () => {
  const page = readFileSync(new URL('../../docs/commands.md', import.meta.url), 'utf8');
  for (const name of Object.keys(COMMANDS)) assert.match(page, new RegExp(`^\\| \`${name}[ \`]`, 'm'), name);
  for (const code of Object.values(EXIT)) assert.match(page, new RegExp(`^\\| ${code} \\|`, 'm'));
});
