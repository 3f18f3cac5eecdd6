// Rollouts of firmware, in virtual time: who gets what when, by what evidence it is judged, and that nobody is flashed twice.
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

  const fleet = async (count: number): Promise<Unit[]> => {
    const units = Array.from({ length: count }, (_, at) => test.unit(`S${String(at).padStart(3, '0')}`));
    for (const unit of units) await unit.session(['0 BOOTSTRAP', '1 BOOT']);
    return units;
  };
  const roll = async (more: Record<string, unknown> = {}): Promise<void> => {
    const body = { id: 'r', filter: 'productClass = "4102S"', firmware: `${NEW}.bin`, success: { soak: 60 }, ...more };
    const answer = await test.call('POST', '/rollouts', { body });
    assert.equal(answer.status, 201, answer.text);
    await test.turn();
  };
  const act = async (action: string, body?: unknown): Promise<void> => {
    const answer = await test.call('POST', `/rollouts/r/${action}`, { ...(body === undefined ? {} : { body }) });
    assert.equal(answer.status, 200, answer.text);
  };
  const counts = async (): Promise<Record<string, number>> =>
    Object.fromEntries(Object.entries(await test.states()).map(([state, ids]) => [state, ids.length]));
  /** Every unit in the order of its wave. */
  const settleAll = async (units: readonly Unit[]): Promise<void> => {
    for (const unit of units) await unit.settle();
  };
  const restInEach = async (units: readonly Unit[], turns: number): Promise<void> => {
    for (let turn = 0; turn < turns; turn++) {
      await settleAll(units);
      await test.turn(2 * 60_000);
    }
  };

  it('takes one device from planned to done by its evidence', async () => {
    const [unit] = await fleet(1);
    assert.ok(unit);
    await roll();
    assert.deepEqual(await counts(), { offered: 1 });
    assert.deepEqual((await unit.session()).slice(0, 1), ['Download']);
    assert.deepEqual(await counts(), { downloading: 1 });
    // The new version, the word of the transfer, and the revision that now holds.
    assert.deepEqual(await unit.session(), ['GetParameterValues', 'SetParameterValues']);
    assert.deepEqual(await counts(), { soaking: 1 });
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

  it('judges when the time has come, to the second', async () => {
    const units = await fleet(2);
    await roll({ waves: [1, 1], success: { soak: 5 } });
    await settleAll(units);
    const soaking = (await counts()).soaking;
    assert.equal(soaking, 1);
    await test.turn(4000);
    assert.deepEqual(await counts(), { soaking: 1, planned: 1 });
    await test.turn(1100);
    assert.deepEqual(await counts(), { done: 1, offered: 1 });
    await settleAll(units);
    await test.turn(4900);
    assert.deepEqual(await counts(), { done: 1, soaking: 1 });
    await test.turn(200);
    assert.equal((await test.rollout()).state, 'done');
  });

  it('goes on at once where another process has the session: that tells the one whose duty it is', async () => {
    const { clock, store, fleet: own } = test.acs;
    const rolloutMoved = (): void => own.rollouts.soon();
    const worker = await testAcs({ cpeAuth: 'none', enrol: 'auto', beside: { clock, store }, rolloutMoved });
    const unit = test.unit('S000', 'good', worker);
    await unit.session(['0 BOOTSTRAP', '1 BOOT']);
    await roll({ success: { soak: 5 } });
    await unit.settle();
    assert.deepEqual(await counts(), { soaking: 1 });
    await test.turn(5100);
    assert.equal((await test.rollout()).state, 'done');
    await worker.south.close();
    await worker.fleet.history.stop();
  });

  it('is in the metrics until it has ended: devices by state, and its phase', async () => {
    const metrics = async (): Promise<Record<string, number>> => {
      await test.acs.clock.advance(5000);
      const { body } = await test.rest.inject({ url: '/metrics' });
      const lines = body.split('\n').filter(line => /^acs_rollout_/.test(line) && !line.endsWith(' 0'));
      return Object.fromEntries(
        lines.map(line => [line.slice(12, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]),
      );
    };
    const units = await fleet(3);
    assert.deepEqual(await metrics(), {});
    await roll({ waves: [1] });
    const begun = { 'devices{rollout="r",state="offered"}': 1, 'devices{rollout="r",state="planned"}': 2 };
    assert.deepEqual(await metrics(), { ...begun, 'phase{rollout="r",phase="running"}': 1 });
    await act('pause');
    assert.deepEqual(await metrics(), {
      'devices{rollout="r",state="planned"}': 3,
      'phase{rollout="r",phase="paused"}': 1,
    });
    await act('resume');
    await restInEach(units, 4);
    assert.equal((await test.rollout()).state, 'done');
    assert.deepEqual(await metrics(), {});
  });

  it('is counted for the metrics no more often than every few seconds', async () => {
    await fleet(1);
    await roll();
    const { store, clock } = test.acs;
    const { rollouts } = test.acs.fleet;
    const count = store.countDevices;
    let counts = 0;
    let isBroken = false;
    store.countDevices = async (...args) => {
      counts++;
      if (isBroken) throw new Error('not now');
      return await count(...args);
    };
    const [found] = await Promise.all([rollouts.live(), rollouts.live()]);
    const once = counts;
    assert.ok(once > 0);
    await clock.advance(4900);
    assert.deepEqual(await rollouts.live(), found);
    assert.equal(counts, once);
    await clock.advance(200);
    isBroken = true;
    await assert.rejects(rollouts.live(), /not now/);
    isBroken = false;
    assert.deepEqual(await rollouts.live(), found);
  });

  it('is looked at once a minute while nothing is due', async () => {
    await fleet(1);
    await roll({ timeout: 3600 });
    assert.deepEqual(await counts(), { offered: 1 });
    const begun = test.acs.store.generation('duty');
    await test.turn(10 * 60_000);
    // Each look is written down when it begins and when it has ended.
    assert.equal((test.acs.store.generation('duty') - begun) / 2, 10);
  });

  it('goes wave by wave: the next opens when the last device of one is judged', async () => {
    const units = await fleet(30);
    await roll({ waves: [1, '10%'] });
    assert.deepEqual((await test.rollout()).sizes, [1, 3, 26]);
    assert.deepEqual(await counts(), { offered: 1, planned: 29 });
    await settleAll(units);
    assert.deepEqual(await counts(), { soaking: 1, planned: 29 });
    await test.turn(70_000);
    assert.deepEqual(await counts(), { done: 1, offered: 3, planned: 26 });
    await settleAll(units);
    await test.turn(70_000);
    assert.deepEqual(await counts(), { done: 4, offered: 26 });
    await restInEach(units, 2);
    assert.equal((await test.rollout()).state, 'done');
    assert.ok(units.every(({ flashes }) => flashes.length === 1));
  });

  it('offers no more at once than may be under way', async () => {
    const units = await fleet(10);
    await roll({ parallelism: 4 });
    assert.deepEqual(await counts(), { offered: 4, planned: 6 });
    await settleAll(units);
    await test.turn();
    // Those that soak are under way no more.
    assert.deepEqual(await counts(), { soaking: 4, offered: 4, planned: 2 });
  });

  it('skips with a reason: there already, another product, never heard, in quarantine, in another rollout', async () => {
    const [there, taken] = await fleet(2);
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
    await roll();
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

  it('judges by evidence: refused, failed in transfer, back with the old version', async () => {
    const units = await fleet(4);
    const manners = ['good', 'refuse', 'fail', 'old'] as const;
    for (const [at, manner] of manners.entries()) if (units[at]) units[at].manner = manner;
    await roll();
    await restInEach(units, 3);
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
    // Nobody is asked again by itself.
    await test.turn(30 * HOUR);
    await settleAll(units);
    assert.deepEqual(
      units.map(({ flashes }) => flashes.length),
      [1, 0, 1, 1],
    );
  });

  it('tries failed devices again when told to, and only those', async () => {
    const units = await fleet(3);
    if (units[1]) units[1].manner = 'old';
    await roll();
    await restInEach(units, 3);
    assert.equal((await test.rollout()).state, 'done');
    if (units[1]) units[1].manner = 'good';
    await act('retry');
    await test.turn();
    await restInEach(units, 3);
    assert.deepEqual(await counts(), { done: 3 });
    assert.deepEqual(
      units.map(({ flashes }) => flashes.length),
      [1, 2, 1],
    );
    assert.equal((await test.rollout()).state, 'done');
    await test.refused(409, 'nothing-failed', 'POST', '/rollouts/r/retry');
  });

  it('pauses itself at the threshold, and takes the wish back from those that have not begun', async () => {
    const units = await fleet(10);
    for (const unit of units.slice(0, 3)) unit.manner = 'refuse';
    await roll({ failure: { total: '20%' }, parallelism: 5, devices: units.map(({ id }) => id), filter: undefined });
    await settleAll(units.slice(0, 3));
    await test.turn();
    const { state, reason } = await test.rollout();
    assert.deepEqual([state, reason], ['paused', '3 have failed; 20% are let pass']);
    assert.deepEqual(await counts(), { failed: 3, planned: 7 });
    await settleAll(units);
    assert.ok(units.every(({ flashes }) => flashes.length === 0));
    // What was seen is let pass from here on.
    await act('resume');
    await test.turn();
    await restInEach(units, 4);
    assert.deepEqual(await counts(), { failed: 3, done: 7 });
    assert.equal((await test.rollout()).state, 'done');
  });

  it('a pause holds at once, also for a device whose offer stands', async () => {
    const units = await fleet(2);
    await roll();
    await units[0]?.session();
    await act('pause');
    await units[1]?.settle();
    assert.deepEqual(await counts(), { downloading: 1, planned: 1 });
    assert.deepEqual(units[1]?.flashes, []);
    // Who was under way ends.
    await units[0]?.settle();
    await test.turn(2 * 60_000);
    assert.deepEqual(await counts(), { done: 1, planned: 1 });
    await act('resume');
    await test.turn();
    await restInEach(units, 2);
    assert.deepEqual(await counts(), { done: 2 });
  });

  it('ends for all that have not begun when it is aborted', async () => {
    const units = await fleet(5);
    await roll({ waves: [2] });
    for (const unit of units) await unit.session();
    await act('abort');
    await test.turn();
    assert.deepEqual(await counts(), { downloading: 2, skipped: 3 });
    assert.equal((await test.rollout()).ended, null);
    const { detail } = await test.refused(409, 'rollout-live', 'DELETE', '/rollouts/r');
    assert.match(String(detail), /aborted and has not ended: devices that are under way are awaited/);
    await restInEach(units, 2);
    assert.deepEqual(await counts(), { done: 2, skipped: 3 });
    const { state, ended } = await test.rollout();
    assert.equal(state, 'aborted');
    assert.notEqual(ended, null);
  });

  it('goes back to what ran before, by the stored image of it', async () => {
    const units = await fleet(4);
    await roll({ waves: [2] });
    await restInEach(units, 1);
    assert.deepEqual(await counts(), { done: 2, offered: 2 });
    await act('rollback');
    await test.turn();
    await restInEach(units, 3);
    assert.deepEqual(await counts(), { reverted: 2, skipped: 2 });
    assert.equal((await test.rollout()).state, 'rolled-back');
    assert.deepEqual(units.map(({ flashes }) => flashes).sort(), [[NEW, OLD], [NEW, OLD], [], []].sort());
    assert.ok(units.every(({ version }) => version === OLD));
  });

  it('refuses to go back where no image of the old version is stored', async () => {
    const units = await fleet(1);
    await roll();
    await restInEach(units, 2);
    await test.call('DELETE', `/files/${OLD}.bin`);
    const problem = await test.refused(409, 'no-previous-image', 'POST', '/rollouts/r/rollback');
    assert.match(String(problem.detail), /no device that runs 49\.2\.200 has a stored image/);
    assert.equal((await test.rollout()).state, 'done');
  });

  it('turns round by itself at the threshold, where it was asked to', async () => {
    const units = await fleet(4);
    const last = units[3];
    assert.ok(last);
    await roll({ failure: { total: 0, action: 'rollback' }, devices: units.map(({ id }) => id), filter: undefined });
    await settleAll(units.slice(0, 3));
    await test.turn(2 * 60_000);
    last.manner = 'refuse';
    await last.settle();
    await test.turn();
    await restInEach(units, 3);
    assert.deepEqual(await counts(), { reverted: 3, failed: 1 });
    assert.equal((await test.rollout()).state, 'rolled-back');
    assert.ok(units.every(({ version }) => version === OLD));
  });

  it('a preset that names the old image neither flashes back nor forth', async () => {
    const units = await fleet(2);
    await test.call('PUT', '/presets/base', { body: { firmware: `${OLD}.bin` } });
    await settleAll(units);
    if (units[1]) units[1].manner = 'old';
    await roll();
    await restInEach(units, 4);
    assert.deepEqual(await counts(), { done: 1, failed: 1 });
    await test.turn(48 * HOUR);
    await settleAll(units);
    assert.deepEqual(
      units.map(({ flashes }) => flashes),
      [[NEW], [NEW]],
    );
    // Forgotten, the rollout has no say any more.
    assert.equal((await test.call('DELETE', '/rollouts/r')).status, 204);
    await test.turn();
    await test.refused(404, 'no-such-rollout', 'GET', '/rollouts/r');
    await settleAll(units);
    assert.deepEqual(units[0]?.flashes, [NEW, OLD]);
  });

  it('is named where the wanted state is explained, beside the preset that it outdoes', async () => {
    const [unit] = await fleet(1);
    await test.call('PUT', '/presets/base', { body: { firmware: `${OLD}.bin` } });
    await roll();
    const { files } = (await test.call('GET', `/devices/${unit?.id}/wanted`)).json as unknown as {
      files: { preset: string; name: string; lost: { preset: string; why: string }[] }[];
    };
    assert.deepEqual(
      files.map(({ preset, name, lost }) => [preset, name, lost.map(loser => [loser.preset, loser.why])]),
      [['rollout:r', `${NEW}.bin`, [['base', 'a rollout decides the firmware until a preset names the same version']]]],
    );
  });

  it('a preset that names the same version takes over: the next one then counts', async () => {
    const units = await fleet(1);
    await test.call('PUT', '/presets/base', { body: { firmware: `${OLD}.bin` } });
    await roll();
    await restInEach(units, 3);
    assert.deepEqual(units[0]?.flashes, [NEW]);
    await test.call('PUT', '/presets/base', { body: { firmware: `${NEW}.bin` } });
    await settleAll(units);
    await test.call('PUT', '/files/next.bin?type=firmware&version=next', { body: Buffer.from('next') });
    await test.call('PUT', '/presets/base', { body: { firmware: 'next.bin' } });
    await settleAll(units);
    assert.deepEqual(units[0]?.flashes, [NEW, 'next']);
  });

  it('a preset that named it while the device was under way takes over when that is done', async () => {
    const units = await fleet(1);
    await roll();
    await settleAll(units);
    await test.call('PUT', `/files/same.bin?type=firmware&version=${NEW}`, { body: Buffer.from('same') });
    await test.call('PUT', '/presets/base', { body: { firmware: 'same.bin' } });
    await settleAll(units);
    assert.deepEqual(await counts(), { soaking: 1 });
    await test.turn(70_000);
    assert.deepEqual(await counts(), { done: 1 });
    await settleAll(units);
    await test.call('PUT', '/files/next.bin?type=firmware&version=next', { body: Buffer.from('next') });
    await test.call('PUT', '/presets/base', { body: { firmware: 'next.bin' } });
    await settleAll(units);
    assert.deepEqual(units[0]?.flashes, [NEW, 'next']);
  });

  it('a device that was away for days goes on where it was; it holds up nobody', async () => {
    const units = await fleet(3);
    const away = units[1];
    assert.ok(away);
    await roll({ waves: [3], parallelism: 3 });
    await units[0]?.settle();
    await units[2]?.settle();
    await test.turn(2 * 60_000);
    assert.deepEqual(await counts(), { done: 2, offered: 1 });
    for (let day = 0; day < 3; day++) await test.turn(24 * HOUR);
    assert.deepEqual(await counts(), { done: 2, planned: 1 });
    assert.equal((await test.rollout()).state, 'running');
    await away.session();
    // That it is there again is seen with the next look.
    await test.turn(60_000);
    assert.deepEqual(await counts(), { done: 2, offered: 1 });
    await restInEach([away], 2);
    assert.equal((await test.rollout()).state, 'done');
    assert.deepEqual(away.flashes, [NEW]);
  });

  it('one that vanishes in the Download has failed after a time; the new version proves otherwise', async () => {
    const [unit] = await fleet(1);
    assert.ok(unit);
    unit.manner = 'bricked';
    await roll({ timeout: 3600 });
    await unit.session();
    await test.turn(2 * HOUR);
    const [device] = ((await test.rollout()).devices as { items: { state: string; reason: string }[] }).items;
    assert.deepEqual([device?.state, device?.reason], ['failed', 'nothing was heard of it within 1 h']);
    unit.manner = 'good';
    unit.version = NEW;
    await unit.session(['1 BOOT']);
    await test.turn(2 * 60_000);
    assert.deepEqual(await counts(), { done: 1 });
  });

  it('judges health when the soak time is over: still there, no new fault, and what is asked for', async () => {
    const units = await fleet(4);
    await roll({ success: { soak: 3 * 3600, filter: 'not tag = "ill"' } });
    await settleAll(units);
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

  it('begins in the window of each device, by its own time zone, and takes back what the window did not see begun', async () => {
    // The virtual clock starts at midnight UTC: 01:00 in Vienna, 09:00 in Tokyo, 19:00 in New York.
    const units = await fleet(3);
    const zones = ['', 'Asia/Tokyo', 'America/New_York'];
    for (const [at, timezone] of zones.entries())
      if (timezone) await test.call('PATCH', `/devices/${units[at]?.id}`, { body: { site: { timezone } } });
    await roll({ window: { from: '00:00', to: '02:00' }, timezone: 'Europe/Vienna' });
    assert.deepEqual((await test.states()).offered, [units[0]?.id]);
    await test.turn(HOUR);
    assert.deepEqual(await counts(), { planned: 3 });
    await settleAll(units);
    assert.ok(units.every(({ flashes }) => flashes.length === 0));
    // 05:30 UTC is 00:30 in New York; 15:30 is 00:30 in Tokyo.
    const at = async (hours: number): Promise<void> => {
      const due = Date.UTC(2026, 0, 1) + hours * HOUR - test.acs.clock.now();
      await test.turn(due - 60_000);
      for (const unit of units) await unit.session();
      await test.turn(60_000);
      await settleAll(units);
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

  it('of more devices than are read at a time is planned, paused, aborted and forgotten as a whole', async () => {
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
    await roll({ waves: ['50%', '50%'], parallelism: 600, wake: false });
    assert.deepEqual((await test.rollout()).sizes, [550, 550]);
    assert.deepEqual(await totals(), { planned: 550, offered: 550, skipped: 0 });
    const waves = await Promise.all(
      [1, 2].map(wave => store.countDevices(parseFilter(`rollout = "r" and rolloutWave = ${wave}`), clock.now())),
    );
    assert.deepEqual(waves, [550, 550]);
    await act('pause');
    assert.deepEqual(await totals(), { planned: 1100, offered: 0, skipped: 0 });
    await act('abort');
    await test.turn();
    assert.deepEqual(await totals(), { planned: 0, offered: 0, skipped: 1100 });
    assert.equal((await test.rollout()).state, 'aborted');
    assert.equal((await test.call('DELETE', '/rollouts/r')).status, 204);
    await test.turn();
    assert.deepEqual(await totals(), { planned: 0, offered: 0, skipped: 0 });
  });

  it('a restart at any turn changes nothing', async () => {
    const units = await fleet(12);
    await roll({ waves: [1, 4], parallelism: 3 });
    for (let turn = 0; turn < 40 && (await test.rollout()).state !== 'done'; turn++) {
      await units[(turn * 5) % 12]?.session();
      await test.restart();
      for (const unit of units) await unit.session();
      await test.turn(65_000);
    }
    assert.deepEqual(await counts(), { done: 12 });
    assert.ok(units.every(({ flashes }) => flashes.length === 1));
  });

  it('files that it wants stay as they are', async () => {
    await fleet(1);
    await roll();
    await test.refused(409, 'file-in-use', 'DELETE', `/files/${NEW}.bin`);
    await test.refused(409, 'file-in-use', 'PUT', `/files/${NEW}.bin?type=firmware&version=2`, {
      body: Buffer.from('y'),
    });
    await test.refused(409, 'rollout-live', 'DELETE', '/rollouts/r');
  });

  it('refuses what it cannot mean, by the place', async () => {
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
    await roll();
    await wrong(409, 'rollout-exists', { id: 'r' }, /'r'/);
    await test.refused(409, 'wrong-phase', 'POST', '/rollouts/r/resume');
    await test.refused(404, 'no-such-rollout', 'POST', '/rollouts/none/pause');
  });
});
