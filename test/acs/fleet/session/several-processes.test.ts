// Several processes on one store: a session continues wherever its POSTs arrive, and is never in two processes.
import assert from 'node:assert/strict';
import type { FastifyInstance } from 'fastify';
import { joinMembers } from '../../../../acs/fleet/common/members.ts';
import { createCookies } from '../../../../acs/south/http/cookies.ts';
import { openSqlite } from '../../../../acs/store/sqlite/store.ts';
import type { Store } from '../../../../acs/store/store.ts';
import { seededRandom, VirtualClock } from '../../../../shared/clock.ts';
import { silentLog } from '../../../../shared/log.ts';
import { type TestAcs, testAcs } from '../../../support/acs/memory-acs.ts';
import { memoryCpe, ScriptedCpe } from '../../../support/cpe/scripted-cpe.ts';
import { deviceId as id, informOf } from '../../../support/devices.ts';

const interval = 'Device.ManagementServer.PeriodicInformInterval';

describe('a session over several processes', () => {
  let clock: VirtualClock;
  let store: Store;
  let all: TestAcs[];
  /** Processes that cannot be reached. */
  const cut = new Set<string>();

  const reached = (member: string): TestAcs => {
    const found = all.find(({ fleet }) => fleet.members.self === member);
    if (!found || cut.has(member)) throw new Error('connection refused');
    return found;
  };

  beforeEach(async () => {
    clock = new VirtualClock();
    store = await openSqlite({ file: ':memory:', clock, inThread: true });
    cut.clear();
    all = [];
    for (const self of ['one', 'two']) {
      const acs = await testAcs({
        ...{ beside: { clock, store }, seed: all.length, enrol: 'auto', cpeAuth: 'none' },
        members: await joinMembers({ store, clock, log: silentLog, self, address: self }),
        forward: async (member, post) => await reached(member).south.answer(post),
        yieldSession: async (member, device, claim) => await reached(member).fleet.sessions.yieldSession(device, claim),
      });
      all.push(acs);
    }
  });
  afterEach(async () => {
    for (const { south, fleet } of all) {
      await south.close();
      await fleet.members.leave();
    }
    await store.close();
  });

  /** Sends each POST to another process than the one before. */
  const inTurn = (): Pick<FastifyInstance, 'inject'> => {
    let turn = 0;
    const inject = (given: object) => all[turn++ % all.length]!.app.inject(given);
    return { inject: inject as FastifyInstance['inject'] };
  };
  const lines = (acs: TestAcs, msg: string): Record<string, unknown>[] =>
    acs.logged.map(line => JSON.parse(line) as Record<string, unknown>).filter(line => line.msg === msg);

  /** @returns whether another process can claim the device at once */
  const isFree = async (): Promise<boolean> => {
    await clock.settle();
    const facts = informOf('0090F8000001', clock.now(), ['2 PERIODIC'], { owner: 'a third' });
    return (await store.apply(id, 'informed', facts)).outcome === 'claimed';
  };

  it('continues at the first process when its POSTs reach others', async () => {
    await all[0]!.fleet.presets.put('base', { set: { [interval]: '3600' } });
    const task = await (async () => {
      const cpe = new ScriptedCpe(all[0]!.app);
      await cpe.session();
      return await all[1]!.fleet.tasks.add(id, { method: 'GetParameterValues', args: { ParameterNames: [interval] } });
    })();
    const sessions: string[] = [];
    for (const { events, fleet } of all)
      events.on('session', ({ outcome }) => sessions.push(`${fleet.members.self} ${outcome}`));
    const unit = memoryCpe({ [interval]: '60' });
    const { asked, last } = await new ScriptedCpe(inTurn()).session(unit.answer);
    assert.ok(asked.length >= 2, 'several POSTs');
    assert.equal(last.status, 204);
    assert.deepEqual(sessions, ['one ok']);
    assert.equal((await all[1]!.fleet.tasks.get(task.id)).state, 'done');
    assert.equal(unit.values.get(interval), '3600');
    assert.equal(await isFree(), true);
  });

  it('gets long answers and compressed POSTs through unchanged', async () => {
    const cpe = new ScriptedCpe(inTurn());
    await cpe.post(cpe.inform());
    const { gzipSync } = await import('node:zlib');
    const ask = gzipSync(
      '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns:c="urn:dslforum-org:cwmp-1-2"><e:Header><c:ID e:mustUnderstand="1">7</c:ID></e:Header><e:Body><c:GetRPCMethods/></e:Body></e:Envelope>',
    );
    const answer = await all[1]!.app.inject({
      ...{ method: 'POST', url: '/', payload: ask },
      headers: { cookie: String(cpe.cookie), 'content-encoding': 'gzip', 'content-type': 'text/xml' },
    });
    assert.equal(answer.statusCode, 200);
    assert.match(answer.body, /TransferComplete/);
    assert.match(String(answer.headers['content-type']), /text\/xml/);
  });

  it('ends before an Inform at another process begins a new one', async () => {
    const [one, two] = all as [TestAcs, TestAcs];
    const older = new ScriptedCpe(one.app);
    await older.post(older.inform());
    const order: string[] = [];
    one.events.on('session', ({ outcome }) => order.push(`one ${outcome}`));
    two.events.on('inform', () => order.push('two begins'));
    const newer = new ScriptedCpe(two.app, { events: ['1 BOOT'] });
    assert.equal((await newer.post(newer.inform())).status, 200);
    assert.deepEqual(order, ['one lost', 'two begins']);
    assert.equal((await newer.post(undefined)).status, 204);
    assert.ok([204, 400, 503].includes((await older.post(undefined)).status));
    assert.equal(await isFree(), true);
  });

  it('does not begin when it was yielded before', async () => {
    const [one] = all as [TestAcs];
    const fence = (await store.device(id))?.fence ?? clock.now();
    await one.fleet.sessions.yieldSession(id, fence + 1);
    const cpe = new ScriptedCpe(one.app);
    assert.equal((await cpe.post(cpe.inform())).status, 400);
    assert.equal((await cpe.post(cpe.inform())).status, 200, 'the next one does');
  });

  it('loses nothing when its process is gone', async () => {
    const [one, two] = all as [TestAcs, TestAcs];
    const cpe = new ScriptedCpe(one.app);
    await cpe.post(cpe.inform());
    await two.fleet.tasks.add(id, { method: 'GetParameterValues', args: { ParameterNames: [interval] } });
    cut.add('one');
    await two.fleet.members.ended('one');
    const again = new ScriptedCpe(two.app);
    again.cookie = cpe.cookie;
    assert.equal((await again.post(undefined)).status, 503);
    const { asked, last } = await again.session(memoryCpe({ [interval]: '60' }).answer);
    assert.equal(last.status, 204);
    assert.deepEqual(
      asked.map(({ method }) => method),
      ['GetParameterValues'],
    );
    assert.equal(lines(two, 'forwarded POST without session').length, 1);
  });

  it('fails a POST when it is over at its process', async () => {
    const [one, two] = all as [TestAcs, TestAcs];
    const cpe = new ScriptedCpe(one.app, { events: ['1 BOOT'] });
    await cpe.post(cpe.inform());
    const { cookie } = cpe;
    assert.equal((await cpe.post(undefined)).status, 204);
    const late = await two.app.inject({ method: 'POST', url: '/', headers: { cookie: String(cookie) } });
    assert.equal(late.statusCode, 503);
  });

  it('ends when its process loses the store, which begins no others', async () => {
    const [one] = all as [TestAcs];
    const cpe = new ScriptedCpe(one.app);
    await cpe.post(cpe.inform());
    const outcomes: string[] = [];
    one.events.on('session', ({ outcome }) => outcomes.push(outcome));
    await one.fleet.members.leave();
    assert.equal((await cpe.post(undefined)).status, 503);
    await clock.settle();
    assert.deepEqual(outcomes, ['lost']);
    const fresh = new ScriptedCpe(one.app);
    assert.equal((await fresh.post(fresh.inform())).status, 503);
  });

  it('is not found by a cookie that no member has issued', () => {
    const key = Buffer.alloc(32, 1);
    const random = seededRandom(3);
    const { issue, memberOf } = createCookies({ key, self: 'node-1a2b', random });
    const cookie = issue();
    assert.equal(memberOf(cookie), 'node-1a2b');
    assert.notEqual(issue(), cookie);
    for (const forged of [
      cookie.replace('node-1a2b', 'node-1a2c'),
      `${cookie}x`,
      cookie.slice(0, -1),
      `${cookie}.${cookie}`,
      createCookies({ key: Buffer.alloc(32, 2), self: 'node-1a2b', random }).issue(),
      '',
      'a.b.c',
    ])
      assert.equal(memberOf(forged), undefined, forged);
  });
});
