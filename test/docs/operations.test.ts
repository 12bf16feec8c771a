/*
 * Goal: the tables and settings of docs/operations.md match the program. Method: metrics are compared with a running
 * server's; alerts, faults, settings, keys and log lines with their definitions.
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { COMPOSE_FAULTS } from '../../scripts/drill/compose-stage.ts';
import { FAULTS } from '../../scripts/drill/faults.ts';
import { httpAddress } from '../e2e/http-address.ts';
import { runServer } from '../e2e/server-process.ts';
import { temporaryFolder } from '../services/application.ts';
import { MONITOR_SETTINGS } from '../services/pg-auto-failover.ts';
import { ROOT } from './machine.ts';
import { section, tableRows } from './markdown.ts';

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const document = read('docs/operations.md');

/** From a heading to the next one of any level. */
function chapter(heading: string): string {
  const [, text] = document.split(`\n${heading}\n`);
  assert.ok(text, heading);
  return text.split(/\n##+ /)[0] ?? '';
}

/** What stands in backquotes. */
function quoted(text: string): readonly string[] {
  return Array.from(text.matchAll(/`([^`]+)`/g), ([, name = '']) => name);
}

describe('docs/operations.md', () => {
  test('names every metric of a server, and no other', async (t) => {
    const server = await runServer(t, { folder: await temporaryFolder(t) });
    const exposed = await (await fetch(`${await httpAddress(server)}/metrics`)).text();
    const own = Array.from(exposed.matchAll(/^# TYPE (sello_\S+)/gm), ([, name = '']) => name);
    const named = quoted(chapter('## Monitoring')).filter((name) => name.startsWith('sello_'));
    assert.deepEqual([...new Set(named)].sort(), own.sort());
  });

  test('names every alert, and no other', () => {
    const alerts = read('deploy/prometheus-alerts.yaml').matchAll(/- alert: (\w+)/g);
    const named = quoted(chapter('## Monitoring')).filter((name) => /^Sello[A-Z]/.test(name));
    assert.deepEqual(named.sort(), Array.from(alerts, ([, name = '']) => name).sort());
  });

  test('has every fault of the drill, none of which lost or doubled anything', () => {
    for (const [name, faults] of [
      ['drill', FAULTS],
      ['drill-compose', COMPOSE_FAULTS],
    ] as const) {
      const rows = tableRows(section(document, name));
      assert.deepEqual(
        rows.map(([fault]) => fault),
        faults.map(({ says }) => says),
      );
      for (const [fault = '', ...figures] of rows) assert.deepEqual(figures.slice(-2), ['0', '0'], fault);
    }
  });

  test('has the settings of pg_auto_failover that the drill and the image have', () => {
    const settings = Object.entries(MONITOR_SETTINGS).map(([name, ms]) => `pgautofailover.${name} = ${ms}\n`);
    for (const path of ['docs/operations.md', 'deploy/postgres-entrypoint.sh'])
      assert.ok(read(path).includes(settings.join('')), path);
  });

  test('sets keys that there are', () => {
    const known = new Set(tableRows(read('docs/configuration.md')).map(([key = '']) => key));
    const named = tableRows(chapter('## Settings')).flatMap(([keys = '']) => quoted(keys));
    assert.ok(named.length > 15);
    for (const key of named) assert.ok(known.has(`\`${key}\``), key);
  });

  test('quotes lines of the log as they are written', () => {
    const sources = globSync('src/**/*.ts', { cwd: ROOT }).map(read).join('');
    const rows = tableRows(chapter('### What a server says while it waits'));
    const lines = rows.flatMap(([where, what = '']) => {
      return where === 'log' ? Array.from(what.matchAll(/“([^”]+)”/g), ([, line = '']) => line) : [];
    });
    assert.equal(lines.length, 5);
    for (const line of lines) assert.ok(sources.includes(`'${line}'`), line);
  });
});
