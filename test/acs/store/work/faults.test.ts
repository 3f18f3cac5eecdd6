// Faults in every store: found, counted and grouped by what they and their devices are.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { DeviceFault } from '../../../../acs/device/fault.ts';
import type { DeviceRow } from '../../../../acs/device/row.ts';
import { parseFilter } from '../../../../acs/query/parser.ts';
import { lookupIn, toPredicate } from '../../../../acs/query/predicate.ts';
import type { FaultGroupQuery, Store } from '../../../../acs/store/store.ts';
import { addDevice, deviceArb, filterArb } from '../../../support/acs/random-filters.ts';
import { announce, contractSuite, deviceId, inform, rejectsWith } from '../../../support/acs/store-contract.ts';
import { newYear, valuesOf } from '../../../support/devices.ts';

const raise = (store: Store, serial: string, about: Partial<DeviceFault> = {}) =>
  store.apply(deviceId(serial), 'faultRaised', {
    ...{ cause: 'preset:a', code: 9007, message: 'no', retryAt: 0, now: about.last ?? newYear },
    ...about,
  });

async function walk(store: Store, query: { filter?: string; sort?: string; limit: number }): Promise<string[][]> {
  const { filter, ...rest } = query;
  const pages: string[][] = [];
  for (let cursor: string | undefined = ''; cursor !== undefined; ) {
    const page = await store.faults({
      ...{ ...rest, now: newYear, ...(filter ? { filter: parseFilter(filter) } : {}) },
      ...(cursor ? { cursor } : {}),
    });
    pages.push(page.items.map(({ id }) => id));
    cursor = page.next;
  }
  return pages;
}

/** Every fault that fits, one at a time: a fault fits where its device does, as if it had no other. */
async function fitting(store: Store, text: string): Promise<{ row: DeviceRow; fault: DeviceFault }[]> {
  const fits = toPredicate(parseFilter(text));
  const found: { row: DeviceRow; fault: DeviceFault }[] = [];
  for (const row of (await store.devices({ limit: 1000, now: newYear })).items) {
    const tree = lookupIn(new Map((await store.parameters(row.id, '')).map(({ path, value }) => [path, value])));
    for (const fault of row.faults) if (fits({ ...row, faults: [fault] }, newYear, tree)) found.push({ row, fault });
  }
  return found;
}

contractSuite('searches for faults', subject => {
  it('lists faults in pages by any of their fields, whatever order they came in', async () => {
    const { store } = subject;
    const ids: string[] = [];
    for (let n = 0; n < 9; n++) {
      await announce(store, `S${n}`);
      const about = {
        code: [9005, 9007, 'drift'][n % 3]!,
        cause: `preset:${n % 2}`,
        last: newYear + Math.floor(n / 2),
      };
      ids.push((await raise(store, `S${n}`, about)).id);
    }
    const all = (await store.faults({ limit: 100, now: newYear })).items;
    assert.deepEqual(
      all.map(({ last }) => last - newYear),
      [4, 3, 3, 2, 2, 1, 1, 0, 0],
    );
    for (const sort of ['last', '-last', 'first', '-count', 'code', '-cause', 'parameter', 'device', '-device']) {
      const pages = await walk(store, { sort, limit: 4 });
      assert.deepEqual(
        pages.map(page => page.length),
        [4, 4, 1],
        sort,
      );
      assert.deepEqual(new Set(pages.flat()), new Set(ids), sort);
      assert.deepEqual(pages.flat(), (await walk(store, { sort, limit: 100 })).flat(), sort);
    }
    const codes = (await store.faults({ limit: 9, sort: 'code', now: newYear })).items.map(({ code }) => code);
    assert.deepEqual(codes, [9005, 9005, 9005, 9007, 9007, 9007, 'drift', 'drift', 'drift']);
    await rejectsWith(store.faults({ limit: 1, sort: 'message', now: newYear }), 400, 'bad-sort');
    await rejectsWith(store.faults({ limit: 1, cursor: 'x', now: newYear }), 400, 'bad-cursor');
    const { next } = await store.faults({ limit: 1, sort: 'code', now: newYear });
    await rejectsWith(store.faults({ limit: 1, cursor: String(next), now: newYear }), 400, 'bad-cursor');
  });

  it('finds a fault by what it is, not by what other faults of its device are', async () => {
    const { store } = subject;
    await announce(store, 'A', { site: { region: 'north' } });
    await announce(store, 'B');
    const one = await raise(store, 'A', { cause: 'preset:a', code: 9005, parameter: 'Device.X' });
    const two = await raise(store, 'A', { cause: 'restart', code: 'not-restarted', last: newYear + 1 });
    const three = await raise(store, 'B', { cause: 'preset:a', code: 9005, last: newYear + 2 });
    const found = async (filter: string): Promise<string[]> => (await walk(store, { filter, limit: 9 })).flat();
    assert.deepEqual(await found('fault.code = 9005'), [three.id, one.id]);
    assert.deepEqual(await found('not fault.code = 9005'), [two.id]);
    assert.deepEqual(await found('fault.code != 9005 and site.region = "north"'), [two.id]);
    assert.deepEqual(await found('fault.parameter exists'), [one.id]);
    assert.deepEqual(await found('fault.since > 2026-01-01T00:00:00Z and fault.cause like "preset:%"'), [three.id]);
    assert.equal(await store.countFaults(parseFilter('fault.code = 9005'), newYear), 2);
    assert.equal(await store.countFaults(undefined, newYear), 3);
    const devices = async (filter: string): Promise<number> => await store.countDevices(parseFilter(filter), newYear);
    assert.equal(await devices('fault.code = 9005'), 2);
    assert.equal(await devices('not fault.code = "not-restarted"'), 1);
    await store.apply(deviceId('A'), 'faultCleared', { id: one.id });
    assert.deepEqual(await found('fault.code = 9005'), [three.id]);
    await store.apply(deviceId('B'), 'removed', {});
    assert.deepEqual(await found('fault.last exists'), [two.id]);
  });

  it('groups faults by cause, code and parameter, and tells of which devices they are', async () => {
    const { store } = subject;
    for (const [at, firmware] of ['49.1', '49.1', '49.2'].entries()) {
      const parameters = valuesOf({ 'Device.DeviceInfo.SoftwareVersion': firmware });
      await inform(store, `S${at}`, newYear, ['2 PERIODIC'], { parameters });
      await raise(store, `S${at}`, { code: 9005, parameter: 'Device.X', last: newYear + at });
      await raise(store, `S${at}`, { code: 9005, parameter: 'Device.X', cause: 'preset:b', last: newYear + 9 });
    }
    await raise(store, 'S0', { cause: 'restart', code: 'not-restarted' });
    const by = ['cause', 'code', 'parameter'] as const;
    const { groups, ...rest } = await store.faultGroups({ by, limit: 2, now: newYear });
    assert.deepEqual(rest, { total: 7, devices: 3, omitted: { groups: 1, faults: 1 } });
    assert.deepEqual(groups[0], {
      ...{ key: ['preset:a', '9005', 'Device.X'], count: 3, devices: 3, first: newYear, last: newYear + 2 },
      latest: groups[0]?.latest,
      examples: ['S2', 'S1', 'S0'].map(deviceId),
      spread: {
        firmware: [
          { value: '49.1', count: 2 },
          { value: '49.2', count: 1 },
        ],
        product: [{ value: '4102S', count: 3 }],
      },
    });
    assert.equal((await store.fault(groups[0]?.latest ?? ''))?.device, deviceId('S2'));
    const byCode = await store.faultGroups({ by: ['code'], limit: 9, now: newYear });
    assert.deepEqual(
      byCode.groups.map(({ key, count, devices }) => [key, count, devices]),
      [
        [['9005'], 6, 3],
        [['not-restarted'], 1, 1],
      ],
    );
  });

  it('finds and groups the same as the predicate, whatever the faults and the filter', async function () {
    this.timeout(60_000);
    const { store } = subject;
    const devices = fc.sample(deviceArb, { seed: 7, numRuns: 40 });
    for (const [at, device] of devices.entries()) await addDevice(store, `A${at}`, device);
    const site = { kind: 'site', name: 'city' } as const;
    const by: FaultGroupQuery['by'] = ['code', 'parameter', { kind: 'version', name: 'firmware' }, site];
    const check = fc.asyncProperty(filterArb, async text => {
      const wanted = await fitting(store, text);
      const filter = parseFilter(text);
      const ids = (await walk(store, { filter: text, sort: 'cause', limit: 7 })).flat();
      assert.deepEqual([...ids].sort(), wanted.map(({ fault }) => fault.id).sort(), text);
      assert.equal(await store.countFaults(filter, newYear), wanted.length, text);
      const { groups, total, devices: count } = await store.faultGroups({ filter, by, limit: 100, now: newYear });
      const numbers = await store.faultGroups({ filter, by, limit: 0, now: newYear });
      const omitted = { groups: groups.length, faults: total };
      assert.deepEqual(numbers, { total, devices: count, groups: [], omitted });
      assert.deepEqual([total, count], [wanted.length, new Set(wanted.map(({ row }) => row.id)).size], text);
      const keys = wanted.map(({ row, fault }) =>
        JSON.stringify([String(fault.code), fault.parameter ?? '', row.softwareVersion, row.site.city ?? '']),
      );
      assert.deepEqual(
        groups.map(({ key, count: n }) => [JSON.stringify(key), n]).sort(),
        [...new Set(keys)].map(key => [key, keys.filter(other => other === key).length]).sort(),
        text,
      );
    });
    await fc.assert(check, { seed: 5, numRuns: 120, endOnFailure: true });
  });
});
