// The limit of file transfers that run at once.
import assert from 'node:assert/strict';
import fastify, { type FastifyInstance } from 'fastify';
import { limitTransfers } from '../../../acs/south/transfers/transfer-limit.ts';

const RETRY_AFTER = 42;
const UPLOADS = 16;

describe('transfer limit', () => {
  let instance: FastifyInstance;
  let finish: (() => void)[] = [];
  beforeEach(async () => {
    finish = [];
    instance = fastify();
    limitTransfers(instance, { retryAfter: () => RETRY_AFTER });
    const held = async (): Promise<string> => {
      await new Promise<void>(resolve => finish.push(resolve));
      return 'done';
    };
    instance.put('/files/:id', held);
    instance.get('/files/:id', async () => 'here');
    await instance.ready();
  });
  afterEach(async () => {
    await instance.close();
  });

  it('answers uploads beyond the limit with 503 and Retry-After until a place is free', async () => {
    const put = () => instance.inject({ method: 'PUT', url: '/files/1', payload: {} });
    const running = Array.from({ length: UPLOADS }, put);
    while (finish.length < UPLOADS) await new Promise(resolve => setImmediate(resolve));
    const away = await put();
    assert.deepEqual([away.statusCode, away.headers['retry-after']], [503, String(RETRY_AFTER)]);
    assert.equal((await instance.inject({ url: '/files/1' })).statusCode, 200);
    for (const done of finish.splice(0)) done();
    for (const { statusCode } of await Promise.all(running)) assert.equal(statusCode, 200);
    const again = put();
    while (finish.length === 0) await new Promise(resolve => setImmediate(resolve));
    finish[0]?.();
    assert.equal((await again).statusCode, 200);
  });
});
