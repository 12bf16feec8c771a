/*
 * Goal: deploy/Dockerfile builds; the image is small, runs as a user that is not root on a read-only root, and
 * compose.quick.yaml shows a client on it.
 * Method: a real container engine, started and stopped here (container-engine.ts); what the images begin from is made of
 * Debian's packages (container-images.ts).
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { ROOT } from '../docs/machine.ts';
import { temporaryFolder } from '../services/application.ts';
import { ComposeProject } from '../services/compose-project.ts';
import { ContainerEngine, engineProblem } from '../services/container-engine.ts';
import { buildImage, makeBaseImages } from '../services/container-images.ts';
import { until } from '../waiting.ts';

const IMAGE = 'sello:latest';
const SIZE_MAX = 300_000_000;
const READY_TIME_MS = 60_000;

suite('the image', { skip: engineProblem() ?? false }, () => {
  let engine: ContainerEngine;
  before(async () => {
    engine = await ContainerEngine.start();
  });
  after(() => engine?.stop());
  const inspect = async (what: string) => JSON.parse(await engine.must(['inspect', what]))[0];
  /** Runs the image on a read-only root with a volume and nothing else; `serve` becomes healthy. */
  const start = async (name: string, ...given: readonly string[]): Promise<void> => {
    const bare = ['--network', 'none', '--read-only', '--tmpfs', '/tmp', '--cap-drop', 'ALL'];
    await engine.must([
      ...['run', '--detach', '--name', name, '--volume', `${name}:/var/lib/sello`, ...bare],
      ...['--health-interval', '500ms', ...given, IMAGE],
    ]);
    await until(async () => (await inspect(name)).State.Health.Status === 'healthy', {
      ...{ what: `${name} is healthy`, timeMs: READY_TIME_MS, everyMs: 200 },
      said: () => name,
    });
  };
  const inside = (name: string, command: string) => engine.docker(['exec', name, 'sh', '-c', command]);

  test('is built, small, labelled, not root, and needs no shell to start or to be checked', async (t) => {
    const told = { root: ROOT, say: (line: string) => t.diagnostic(line) };
    await makeBaseImages(engine, told);
    await buildImage(engine, IMAGE, told);
    const { Size: size, Config: config } = await inspect(IMAGE);
    t.diagnostic(`${Math.round(size / 1_000_000)} MB`);
    assert.ok(size <= SIZE_MAX, `${size} bytes`);
    assert.match(config.User, /^[1-9]\d{4}:[1-9]\d{4}$/);
    assert.equal(config.Labels['org.opencontainers.image.licenses'], 'Apache-2.0');
    assert.equal(config.Entrypoint[0], 'node');
    assert.deepEqual(config.Healthcheck.Test, ['CMD', 'node', '/opt/sello/src/main.ts', 'health']);
    assert.deepEqual(Object.keys(config.Volumes), ['/var/lib/sello']);
    const flags = /bin\/node" (--.*) "\$root/.exec(readFileSync(join(ROOT, 'bin/sello'), 'utf8'))?.[1];
    assert.equal(config.Entrypoint.slice(1, -1).join(' '), flags, 'as bin/sello starts it');
  });

  test('serves on a read-only root, has no build tools, ends at SIGTERM as the process that gets it', async () => {
    await start('plain');
    assert.equal((await inside('plain', 'id -u')).stdout.trim(), '10001');
    for (const path of ['/x', '/opt/sello/x', '/etc/x', '/usr/local/bin/x'])
      assert.match((await inside('plain', `touch ${path}`)).output, /Read-only file system/, path);
    assert.equal((await inside('plain', 'touch /var/lib/sello/x && rm /var/lib/sello/x')).code, 0);
    const absent = 'for t in npm g++ cc make; do command -v $t; done; ls /opt/sello/node_modules/typescript';
    assert.equal((await inside('plain', absent)).stdout, '');
    assert.equal(
      (await inside('plain', 'ls /var/lib/apt/lists /var/cache/apt /root/.npm 2>/dev/null')).stdout
        .replace(/^\/.*:$/gm, '')
        .trim(),
      '',
    );
    const pkcs11 = '/opt/sello/node_modules/pkcs11js/build/Release/pkcs11.node';
    assert.equal((await inside('plain', `ls ${pkcs11}`)).code, 0);
    assert.match((await inside('plain', 'TZ=Europe/Madrid date +%Z')).stdout, /^CES?T$/m);
    assert.match((await inside('plain', "tr '\\0' ' ' < /proc/1/cmdline")).stdout, /^node --max-semi/);
    const sbom = JSON.parse((await inside('plain', 'cat /opt/sello/sbom.cdx.json')).stdout);
    const names = sbom.components.map(({ name }: { name: string }) => name);
    for (const name of ['fastify', 'node', 'libc6']) assert.ok(names.includes(name), name);
    assert.ok(!names.includes('typescript'));
    const created = await engine.docker(
      ['exec', '--interactive', 'plain', 'sello', 'user', 'create', 'alice', '--password-stdin'],
      'secreto-largo-1',
    );
    assert.equal(created.code, 0, created.output);
    const asked = await engine.docker(['exec', 'plain', 'sello', 'user', 'create', 'bob']);
    assert.match(asked.output, /docker exec -it/);

    await engine.must(['stop', '--time', '20', 'plain']);
    assert.equal((await inspect('plain')).State.ExitCode, 0);
  });

  test('serves under a user id that the platform chose, in group 0', async () => {
    await start('arbitrary', '--user', '1234567:0');
    assert.equal((await inside('arbitrary', 'id -u')).stdout.trim(), '1234567');
    await engine.must(['rm', '--force', 'arbitrary']);
  });

  test('compose.quick.yaml: a client registers, enrols, transfers and is refused', async (t) => {
    const folder = await temporaryFolder(t);
    const project = await ComposeProject.write(engine, folder, { file: 'compose.quick.yaml' });
    const ran = await project
      .compose(['up', '--no-build', '--exit-code-from', 'client'])
      .finally(() => project.down());
    assert.equal(ran.code, 0, ran.output);
    for (const line of [
      /← \{"status":"OK"/,
      /"error":"challenge_spent"/,
      /"error":"mac_mismatch"/,
      /✓ the token is active/,
    ])
      assert.match(ran.output, line);
    assert.doesNotMatch(ran.output, /✗/);
  });
});
