/*
 * Goal: a server's limits count in Redis; when that is killed, requests go on, and /readyz and the log say so.
 * Method: a real server process and a real redis-server.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { temporaryFolder } from '../services/application.ts';
import { RedisService } from '../services/redis.ts';
import { until } from '../waiting.ts';
import { httpAddress } from './http-address.ts';
import { runServer } from './server-process.ts';

test('Redis killed under a server: limits hold, requests go on, /readyz says degraded with 200', async (t) => {
  const redis = await RedisService.start({ password: 'secret-of-redis' });
  t.after(() => redis.remove());
  const folder = await temporaryFolder(t);
  const flags = { '--rate-limit-url': redis.url, '--rate-limits-log-ins-count-max': '6' };
  const server = await runServer(t, { folder, flags });
  const readiness = async () => {
    const answer = await fetch(`${await httpAddress(server)}/readyz`);
    return { status: answer.status, body: (await answer.json()) as { parts: Record<string, string> } };
  };
  const becomes = (state: string) =>
    until(
      async () => {
        const { status, body } = await readiness();
        assert.equal(status, 200);
        return body.parts.rate_limiter === state;
      },
      { what: state },
    );
  const logIns = async (count: number) => {
    const client = await server.connect();
    const errors: string[] = [];
    for (let i = 0; i < count; i++) {
      const answer = await client.request({ accion: 'login', username: `u${i}`, password: 'wrong one' });
      errors.push(String(answer.error));
    }
    await client.close();
    return errors;
  };
  await becomes('up');
  assert.deepEqual(await logIns(5), Array(5).fill('credentials_invalid'));
  assert.ok(Number(await redis.command('DBSIZE')) > 0);
  await redis.kill();
  const after = await logIns(2);
  assert.deepEqual(after, ['credentials_invalid', 'rate_limited']);
  await becomes('degraded');
  await redis.restart();
  await server.logged(/rate limits are shared again/);
  assert.match(server.stderr, /rate limits are not shared/);
  await becomes('up');
  assert.doesNotMatch(server.stdout + server.stderr, /secret-of-redis/);
});
