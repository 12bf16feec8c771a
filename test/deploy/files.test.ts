/*
 * Goal: the files in deploy/ equal the commands' output, agree with the program's limits and with each other, and are
 * accepted by the programs that read them.
 * Method: the commands' output is compared with the files; compose.yaml is checked against the schema of the Compose
 * Specification (compose-spec/), the units by systemd-analyze, the configurations by the program's own loader, the alerts
 * against the metrics of a real server.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Compile } from 'typebox/schema';
import { parse } from 'yaml';
import { composeFiles } from '../../src/cli/deploy/compose/files.ts';
import { systemdUnits } from '../../src/cli/deploy/systemd/units.ts';
import { loadConfig } from '../../src/config.ts';
import { LIMITS } from '../../src/limits.ts';
import { ROOT } from '../docs/machine.ts';
import { httpAddress } from '../e2e/http-address.ts';
import { runServer } from '../e2e/server-process.ts';
import { temporaryFolder } from '../services/application.ts';
import { haproxyProblems } from '../services/haproxy.ts';
import { sello, selloJson } from '../services/sello-command.ts';

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const isInstalled = (command: string) => spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;
const compose = composeFiles({ serverCount: 2, image: 'sello:latest' });

/** YAML as compose reads it. */
// biome-ignore lint/suspicious/noExplicitAny: what a test looks up in it is the test's own affair
const yaml = (text: string): any => parse(text, { merge: true });

test('deploy/ holds what the commands make', async () => {
  const servers = ['--server', 'a=10.0.0.1:11002/8443', '--server', 'b=10.0.0.2:11002/8443'];
  const haproxy = await sello(['deploy', 'haproxy', ...servers]);
  assert.equal(read('deploy/haproxy.example.cfg'), haproxy.stdout, 'deploy haproxy, with these servers');
  for (const { name, content } of compose) {
    assert.equal(read(`deploy/${name}`), content, 'run: node src/main.ts deploy compose --out deploy');
  }
  for (const { name, content } of systemdUnits({ user: 'sello', folder: '/opt/sello' })) {
    const again = 'run: node src/main.ts deploy systemd --out deploy/systemd';
    assert.equal(read(`deploy/systemd/${name}`), content, again);
  }
});

test('the files in deploy/ agree with the program and with each other', () => {
  const units = systemdUnits({ user: 'nobody-else', folder: '/srv/other' });
  for (const { name, content } of units) {
    assert.match(content, new RegExp(`^TimeoutStopSec=${LIMITS.drainTimeMs / 1_000 + 5}$`, 'm'), name);
    assert.match(content, /^User=nobody-else\nGroup=nobody-else$/m, name);
    assert.doesNotMatch(content, /\/opt\/sello|=sello$/m, name);
  }
  const { networks, services } = yaml(read('deploy/compose.yaml'));
  const [front] = networks.front.ipam.config.map(({ subnet }: { subnet: string }) => subnet);
  for (const name of ['sello-1', 'sello-2'])
    assert.equal(services[name].environment.SELLO_PROXY_TRUSTED, front, 'it believes the balancer');
  const network = /^SELLO_NETWORK=(\S+)$/m.exec(read('deploy/.env'))?.[1];
  assert.equal(front, `\${SELLO_NETWORK:-${network}}.1.0/24`);
});

test('servers of compose.yaml: as many as asked for, each alike, in every place', () => {
  for (const serverCount of [1, 2, 9]) {
    const files = composeFiles({ serverCount, image: 'registry.example/sello:1.0' });
    const content = (name: string) => files.find((file) => file.name === name)?.content ?? '';
    const { services, volumes, 'x-sello': shared } = yaml(content('compose.yaml'));
    const names = Array.from({ length: serverCount }, (_, index) => `sello-${index + 1}`);
    const ofServers = (keys: object) => Object.keys(keys).filter((name) => /^sello-\d/.test(name));
    assert.equal(shared.image, 'registry.example/sello:1.0');
    assert.deepEqual(ofServers(services), names);
    assert.deepEqual(ofServers(volumes), names);
    assert.deepEqual(Object.keys(services.balancer.depends_on), names);
    const first = services['sello-1'];
    // Another image than the own is pulled and not built.
    assert.ok(!('build' in services.vault) && !('pull_policy' in first));
    assert.doesNotMatch(content('compose.quick.yaml'), /sello:latest|dockerfile: deploy|pull_policy/);
    for (const name of names.slice(1)) {
      const volumes = [...first.volumes.slice(0, -1), `${name}:/var/lib/sello`];
      assert.deepEqual(services[name], { ...first, volumes });
    }
    assert.match(
      content('compose/make-secrets.sh'),
      new RegExp(`serverAuth sello ${['sello', ...names].map((name) => `DNS:${name}`).join(',')}$`, 'm'),
    );
    for (const name of names)
      assert.match(content('compose/haproxy.cfg'), new RegExp(`server ${name} ${name}:11002`));
  }
});

test('compose.yaml fits the Compose Specification, with one server and with nine', async () => {
  const schema = Compile(JSON.parse(read('test/deploy/compose-spec/compose-spec.json')));
  for (const serverCount of [1, 2, 9]) {
    const files = composeFiles({ serverCount, image: 'registry.example/sello:1.0' });
    for (const { name, content } of files.filter((file) => /^compose\..*yaml$/.test(file.name)))
      assert.deepEqual(schema.Errors(yaml(content))[1], [], name);
  }
  const broken = yaml(read('deploy/compose.yaml'));
  broken.services.vault.read_only = [];
  assert.equal(schema.Check(broken), false);
  broken.services.vault.read_only = true;
  broken.services.redis.readonly = true;
  assert.equal(schema.Check(broken), false);
  for (const [servers, image] of [
    ['0', 'x'],
    ['10', 'x'],
    ['2', 'a b'],
  ]) {
    const run = await sello(['deploy', 'compose', '--servers', servers ?? '', '--image', image ?? '']);
    assert.equal(run.code, 2);
  }
});

test('every service, network, volume and file that compose.yaml names exists', () => {
  const { services, networks, volumes } = yaml(read('deploy/compose.yaml'));
  assert.deepEqual(
    Object.keys(services).filter((name) => /^(sello|postgres)-|vault|redis|balancer|pulsar/.test(name))
      .length,
    9,
  );
  for (const [name, service] of Object.entries<Record<string, unknown>>(services)) {
    const uses = (key: string) =>
      Array.isArray(service[key]) ? service[key] : Object.keys(service[key] ?? {});
    for (const other of uses('depends_on')) assert.ok(other in services, `${name}: ${other}`);
    for (const network of uses('networks')) assert.ok(network in networks, `${name}: ${network}`);
    for (const mount of uses('volumes') as string[]) {
      const [source = ''] = mount.split(':');
      if (source.startsWith('.')) assert.ok(existsSync(join(ROOT, 'deploy', source)), `${name}: ${mount}`);
      else assert.ok(source in volumes, `${name}: ${mount}`);
    }
    assert.deepEqual(service.cap_drop, ['ALL'], name);
    assert.deepEqual(service.security_opt, ['no-new-privileges:true'], name);
    const { build } = service as { build?: { context: string; dockerfile: string } };
    if (build) assert.ok(existsSync(join(ROOT, 'deploy', build.context, build.dockerfile)), name);
  }
});

test('the configurations that are shipped are accepted, on the secrets that the script makes', async (t) => {
  const folder = await temporaryFolder(t);
  for (const { name, content } of compose) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  const secrets = join(folder, 'secrets');
  mkdirSync(secrets);
  const make = () =>
    spawnSync('sh', [join(folder, 'compose/make-secrets.sh'), secrets], { encoding: 'utf8' });
  const made = make();
  assert.equal(made.status, 0, made.stderr);
  const contents = () =>
    readdirSync(secrets, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));
  const before = contents();
  assert.equal(make().stdout, '');
  assert.deepEqual(contents(), before, 'a second run changes nothing');

  const here = (text: string, reader: string) =>
    text.replaceAll('/run/secrets/', `${join(secrets, reader)}/`);
  const accepted = (name: string, text: string, reader = '') => {
    const file = join(folder, name);
    writeFileSync(file, here(text, reader));
    return loadConfig({ file, folder }).config;
  };
  const server = accepted('server.yaml', read('deploy/compose/server.yaml'), 'server');
  assert.deepEqual([server.role, server.labAllowed, server.registrationOpen], ['all', false, false]);
  assert.equal(accepted('vault.yaml', read('deploy/compose/vault.yaml'), 'vault').role, 'vault');
  assert.equal(await haproxyWarnings(here(read('deploy/compose/haproxy.cfg'), 'balancer')), '');

  cpSync(join(secrets, 'database/database-password'), join(folder, 'secret'));
  chmodSync(join(folder, 'secret'), 0o600);
  for (const example of ['sello.example.yaml', 'sello.production.example.yaml']) {
    const text = read(`deploy/${example}`).replaceAll(
      /\/etc\/sello\/(secrets\/database-password|vault-passphrase)\b/g,
      join(folder, 'secret'),
    );
    assert.equal(accepted(example, text).labAllowed, false, example);
  }
});

test('certificates are made again when their names change, and passwords never', async (t) => {
  const secrets = await temporaryFolder(t);
  const make = (host: string) =>
    spawnSync('sh', [join(ROOT, 'deploy/compose/make-secrets.sh'), secrets], {
      encoding: 'utf8',
      env: { ...process.env, SELLO_HOST: host },
    }).stdout;
  assert.match(make('a.example'), /made a certificate authority\n.*made the password vault/s);
  assert.equal(make('b.example'), 'made the certificate balancer/balancer for DNS:b.example,DNS:balancer\n');
  rmSync(join(secrets, 'authority'), { recursive: true });
  const again = make('b.example');
  for (const name of ['server/server', 'server/caller', 'vault/vault', 'balancer/balancer'])
    assert.match(again, new RegExp(`made the certificate ${name}`));
  assert.doesNotMatch(again, /password/);
});

/** HAProxy resolves names when it checks, and names of containers resolve only among containers. */
async function haproxyWarnings(configuration: string): Promise<string> {
  const said = await haproxyProblems(configuration);
  return said.replace(/^.*(could not resolve address|Warnings were found).*\n?/gm, '').trim();
}

test('systemd accepts the units, and calls them well hardened', {
  skip: !isInstalled('systemd-analyze') && 'needs systemd-analyze',
}, async (t) => {
  const folder = await temporaryFolder(t);
  mkdirSync(join(folder, 'bin'));
  writeFileSync(join(folder, 'bin/sello'), '#!/bin/sh\n', { mode: 0o755 });
  const { written } = await selloJson(['deploy', 'systemd', '--folder', folder, '--out', folder]);
  assert.equal(written.length, 2);
  // An instance, for systemd looks at no template.
  cpSync(join(folder, 'sello@.service'), join(folder, 'sello@blue.service'));
  for (const unit of ['sello@blue.service', 'sello-vault.service']) {
    const { stdout, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', join(folder, unit)], {
      encoding: 'utf8',
    });
    const about = `${stdout}${stderr}`
      .split('\n')
      .filter((line) => line.includes('sello') || line.includes('Unknown'));
    assert.deepEqual(about, [], unit);
    const rated = spawnSync(
      'systemd-analyze',
      ['security', '--offline=true', '--threshold=20', '--no-pager', join(folder, unit)],
      { encoding: 'utf8' },
    );
    assert.equal(rated.status, 0, `${unit}: ${rated.stdout.slice(-200)}${rated.stderr}`);
  }
  for (const args of [
    ['--user', 'a b'],
    ['--folder', 'relative'],
    ['--folder', '/x\nExecStart=/y'],
  ]) {
    assert.equal((await sello(['deploy', 'systemd', ...args])).code, 2, args.join(' '));
  }
});

test('the alerts ask for metrics that exist', async (t) => {
  const { groups } = yaml(read('deploy/prometheus-alerts.yaml'));
  const server = await runServer(t, { folder: await temporaryFolder(t) });
  const exposed = await (await fetch(`${await httpAddress(server)}/metrics`)).text();
  const known = new Set(Array.from(exposed.matchAll(/^# TYPE (\S+)/gm), ([, name = '']) => name));
  assert.ok(known.size > 20);
  let asked = 0;
  for (const { rules } of groups) {
    for (const { alert, expr, labels, annotations } of rules) {
      assert.match(alert, /^Sello[A-Z]\w+$/);
      assert.match(labels.severity, /^(page|ticket)$/, alert);
      assert.ok(annotations.summary && annotations.description, alert);
      for (const [name] of expr.matchAll(/\b(sello|process|nodejs)_\w+/g)) {
        assert.ok(known.has(name.replace(/_(bucket|sum|count)$/, '')), `${alert}: ${name}`);
        asked++;
      }
    }
  }
  assert.ok(asked >= 10);
});

test('a database node refuses a volume of another PostgreSQL, says which it needs, and changes nothing', {
  skip: isInstalled('/usr/lib/postgresql/15/bin/postgres') ? false : 'needs PostgreSQL 15',
}, async (t) => {
  const home = await temporaryFolder(t);
  const data = join(home, 'data');
  mkdirSync(data);
  writeFileSync(join(data, 'PG_VERSION'), '16\n');
  writeFileSync(join(data, 'postmaster.pid'), '1\n');
  const ran = spawnSync('sh', [join(ROOT, 'deploy/postgres-entrypoint.sh'), 'node', 'postgres-a'], {
    env: { HOME: home, PGDATA: data, PATH: `/usr/lib/postgresql/15/bin:${process.env.PATH}` },
    encoding: 'utf8',
  });
  assert.equal(ran.status, 1, ran.stderr);
  assert.match(ran.stderr, /a database of PostgreSQL 16, and the image has PostgreSQL 15: take an image/);
  assert.deepEqual(readdirSync(data).sort(), ['PG_VERSION', 'postmaster.pid']);
});
