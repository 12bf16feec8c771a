/*
 * Goal: the operator's commands do the same through a running server as without one.
 * Method: each command runs as a process twice: with a running server, and on a data folder without one.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { tokenHmac } from '../../src/client/token-hmac.ts';
import { decodeBase32 } from '../../src/domain/encoding/base32.ts';
import { hotpCode } from '../../src/domain/otp/hotp.ts';
import { ServerProcess } from '../e2e/server-process.ts';
import { sello, selloJson } from '../services/sello-command.ts';

const PASSWORD = 'correct horse';

/** The same commands, through a running server's socket and on a data folder that no server has. */
for (const running of [true, false]) {
  describe(running ? 'through the socket of a running server' : 'without a server', () => {
    let at: string[] = [];
    let server: ServerProcess | undefined;

    let folder = '';
    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'sello-test-'));
      at = ['--data-dir', folder];
      if (running) server = await ServerProcess.start({ folder });
    });
    after(async () => {
      await server?.kill();
      await rm(folder, { recursive: true, force: true });
    });

    test('users are created, listed, disabled, enabled, unlocked', async () => {
      const created = await selloJson(
        ['user', 'create', 'alice', '--role', 'admin', '--password-stdin', ...at],
        { stdin: `${PASSWORD}\n` },
      );
      assert.deepEqual(
        { ...created, user_id: typeof created.user_id },
        { username: 'alice', user_id: 'number', role: 'admin' },
      );
      await selloJson(['user', 'create', 'bob', '--password-stdin', ...at], { stdin: PASSWORD });

      const { users } = await selloJson(['user', 'list', ...at]);
      assert.deepEqual(
        users.map((user: { username: string; role: string }) => [user.username, user.role]),
        [
          ['alice', 'admin'],
          ['bob', 'user'],
        ],
      );
      assert.equal((await selloJson(['user', 'list', '--search', 'ali', ...at])).users.length, 1);
      assert.match((await sello(['user', 'list', ...at])).stdout, /^alice +admin +active/m);

      await selloJson(['user', 'disable', 'bob', ...at]);
      assert.match((await sello(['user', 'list', ...at])).stdout, /^bob +user +disabled/m);
      await selloJson(['user', 'enable', 'bob', ...at]);
      assert.deepEqual(await selloJson(['user', 'unlock', 'bob', ...at]), { username: 'bob' });
    });

    test('erasing a user is for good, and wants to be told so', async () => {
      await selloJson(['user', 'create', 'carol', '--password-stdin', ...at], { stdin: PASSWORD });
      const asked = await sello(['user', 'erase', 'carol', ...at]);
      assert.equal(asked.code, 2, asked.stderr);
      assert.match(asked.stderr, /--yes/);
      assert.equal((await selloJson(['user', 'list', ...at])).users.length, 3);
      const erased = await selloJson(['user', 'erase', 'carol', '--yes', ...at]);
      assert.equal(erased.finished, true);
      assert.equal((await selloJson(['user', 'list', '--search', 'carol', ...at])).users.length, 0);
    });

    test('keys are listed by their public halves, and rotated', async () => {
      const before = await selloJson(['keys', 'list', ...at]);
      assert.equal(before.key_version, 1);
      const rotated = await selloJson(['keys', 'rotate', ...at]);
      assert.equal(rotated.version, 2);
      assert.equal(rotated.damaged, 0);
      assert.equal(rotated.old_destroyed, true);
      assert.equal(rotated.rewrapped, 2);
      const after = await selloJson(['keys', 'list', ...at]);
      assert.equal(after.signing_keys.length, 2);
      assert.deepEqual(
        after.versions.map((each: Record<string, unknown>) => [
          each.version,
          each.active,
          each.encryption_key,
          each.signing_key,
        ]),
        [
          [2, true, 'kept', after.signing_keys[0].kid],
          [1, false, 'destroyed', after.signing_keys[1].kid],
        ],
      );
      assert.match(
        (await sello(['keys', 'list', ...at])).stdout,
        /^1 +\d{4}-\d\d-\d\dT[^ ]+ +retired +destroyed +/m,
      );
      assert(after.signing_keys.every((key: object) => !('d' in key)));
    });

    if (running) {
      test('services are created with scopes, rotated, disabled, and their keys shown once', async () => {
        const scopes = ['--scope', 'transactions:write', '--scope', 'codes:verify'];
        const made = await selloJson(['service', 'create', 'shop', ...scopes, ...at]);
        assert.deepEqual(Object.keys(made), ['name', 'key']);
        const rotated = await selloJson(['service', 'rotate', 'shop', ...at]);
        assert.notEqual(rotated.key, made.key);
        const expiring = await selloJson(['service', 'rotate', 'shop', '--expires-days', '30', ...at]);
        const [{ key_list: keys }] = (await selloJson(['service', 'list', ...at])).services;
        assert.deepEqual(
          keys.map(({ hint }: { hint: string }) => hint),
          [rotated.key.slice(0, 10), expiring.key.slice(0, 10)],
        );
        const days = (Date.parse(keys[1].expires_at) - Date.now()) / 86_400_000;
        assert.ok(keys[0].expires_at === null && days > 29 && days <= 30, keys[1].expires_at);
        const wrong = await selloJson(['service', 'rotate', 'shop', '--expires-days', '0', ...at], {
          code: 2,
        });
        assert.match(wrong.error.message, /whole number from 1 to 3650/);
        await selloJson(['service', 'disable', 'shop', ...at]);
        const list = await selloJson(['service', 'list', ...at]);
        assert.deepEqual(
          [list.services[0].scopes, list.services[0].disabled],
          [['codes:verify', 'transactions:write'], true],
        );
        assert(!JSON.stringify(list).includes(made.key));
        const unknown = await selloJson(['service', 'create', 'other', '--scope', 'all', ...at], { code: 1 });
        assert.equal(unknown.error.code, 'service_invalid');
      });

      test('a refusal exits with 1 and prints its stable code and what to do', async () => {
        const taken = await selloJson(['user', 'create', 'alice', '--password-stdin', ...at], {
          stdin: PASSWORD,
          code: 1,
        });
        assert.equal(taken.error.code, 'username_taken');
        const short = await sello(
          ['user', 'create', 'carol', '--password-stdin', '--language', 'es', ...at],
          {
            stdin: 'x',
          },
        );
        assert.equal(short.code, 1);
        assert.match(short.stderr, /La contraseña es demasiado corta.*\n {2}Elija una más larga/);
        const unknown = await selloJson(['user', 'disable', 'nobody', ...at], { code: 1 });
        assert.equal(unknown.error.code, 'user_unknown');
      });

      test('a totp token is enrolled with a QR code and activated by the code that its URI gives', async () => {
        const shown = await sello(['token', 'enrol', 'alice', ...at]);
        assert.equal(shown.code, 0);
        assert.match(shown.stdout, /█/);
        const uri = /otpauth:\/\/totp\/\S+/.exec(shown.stdout)?.[0] ?? '';
        const { code } = await selloJson(['token', 'code', '--uri', uri]);
        const wrong = await selloJson(
          ['token', 'activate', 'alice', code === '000000' ? '000001' : '000000', ...at],
          { code: 1 },
        );
        assert.equal(wrong.error.code, 'code_wrong');
        const activated = await selloJson(['token', 'enrol', 'alice', '--activate-with-code', code, ...at]);
        assert.equal(activated.status, 'active');
        assert.equal(
          (await selloJson(['token', 'activate', 'alice', code, ...at], { code: 1 })).error.code,
          'token_not_pending',
        );
      });

      test('an hotp and an ocra token are activated; tokens are listed without secrets and revoked', async () => {
        const hotp = await selloJson([
          'token',
          'enrol',
          'bob',
          '--type',
          'hotp',
          '--digits',
          '8',
          '--label',
          'desk',
          ...at,
        ]);
        const first = await selloJson([
          'token',
          'code',
          '--secret',
          hotp.secret,
          '--counter',
          '0',
          '--digits',
          '8',
        ]);
        assert.equal(
          (await selloJson(['token', 'activate', 'bob', first.code, '--id', hotp.id, ...at])).id,
          hotp.id,
        );

        const ocra = await selloJson(['token', 'enrol', 'bob', '--type', 'ocra', ...at]);
        assert.deepEqual(Object.keys(ocra).sort(), [
          'activation_question',
          'algorithm',
          'digits',
          'id',
          'secret',
          'suite',
          'type',
        ]);
        const answer = await selloJson([
          'token',
          'code',
          '--secret',
          ocra.secret,
          '--suite',
          ocra.suite,
          '--question',
          ocra.activation_question,
        ]);
        await selloJson(['token', 'activate', 'bob', answer.code, ...at]);

        const list = await selloJson(['token', 'list', 'bob', ...at]);
        assert.deepEqual(
          list.tokens.map((token: { type: string; status: string; label: string }) => [
            token.type,
            token.status,
            token.label,
          ]),
          [
            ['hotp', 'active', 'desk'],
            ['ocra', 'active', ''],
          ],
        );
        assert(!JSON.stringify(list).includes(hotp.secret) && !JSON.stringify(list).includes(ocra.secret));
        await selloJson(['token', 'revoke', 'bob', hotp.id, ...at]);
        assert.equal((await selloJson(['token', 'list', 'bob', ...at])).tokens[0].status, 'revoked');
        assert.equal(
          (await selloJson(['token', 'revoke', 'bob', 'none', ...at], { code: 1 })).error.code,
          'token_unknown',
        );
        assert.equal(
          (await selloJson(['token', 'enrol', 'bob', '--digits', '9', ...at], { code: 1 })).error.code,
          'token_parameters_invalid',
        );
      });

      test('a transaction is sent over TCP: by MAC, and by a bound code where the policy wants one', async () => {
        const {
          secret,
          activation_question: question,
          suite,
        } = await selloJson(['token', 'enrol', 'alice', '--type', 'ocra', ...at]);
        const first = await selloJson([
          'token',
          'code',
          '--secret',
          secret,
          '--suite',
          suite,
          '--question',
          question,
        ]);
        await selloJson(['token', 'activate', 'alice', first.code, ...at]);
        const counting = await selloJson(['token', 'enrol', 'alice', '--type', 'hotp', ...at]);
        let counter = 0;
        const logInCode = () => {
          const seed = decodeBase32(counting.secret) ?? new Uint8Array();
          return hotpCode(tokenHmac, seed, counter++, { algorithm: 'sha1', digits: 6 });
        };
        await selloJson(['token', 'activate', 'alice', logInCode(), ...at]);
        const sendWithoutCode = (data: string, ...more: string[]) => [
          'transaction',
          'send',
          '--user',
          'alice',
          '--password-stdin',
          '--data',
          data,
          ...more,
          ...at,
        ];
        const send = (data: string, ...more: string[]) =>
          sendWithoutCode(data, '--log-in-code', logInCode(), ...more);

        const withoutCode = await selloJson(sendWithoutCode('CuentaA,CuentaB,1'), {
          stdin: PASSWORD,
          code: 1,
        });
        assert.equal(withoutCode.error.code, 'code_required');
        const small = await selloJson(send('CuentaA,CuentaB,100.0'), { stdin: PASSWORD });
        assert.equal(small.status, 'OK');
        assert.equal(small.mensaje, 'Transferencia registrada: CuentaA,CuentaB,100.0');
        const refused = await selloJson(send('CuentaA,CuentaB,800'), { stdin: PASSWORD, code: 1 });
        assert.equal(refused.error.code, 'bound_code_required');
        const large = await sello(send('CuentaA,CuentaB,800', '--secret', secret), { stdin: PASSWORD });
        assert.equal(large.code, 0, large.stderr);
        assert.match(large.stderr, /PAY TO {2}CuentaB[\s\S]*AMOUNT {2}800.00 EUR/);
        const beyond = await selloJson(send('CuentaA,CuentaB,4500'), { stdin: PASSWORD, code: 1 });
        assert.match(beyond.error.message, /\(velocity: 5000\.00 EUR \/ 24 h\)$/);
        const receipt = await selloJson(send('CuentaA,CuentaB,1', '--receipt'), { stdin: PASSWORD });
        assert.equal(receipt.recibo.split('.').length, 3);

        assert.equal(
          (await selloJson(send('CuentaA'), { stdin: PASSWORD, code: 1 })).error.code,
          'data_invalid',
        );
        assert.equal(
          (await selloJson(send('A,B,1'), { stdin: 'wrong password', code: 1 })).error.code,
          'credentials_invalid',
        );
      });

      test('a server that is stopped by SIGTERM leaves no socket, and answers no more', async () => {
        assert.deepEqual(await server?.stop(), { code: 0, signal: null });
        const gone = await selloJson(
          [
            'transaction',
            'send',
            '--user',
            'alice',
            '--password-stdin',
            '--data',
            'A,B,1',
            '--tcp-port',
            String(server?.port),
            ...at,
          ],
          { stdin: PASSWORD, code: 3 },
        );
        assert.equal(gone.error.code, 'connection_lost');
        // And the same commands run on the folder itself.
        assert.equal((await selloJson(['user', 'list', ...at])).users.length, 2);
      });
    }
  });
}
