/*
 * Goal: `docker compose up` of deploy/compose.yaml brings the whole system up, a client acts over TLS through the balancer,
 * a restart keeps all, and whichever container is killed under load, nothing acknowledged is lost or made twice.
 * Method: a real container engine. Takes minutes, so .ci/run runs it after `npm test`: node --test test/deploy/compose.check.ts
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, suite, test } from 'node:test';
import { COMPOSE_FAULTS, ComposeStage } from '../../scripts/drill/compose-stage.ts';
import { report } from '../../scripts/drill/report.ts';
import { runDrill } from '../../scripts/drill/run.ts';
import { ROOT } from '../docs/machine.ts';
import { engineProblem } from '../services/container-engine.ts';
import { makePulsarImage } from '../services/container-images.ts';
import { until } from '../waiting.ts';

/** What the pause is on a machine that does nothing else, the drill says (docs/operations.md). */
const PAUSE_MAX_MS = 30_000;
/** Fetching 240 MB, making an image of them, three starts of Apache Pulsar. */
const EVENTS_TIME_MS = 900_000;

suite('docker compose up', { skip: engineProblem() ?? false }, () => {
  let stage: ComposeStage;
  before(async () => {
    stage = await ComposeStage.start((line) => process.stdout.write(`${line}\n`));
  });
  after(() => stage?.remove());
  const sello = async (service: string, ...given: readonly string[]) => {
    const ran = await stage.project.exec(service, ['sello', ...given]);
    assert.equal(ran.code, 0, ran.output);
    return ran.stdout;
  };

  test('all parts are up, and the balancer gives the client’s address', async () => {
    const [address] = stage.addresses;
    const answer = await fetch(`${address?.http}/readyz`);
    const ready = (await answer.json()) as { parts: object };
    assert.deepEqual(ready.parts, { server: 'up', store: 'up', vault: 'up', rate_limiter: 'up' });
  });

  test('--profile demo: a client registers, enrols, transfers and is refused', async () => {
    const ran = await stage.project.compose(['--profile', 'demo', 'run', '--rm', '-T', 'demo']);
    assert.equal(ran.code, 0, ran.output);
    for (const line of [
      /"error":"registration_closed"/,
      /"error":"challenge_spent"/,
      /"error":"mac_mismatch"/,
    ])
      assert.match(ran.output, line);
  });

  test('--profile events: what Apache Pulsar acknowledged outlives its kill and its container, each once', {
    timeout: EVENTS_TIME_MS,
  }, async (t) => {
    const problem = await makePulsarImage(stage.engine, {
      root: ROOT,
      say: (line) => process.stdout.write(`${line}\n`),
    });
    if (problem !== undefined) return t.skip(problem);
    const count = 1_000;
    const client = readFileSync(new URL('../services/pulsar-client.ts', import.meta.url), 'utf8');
    const speak = async (action: 'produce' | 'consume', topic: string) => {
      const given = ['node', '--input-type=module-typescript', '-', action, 'pulsar:8080', topic, `${count}`];
      const ran = await stage.project.exec('sello-1', ['timeout', '60', ...given], client);
      assert.equal(ran.code, 0, ran.output);
      return JSON.parse(ran.stdout.trim().split('\n').at(-1) ?? '');
    };
    const events = ['--profile', 'events'];
    const up = async () => {
      await stage.project.must([...events, 'up', '--detach', '--no-build', 'pulsar']);
      await stage.project.healthy();
    };
    try {
      await up();
      for (const topic of ['killed', 'new-container']) {
        assert.deepEqual(await speak('produce', topic), { count, stored: count });
        assert.deepEqual(await speak('produce', topic), { count, stored: count }, 'sent again');
      }
      const id = await stage.project.container('pulsar');
      await stage.crash('pulsar');
      const restarts = ['inspect', '--format', '{{.RestartCount}}', id];
      await until(async () => (await stage.engine.must(restarts)).trim() === '1', {
        what: 'it starts again',
      });
      await stage.project.healthy();
      assert.deepEqual(await speak('consume', 'killed'), { count });

      await stage.project.must([...events, 'rm', '--force', '--stop', 'pulsar']);
      // Takes the address that the broker had.
      const network = ['--network', 'sello_data', '--entrypoint', 'sleep', 'redis:7.2.10'];
      const other = (await stage.engine.must(['run', '--detach', '--rm', ...network, '300'])).trim();
      await up();
      assert.deepEqual(await speak('consume', 'new-container'), { count });
      await stage.engine.must(['rm', '--force', other]);
    } finally {
      await stage.project.must([...events, 'rm', '--force', '--stop', 'pulsar']);
    }
  });

  test('a command in a container finds the server’s configuration; --config overrides it', async () => {
    assert.match(await sello('sello-2', 'audit', 'verify'), /The journal is whole/);
    assert.match(await sello('sello-2', 'config'), /^# \/etc\/sello\/server\.yaml/);
    const other = await stage.project.exec('sello-2', ['sello', 'config', '--config', '/nowhere.yaml']);
    assert.match(other.output, /\/nowhere\.yaml/);
  });

  test('each container killed under load: nothing lost, nothing doubled, all whole again', async (t) => {
    const results = await runDrill(stage, COMPOSE_FAULTS, (line) => process.stdout.write(`${line}\n`));
    t.diagnostic(`\n${report(results)}`);
    for (const { fault, acknowledged, lost, doubled, pauseMs, repaired } of results) {
      assert.ok(acknowledged > 20, `${fault}: ${acknowledged} acknowledged`);
      assert.deepEqual({ lost, doubled, repaired }, { lost: 0, doubled: 0, repaired: true }, fault);
      assert.ok(pauseMs < PAUSE_MAX_MS, `${fault}: ${pauseMs} ms`);
    }
  });

  test('down and up again: secrets, keys and journal are those of before', async () => {
    const authority = await stage.project.authority();
    await stage.project.must(['down', '--timeout', '20']);
    await stage.project.up();
    await stage.whole();
    assert.equal(await stage.project.authority(), authority);
    assert.match(await sello('sello-1', 'audit', 'verify'), /The journal is whole/);
    const ready = await fetch(`${stage.addresses[0]?.http}/readyz`);
    assert.equal(ready.status, 200);
  });

  test('a node’s volume lost is copied from the other', async () => {
    const node = await stage.standby();
    await stage.kill(node);
    await stage.project.must(['rm', '--force', '--stop', node]);
    await stage.engine.must(['volume', 'rm', `sello_${node}`]);
    await stage.project.up();
    await until(
      async () => {
        await stage.whole();
        return true;
      },
      { what: 'the node is a standby again' },
    );
  });
});
