/*
 * Goal: the image of deploy/Dockerfile can be built, and its program runs as an unprivileged user on a read-only root.
 * Method: no container engine; each instruction runs in a bare Debian (image-build.ts), then the result is started.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { ROOT } from '../docs/machine.ts';
import { temporaryFolder } from '../services/application.ts';
import { freePort } from '../services/free-port.ts';
import { parseDockerfile } from './dockerfile.ts';
import { type BuiltImage, buildImage, imageBuildProblem, mounting } from './image-build.ts';

const READY_TIME_MS = 30_000;
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const skip = imageBuildProblem() ?? false;

test('both Dockerfiles end as a user that is not root', () => {
  for (const file of ['deploy/Dockerfile', 'deploy/postgres.Dockerfile']) {
    const last = parseDockerfile(read(file)).at(-1);
    const user = last?.instructions.findLast(({ name }) => name === 'USER');
    assert.match(user?.rest ?? '', /^[1-9]\d{4}:[1-9]\d{4}$/, file);
  }
});

test('what deploy/Dockerfile describes serves: not root, nothing writable but its volume', {
  skip,
}, async (t) => {
  const said: string[] = [];
  const image = buildImage(read('deploy/Dockerfile'), ROOT, (line) => said.push(line));
  t.diagnostic(`${image.made} of ${image.layers.length} layers and their build made now: ${said.join('; ')}`);
  const { settings } = image;
  assert.deepEqual([...settings.entrypoint, ...settings.command], ['sello', 'serve']);
  assert.deepEqual(settings.volumes, ['/var/lib/sello']);

  const folder = await temporaryFolder(t);
  const volume = join(folder, 'volume');
  mkdirSync(volume, { mode: 0o700 });
  chownSync(volume, 10_001, 10_001);
  const mounted = join(folder, 'root');
  mkdirSync(mounted);
  const [tcpPort, httpPort] = [await freePort(), await freePort()];
  const container = new Container(image, mounted, volume, {
    SELLO_TCP_PORT: `${tcpPort}`,
    SELLO_HTTP_PORT: `${httpPort}`,
  });
  t.after(() => container.kill());
  const ready = await container.until(async () => {
    const answer = await fetch(`http://127.0.0.1:${httpPort}/readyz`);
    return answer.status === 200 ? ((await answer.json()) as { status: string }) : undefined;
  });
  assert.equal(ready.status, 'ready');
  assert.equal((await fetch(`http://127.0.0.1:${httpPort}/`, { redirect: 'follow' })).status, 200);

  const inside = (command: string) => container.enter(command);
  assert.equal(inside('id -u').stdout.trim(), '10001');
  for (const path of ['/x', '/opt/sello/x', '/etc/x', '/usr/local/bin/x']) {
    assert.match(inside(`touch ${path}`).stderr, /Read-only file system|Permission denied/, path);
  }
  assert.match(inside('touch /opt/sello/x').stderr, /Read-only/);
  assert.equal(inside('touch /var/lib/sello/x && rm /var/lib/sello/x').status, 0);
  for (const tool of ['npm', 'g++', 'cc', 'make'])
    assert.notEqual(inside(`command -v ${tool}`).status, 0, tool);
  assert.notEqual(
    inside('ls /opt/sello/node_modules/typescript').status,
    0,
    'nothing that is for development alone',
  );
  assert.equal(
    inside(settings.healthcheck.join(' ')).status,
    0,
    inside(settings.healthcheck.join(' ')).stderr,
  );
  assert.equal(inside('ls /opt/sello/node_modules/pkcs11js/build/Release/pkcs11.node').status, 0);

  assert.deepEqual(await container.stop(), 0, container.output);
  assert.notEqual(inside(settings.healthcheck.join(' ')).status, 0, 'a stopped server is not healthy');
});

/** The image as a process: its own mounts, root read-only, the network of the host. */
class Container {
  readonly #child: ChildProcess;
  readonly #settings: BuiltImage['settings'];
  readonly #script: (command: string, readOnly: boolean) => string;
  output = '';

  constructor(image: BuiltImage, root: string, volume: string, environment: Record<string, string>) {
    this.#settings = image.settings;
    const variables = Object.entries({ ...image.settings.environment, ...environment });
    const given = variables.map(([name, value]) => `'${name}=${value}'`).join(' ');
    const { user, workdir } = this.#settings;
    this.#script = (command) => `${mounting(image.layers, root)}
mount --bind ${volume} ${root}/var/lib/sello
mount -t tmpfs tmpfs ${root}/tmp
mount -o remount,ro ${root} 2>/dev/null || mount -o remount,bind,ro ${root}
exec chroot --userspec=${user} ${root} /usr/bin/env -i ${given} /bin/sh -c 'cd ${workdir} && ${command}'`;
    this.#child = spawn(
      'unshare',
      ['--mount', '--propagation', 'private', 'sh', '-euc', this.#script(`exec ${this.#command()}`, true)],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output = (this.output + text).slice(-65_536);
      });
    }
  }

  async until<Result>(ask: () => Promise<Result | undefined>): Promise<Result> {
    const deadline = performance.now() + READY_TIME_MS;
    for (;;) {
      const found = await ask().catch(() => undefined);
      if (found !== undefined) return found;
      if (this.#child.exitCode !== null || performance.now() > deadline) throw new Error(this.output);
      await delay(50);
    }
  }

  /** Another process of the same image and volume. */
  enter(command: string) {
    return spawnSync(
      'unshare',
      ['--mount', '--propagation', 'private', 'sh', '-euc', this.#script(command, true)],
      { encoding: 'utf8', timeout: READY_TIME_MS },
    );
  }

  /** SIGTERM. @returns what it exits with */
  async stop(): Promise<number | null> {
    const ended = once(this.#child, 'close');
    this.#child.kill('SIGTERM');
    await ended;
    return this.#child.exitCode;
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'close');
    this.#child.kill('SIGKILL');
    await ended;
  }

  #command(): string {
    return [...this.#settings.entrypoint, ...this.#settings.command].join(' ');
  }
}
