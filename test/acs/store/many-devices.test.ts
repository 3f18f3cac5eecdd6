// One operation on many devices, in every store.
import assert from 'node:assert/strict';
import type { ManyOperation } from '../../../acs/device/many.ts';
import { parseFilter } from '../../../acs/query/parser.ts';
import { announce, contractSuite, deviceId, inform } from '../../support/acs/store-contract.ts';
import { newYear } from '../../support/devices.ts';

const about = { file: 'f', fileHash: 'h', version: '99', productClass: '', soakMs: 5, timeoutMs: 1000, now: newYear };
const planning = (id: string, devices: [string, number, string][]): ManyOperation => ({
  name: 'rolloutAssigned',
  common: { ...about, id },
  devices,
});
const skipping = (devices: string[]): ManyOperation => ({
  name: 'rolloutJudged',
  common: { id: 'roll', from: ['planned'], state: 'skipped', reason: 'aborted', now: newYear + 5 },
  devices: devices.map((id): [string] => [id]),
});
const serials = Array.from({ length: 120 }, (_, at) => `S${String(at).padStart(3, '0')}`);

contractSuite('many devices', subject => {
  beforeEach(async () => {
    await Promise.all(serials.map(serial => inform(subject.store, serial, newYear)));
    await announce(subject.store, 'new');
  });
  const count = (filter: string): Promise<number> => subject.store.countDevices(parseFilter(filter), newYear);
  const all = (wave = 1): [string, number, string][] => serials.map(serial => [deviceId(serial), wave, '']);

  it('changes each of them as single operations do', async () => {
    const { store } = subject;
    await store.apply(deviceId('S001'), 'rolloutAssigned', { ...about, id: 'other', wave: 1, zone: '' });
    const devices: [string, number, string][] = [
      [deviceId('S000'), 1, ''],
      [deviceId('S001'), 1, ''],
      [deviceId('none'), 1, ''],
      [deviceId('S002'), 2, 'Asia/Tokyo'],
      [deviceId('new'), 1, ''],
    ];
    const reason = 'its version is not known: it has never informed';
    const expected = [
      { state: 'planned', wave: 1 },
      'elsewhere',
      'gone',
      { state: 'planned', wave: 2 },
      { state: 'skipped', wave: 0, reason },
    ];
    assert.deepEqual(await store.applyToMany(planning('roll', devices)), expected);
    assert.deepEqual(await store.applyToMany(planning('roll', devices)), expected, 'a repetition changes nothing');
    await store.apply(deviceId('S003'), 'rolloutAssigned', { ...about, id: 'roll', wave: 2, zone: 'Asia/Tokyo' });
    const [many, single] = await Promise.all(['S002', 'S003'].map(serial => store.device(deviceId(serial))));
    assert.deepEqual(many?.rollout, single?.rollout);
    assert.equal(await count('rollout = "roll" and rolloutState = "planned" and rolloutZone = "Asia/Tokyo"'), 2);
    const skipped = await store.applyToMany(skipping([deviceId('S000'), deviceId('S001'), deviceId('S002')]));
    const outcome = { state: 'skipped', reason: 'aborted' };
    assert.deepEqual(skipped, [{ ...outcome, wave: 1 }, 'stale', { ...outcome, wave: 2 }]);
    assert.equal(await count('rollout = "roll" and rolloutState = "skipped"'), 3);
    assert.deepEqual(await store.applyToMany(planning('roll', [])), []);
  });

  it('gives a page of many devices in order, and lets other work have its turn', async () => {
    const { store } = subject;
    const first = await store.devices({ limit: 100, now: newYear });
    const rest = await store.devices({ limit: 100, now: newYear, cursor: first.next ?? '' });
    assert.deepEqual([first.items.length, rest.items.length, rest.next], [100, 21, undefined]);
    const ids = [...first.items, ...rest.items].map(({ id }) => id);
    assert.deepEqual(ids, [...serials, 'new'].map(deviceId).sort());
    let others = 0;
    setImmediate(() => others++);
    await store.devices({ limit: 100, now: newYear });
    assert.equal(others, 1);
    const all = await store.devices({ limit: 121, now: newYear, sort: '-id' });
    assert.deepEqual([all.items.map(({ id }) => id), all.next], [ids.toReversed(), undefined]);
  });

  it('gives the position with the row of the next Inform, and with parts of rows', async () => {
    const { store } = subject;
    await store.applyToMany(planning('roll', all(2)));
    const informed = await inform(store, 'S007', newYear + 1000, ['2 PERIODIC']);
    assert.ok(informed.outcome === 'claimed');
    const { rollout } = informed.row;
    assert.deepEqual([rollout?.id, rollout?.state, rollout?.wave], ['roll', 'planned', 2]);
    assert.deepEqual((await store.device(deviceId('S007')))?.rollout, rollout);
    const filter = parseFilter('serial = "S007" or serial = "new"');
    const only = ['id', 'state', 'softwareVersion', 'rollout', 'lastEvents'] as const;
    const { items } = await store.devices({ filter, only, limit: 5, now: newYear });
    assert.deepEqual(
      items.map(row => [row.id, row.state, row.softwareVersion, row.rollout, row.lastEvents]),
      [
        [deviceId('S007'), 'enrolled', '49.1.100', rollout, ['2 PERIODIC']],
        [deviceId('new'), 'known', '', undefined, []],
      ],
    );
    await store.apply(deviceId('S007'), 'rolloutReleased', { id: 'roll', forget: true });
    assert.equal((await store.device(deviceId('S007')))?.rollout, undefined);
    assert.equal(await count('rollout = "roll"'), serials.length - 1);
    assert.equal(await count('rollout = ""'), 2);
  });

  it('loses no change of a session that comes at the same time', async () => {
    const { store } = subject;
    const informs = serials.map((serial, at) => inform(store, serial, newYear + 1000 + at, ['2 PERIODIC']));
    const [outcomes] = await Promise.all([store.applyToMany(planning('roll', all())), ...informs]);
    assert.ok(outcomes.every(outcome => typeof outcome === 'object' && outcome.state === 'planned'));
    assert.equal(await count('rollout = "roll" and rolloutState = "planned"'), serials.length);
    for (const [at, serial] of serials.entries()) {
      const row = await store.device(deviceId(serial));
      assert.deepEqual([row?.rollout?.state, row?.lastInform], ['planned', newYear + 1000 + at]);
    }
  });
});
