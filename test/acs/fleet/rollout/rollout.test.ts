// Rollouts of firmware, in virtual time: the order of offers, the evidence that judges devices, and that none is flashed twice.
import assert from 'node:assert/strict';
import { parseFilter } from '../../../../acs/query/parser.ts';
import { testAcs } from '../../../support/acs/memory-acs.ts';
import { NEW, OLD, type RolloutTest, rolloutTest, type Unit } from '../../../support/acs/rollout.ts';
import { informOf } from '../../../support/devices.ts';

const HOUR = 3_600_000;

describe('a rollout', () => {
  let test: RolloutTest;
  beforeEach(async () => {
    test = await rolloutTest();
  });
  afterEach(async () => await test.close());

  it('takes one device from planned to done by its evidence', async () => {
    const [unit] = await test.fleet(1);
    assert.ok(unit);
    await test.roll();
    assert.deepEqual(await test.counts(), { offered: 1 });
    assert.deepEqual((await unit.session()).slice(0, 1), ['Download']);
    assert.deepEqual(await test.counts(), { downloading: 1 });
    // The Inform brings the new version, the end of the transfer, and the revision that holds now.
    assert.deepEqual(await unit.session(), ['GetParameterValues', 'SetParameterValues']);
    assert.deepEqual(await test.counts(), { soaking: 1 });
    await test.turn(70_000);
    const { state, devices } = (await test.rollout()) as unknown as {
      state: string;
      devices: { items: { times: Record<string, string>; previous: string; version: string; attempts: number }[] };
    };
    assert.equal(state, 'done');
    const [device] = devices.items;
    assert.deepEqual(Object.keys(device?.times ?? {}), [
      'planned',
      'offered',
      'downloading',
      'installed',
      'soaking',
      'done',
    ]);
    assert.deepEqual([device?.previous, device?.version, device?.attempts], [OLD, NEW, 1]);
    assert.deepEqual(unit.flashes, [NEW]);
    assert.deepEqual(await unit.session(), []);
  });

  it('judges a device to the second when it is due', async () => {
    const units = await test.fleet(2);
    await test.roll({ waves: [1, 1], success: { soak: 5 } });
    await test.settleAll(units);
    const soaking = (await test.counts()).soaking;
    assert.equal(soaking, 1);
    await test.turn(4000);
    assert.deepEqual(await test.counts(), { soaking: 1, planned: 1 });
    await test.turn(1100);
    assert.deepEqual(await test.counts(), { done: 1, offered: 1 });
    await test.settleAll(units);
    await test.turn(4900);
    assert.deepEqual(await test.counts(), { done: 1, soaking: 1 });
    await test.turn(200);
    assert.equal((await test.rollout()).state, 'done');
  });

  it('moves on at once when another process has the session', async () => {
    const { clock, store, fleet: own } = test.acs;
    const rolloutMoved = (): void => own.rollouts.soon();
    const worker = await testAcs({ cpeAuth: 'none', enrol: 'auto', beside: { clock, store }, rolloutMoved });
    const unit = test.unit('S000', 'good', worker);
    await unit.session(['0 BOOTSTRAP', '1 BOOT']);
    await test.roll({ success: { soak: 5 } });
    await unit.settle();
    assert.deepEqual(await test.counts(), { soaking: 1 });
    await test.turn(5100);
    assert.equal((await test.rollout()).state, 'done');
    await worker.south.close();
    await worker.fleet.history.stop();
  });

  it('takes a step once a minute while nothing is due', async () => {
    await test.fleet(1);
    await test.roll({ timeout: 3600 });
    assert.deepEqual(await test.counts(), { offered: 1 });
    const begun = test.acs.store.generation('duty');
    await test.turn(10 * 60_000);
    // Each step is recorded when it begins and when it has ended.
    assert.equal((test.acs.store.generation('duty') - begun) / 2, 10);
  });

  it('opens the next wave when the last device of a wave is judged', async () => {
    const units = await test.fleet(30);
    await test.roll({ waves: [1, '10%'] });
    assert.deepEqual((await test.rollout()).sizes, [1, 3, 26]);
    assert.deepEqual(await test.counts(), { offered: 1, planned: 29 });
    await test.settleAll(units);
    assert.deepEqual(await test.counts(), { soaking: 1, planned: 29 });
    await test.turn(70_000);
    assert.deepEqual(await test.counts(), { done: 1, offered: 3, planned: 26 });
    await test.settleAll(units);
    await test.turn(70_000);
    assert.deepEqual(await test.counts(), { done: 4, offered: 26 });
    await test.restInEach(units, 2);
    assert.equal((await test.rollout()).state, 'done');
    assert.ok(units.every(({ flashes }) => flashes.length === 1));
  });

  it('offers the image to no more devices than may be in flight', async () => {
    const units = await test.fleet(10);
    await test.roll({ parallelism: 4 });
    assert.deepEqual(await test.counts(), { offered: 4, planned: 6 });
    await test.settleAll(units);
    await test.turn();
    // Devices that soak are no longer in flight.
    assert.deepEqual(await test.counts(), { soaking: 4, offered: 4, planned: 2 });
  });

  it('skips devices that cannot take the image, with the reason', async () => {
    const [there, taken] = await test.fleet(2);
    assert.ok(there && taken);
    there.version = NEW;
    await there.session();
    await test.call('POST', '/devices', { body: { id: '0090F8-4102S-ANNOUNCED' } });
    const met = informOf('QUARANTINE', test.acs.clock.now(), ['2 PERIODIC'], { admission: 'quarantine' });
    await test.acs.store.apply('0090F8-4102S-QUARANTINE', 'informed', met);
    await test.call('POST', '/rollouts', {
      body: { id: 'first', devices: [taken.id], firmware: `${NEW}.bin`, waves: [1] },
    });
    await test.turn();
    await test.call('PUT', `/files/other.bin?type=firmware&version=1.0&productClass=C730`, { body: Buffer.from('x') });
    await test.roll();
    const reasons = async (id: string): Promise<[string, string][]> =>
      ((await test.rollout(id)).devices as { items: { device: string; reason: string }[] }).items.map(
        ({ device, reason }) => [device, reason],
      );
    assert.deepEqual(await reasons('r'), [
      ['0090F8-4102S-ANNOUNCED', 'its version is not known: it has never informed'],
      ['0090F8-4102S-QUARANTINE', 'in quarantine'],
      [there.id, `runs ${NEW} already`],
    ]);
    const { elsewhere, state } = await test.rollout();
    assert.deepEqual(elsewhere, { count: 1, devices: [taken.id] });
    assert.equal(state, 'done');
    await test.call('POST', '/rollouts', { body: { id: 'wrong', devices: [there.id], firmware: 'other.bin' } });
    await test.turn();
    assert.deepEqual(await reasons('wrong'), [[there.id, 'the image is for C730, the device is a 4102S']]);
  });

  it('fails a device that refuses, fails in transfer, or comes back with the old version', async () => {
    const units = await test.fleet(4);
    const manners = ['good', 'refuse', 'fail', 'old'] as const;
    for (const [at, manner] of manners.entries()) if (units[at]) units[at].manner = manner;
    await test.roll();
    await test.restInEach(units, 3);
    const { devices, state, totals } = (await test.rollout()) as unknown as {
      state: string;
      totals: Record<string, number>;
      devices: { items: { state: string; reason?: string }[] };
    };
    assert.deepEqual(
      devices.items.map(item => [item.state, item.reason]),
      [
        ['done', undefined],
        ['failed', 'Download: 9010 no room'],
        ['failed', 'Download: 9010 no'],
        ['failed', `took ${NEW}.bin without an error, but runs ${OLD}`],
      ],
    );
    assert.deepEqual([state, totals.done, totals.failed], ['done', 1, 3]);
    // No device is asked again by itself.
    await test.turn(30 * HOUR);
    await test.settleAll(units);
    assert.deepEqual(
      units.map(({ flashes }) => flashes.length),
      [1, 0, 1, 1],
    );
  });

  it('resumes a device that was away for days, and does not wait for it', async () => {
    const units = await test.fleet(3);
    const away = units[1];
    assert.ok(away);
    await test.roll({ waves: [3], parallelism: 3 });
    await units[0]?.settle();
    await units[2]?.settle();
    await test.turn(2 * 60_000);
    assert.deepEqual(await test.counts(), { done: 2, offered: 1 });
    for (let day = 0; day < 3; day++) await test.turn(24 * HOUR);
    assert.deepEqual(await test.counts(), { done: 2, planned: 1 });
    assert.equal((await test.rollout()).state, 'running');
    await away.session();
    // The next step finds it online again.
    await test.turn(60_000);
    assert.deepEqual(await test.counts(), { done: 2, offered: 1 });
    await test.restInEach([away], 2);
    assert.equal((await test.rollout()).state, 'done');
    assert.deepEqual(away.flashes, [NEW]);
  });

  it('F4: ends by rule while a device is absent, and updates it when it returns', async () => {
    const units = await test.fleet(3);
    const away = units[1];
    assert.ok(away);
    await test.roll({ waves: [3], parallelism: 3, after: 3 * 3600 });
    await units[0]?.settle();
    await units[2]?.settle();
    await test.turn(2 * 60_000);
    assert.deepEqual(await test.counts(), { done: 2, offered: 1 });
    await test.turn(4 * HOUR);
    await test.turn(60_000);
    const ended = await test.rollout();
    assert.deepEqual([ended.state, ended.waiting, typeof ended.ended], ['done', 1, 'string']);
    assert.deepEqual(await test.counts(), { done: 2, planned: 1 });
    await away.session();
    await test.turn(60_000);
    assert.deepEqual(await test.counts(), { done: 2, offered: 1 });
    await test.restInEach([away], 2);
    assert.deepEqual([await test.counts(), (await test.rollout()).waiting, away.flashes], [{ done: 3 }, 0, [NEW]]);
  });

  it('F4: opens the next wave by rule when no device of a wave was ever there', async () => {
    const units = await test.fleet(2);
    const [first, second] = units.map(({ id }) => id);
    await test.turn(10 * HOUR);
    await units[1]?.session();
    await test.roll({ filter: undefined, devices: [first, second], waves: [1], after: 3600 });
    await test.turn(2 * 60_000);
    assert.deepEqual([(await test.rollout()).wave, await test.counts()], [1, { planned: 2 }]);
    await test.turn(HOUR);
    await units[1]?.session();
    await test.turn(60_000);
    assert.equal((await test.rollout()).wave, 2);
    await test.restInEach([units[1] as Unit], 2);
    await test.turn(2 * HOUR);
    await test.turn(60_000);
    const ended = await test.rollout();
    assert.deepEqual([ended.state, ended.waiting, await test.counts()], ['done', 1, { done: 1, planned: 1 }]);
  });

  it('fails a device that vanishes in the Download, unless it reports the new version', async () => {
    const [unit] = await test.fleet(1);
    assert.ok(unit);
    unit.manner = 'bricked';
    await test.roll({ timeout: 3600 });
    await unit.session();
    await test.turn(2 * HOUR);
    const [device] = ((await test.rollout()).devices as { items: { state: string; reason: string }[] }).items;
    assert.deepEqual([device?.state, device?.reason], ['failed', 'no contact within 1 h']);
    unit.manner = 'good';
    unit.version = NEW;
    await unit.session(['1 BOOT']);
    await test.turn(2 * 60_000);
    assert.deepEqual(await test.counts(), { done: 1 });
  });

  it('judges the health of devices at the end of their soak time', async () => {
    const units = await test.fleet(4);
    await test.roll({ success: { soak: 3 * 3600, filter: 'not tag = "ill"' } });
    await test.settleAll(units);
    await test.call('PATCH', `/devices/${units[1]?.id}`, { body: { tags: ['ill'] } });
    await test.acs.store.apply(units[2]?.id ?? '', 'faultRaised', {
      cause: 'preset:x',
      code: 9003,
      message: 'no',
      retryAt: 0,
      now: test.acs.clock.now(),
    });
    await test.turn(2 * HOUR);
    for (const unit of units.slice(0, 3)) await unit.session();
    await test.turn(1.1 * HOUR);
    const { devices } = (await test.rollout()) as unknown as {
      devices: { items: { state: string; reason?: string }[] };
    };
    assert.deepEqual(
      devices.items.map(item => [item.state, item.reason]),
      [
        ['done', undefined],
        ['failed', 'does not hold: not tag = "ill"'],
        ['failed', 'a new fault: preset:x: no'],
        ['failed', 'not online at the end of its soak time'],
      ],
    );
  });

  it("offers the image in each device's own window, and withdraws it after that", async () => {
    // The virtual clock starts at midnight UTC: 01:00 in Vienna, 09:00 in Tokyo, 19:00 in New York.
    const units = await test.fleet(3);
    const zones = ['', 'Asia/Tokyo', 'America/New_York'];
    for (const [at, timezone] of zones.entries())
      if (timezone) await test.call('PATCH', `/devices/${units[at]?.id}`, { body: { site: { timezone } } });
    await test.roll({ window: { from: '00:00', to: '02:00' }, timezone: 'Europe/Vienna' });
    assert.deepEqual((await test.states()).offered, [units[0]?.id]);
    await test.turn(HOUR);
    assert.deepEqual(await test.counts(), { planned: 3 });
    await test.settleAll(units);
    assert.ok(units.every(({ flashes }) => flashes.length === 0));
    // 05:30 UTC is 00:30 in New York; 15:30 is 00:30 in Tokyo.
    const at = async (hours: number): Promise<void> => {
      const due = Date.UTC(2026, 0, 1) + hours * HOUR - test.acs.clock.now();
      await test.turn(due - 60_000);
      for (const unit of units) await unit.session();
      await test.turn(60_000);
      await test.settleAll(units);
    };
    await at(5.5);
    assert.deepEqual(
      units.map(({ version }) => version),
      [OLD, OLD, NEW],
    );
    await at(15.5);
    assert.deepEqual(
      units.map(({ version }) => version),
      [OLD, NEW, NEW],
    );
    await at(23.5);
    await test.turn(2 * 60_000);
    assert.equal((await test.rollout()).state, 'done');
  });

  it('plans, pauses, aborts and forgets more devices than one page holds', async () => {
    const { store, clock } = test.acs;
    const count = 1100;
    for (let from = 0; from < count; from += 100)
      await Promise.all(
        Array.from({ length: 100 }, (_, at) => {
          const serial = `S${String(from + at).padStart(4, '0')}`;
          return store.apply(`0090F8-4102S-${serial}`, 'informed', informOf(serial, clock.now(), ['2 PERIODIC']));
        }),
      );
    const totals = async (): Promise<object> => {
      const states = ['planned', 'offered', 'skipped'] as const;
      const found = states.map(async state => {
        const filter = parseFilter(`rollout = "r" and rolloutState = "${state}"`);
        return [state, await store.countDevices(filter, clock.now())] as const;
      });
      return Object.fromEntries(await Promise.all(found));
    };
    await test.roll({ waves: ['50%', '50%'], parallelism: 600, wake: false });
    assert.deepEqual((await test.rollout()).sizes, [550, 550]);
    assert.deepEqual(await totals(), { planned: 550, offered: 550, skipped: 0 });
    const waves = await Promise.all(
      [1, 2].map(wave => store.countDevices(parseFilter(`rollout = "r" and rolloutWave = ${wave}`), clock.now())),
    );
    assert.deepEqual(waves, [550, 550]);
    await test.act('pause');
    assert.deepEqual(await totals(), { planned: 1100, offered: 0, skipped: 0 });
    await test.act('abort');
    await test.turn();
    assert.deepEqual(await totals(), { planned: 0, offered: 0, skipped: 1100 });
    assert.equal((await test.rollout()).state, 'aborted');
    assert.equal((await test.call('DELETE', '/rollouts/r')).status, 204);
    await test.turn();
    assert.deepEqual(await totals(), { planned: 0, offered: 0, skipped: 0 });
  });

  it('has the same outcome when the process restarts at any step', async () => {
    const units = await test.fleet(12);
    await test.roll({ waves: [1, 4], parallelism: 3 });
    for (let turn = 0; turn < 40 && (await test.rollout()).state !== 'done'; turn++) {
      await units[(turn * 5) % 12]?.session();
      await test.restart();
      for (const unit of units) await unit.session();
      await test.turn(65_000);
    }
    assert.deepEqual(await test.counts(), { done: 12 });
    assert.ok(units.every(({ flashes }) => flashes.length === 1));
  });

  it('refuses invalid input with the place', async () => {
    const body = { firmware: `${NEW}.bin`, filter: 'state = "enrolled"' };
    const wrong = async (status: number, code: string, more: object, at: RegExp): Promise<void> => {
      const { detail } = await test.refused(status, code, 'POST', '/rollouts', { body: { ...body, ...more } });
      assert.match(String(detail), at);
    };
    await wrong(404, 'no-such-file', { firmware: 'none' }, /none/);
    await wrong(400, 'bad-rollout', { devices: ['x'] }, /not both/);
    await wrong(400, 'bad-filter', { filter: 'colour = 1' }, /colour/);
    await wrong(400, 'bad-rollout', { waves: ['1%', 'many'] }, /waves: 2: 'many'/);
    await wrong(400, 'bad-rollout', { failure: { perWave: '101%' } }, /failure: perWave/);
    await wrong(400, 'unknown-time-zone', { timezone: 'Mars/Olympus' }, /timezone: 'Mars\/Olympus'/);
    await wrong(400, 'bad-window', { window: { from: '25:00', to: '01:00' } }, /window: from/);
    await wrong(400, 'bad-filter', { success: { filter: '(' } }, /./);
    await test.roll();
    await wrong(409, 'rollout-exists', { id: 'r' }, /'r'/);
    await test.refused(409, 'wrong-phase', 'POST', '/rollouts/r/resume');
    await test.refused(404, 'no-such-rollout', 'POST', '/rollouts/none/pause');
  });
});
