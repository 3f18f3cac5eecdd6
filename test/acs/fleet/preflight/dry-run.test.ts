// Dry runs over many devices: exact counts, equal to those of a merge for each device, and no change.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { DeviceRow } from '../../../../acs/device/row.ts';
import type { DryRun } from '../../../../acs/fleet/preflight/dry-run.ts';
import type { Preset } from '../../../../acs/fleet/presets/preset.ts';
import { type TestApi, testApi } from '../../../support/acs/api.ts';
import { identityOf, idOf, informOf, newYear, valuesOf } from '../../../support/devices.ts';

const interval = 'Device.X_0090F8_Cwmp.PeriodicInformInterval';
const host = 'Device.X_0090F8_Nlm.SyslogRemoteHost';

interface Answer {
  matched: number;
  fits: number;
  refused: number;
  devices: { device: string; revision: { before: string; after: string }; set: object[] }[];
  faults: { device: string; code: string; message: string; parameter: string }[];
}

describe('dry run', () => {
  const COUNT = 700;
  let api: TestApi;
  before(async () => {
    api = await testApi();
    await Promise.all(Array.from({ length: COUNT }, (_, number) => add(number)));
  });
  after(async () => await api.close());

  /** One in seven has a customer, one in five runs older firmware, one in three is tagged, one in ten waits in quarantine. */
  async function add(number: number): Promise<void> {
    const id = deviceId(number);
    await inform(number, '');
    const { store } = api.acs;
    await store.apply(id, 'patched', {
      patch: {
        tags: number % 3 ? [] : ['third'],
        site: number % 7 ? {} : { customer: `c${number % 2}` },
        overrides: number % 50 ? {} : { [interval]: { value: '99' } },
      },
    });
    if (number % 20 === 1)
      await store.apply(id, 'faultRaised', {
        cause: 'preset:other',
        code: 1,
        message: 'x',
        retryAt: newYear + 9e9,
        now: newYear,
      });
  }
  async function inform(number: number, parameterKey: string): Promise<void> {
    const parameters = valuesOf({
      'Device.DeviceInfo.SoftwareVersion': number % 5 ? '49.2' : '48.1',
      'Device.ManagementServer.ParameterKey': parameterKey,
      'Device.X.Y': String(number % 4),
    });
    const admission = number % 10 === 9 ? 'quarantine' : 'enrolled';
    const facts = informOf(serialOf(number), newYear, ['2 PERIODIC'], { parameters, admission });
    await api.acs.store.apply(deviceId(number), 'informed', facts);
  }
  const serialOf = (number: number): string => `S${String(number).padStart(4, '0')}`;
  const deviceId = (number: number): string => idOf(identityOf(serialOf(number)));
  const numbers = Array.from({ length: COUNT }, (_, number) => number).filter(number => number % 10 !== 9);

  const ask = async (preset: Preset | undefined, limit = 5, name = 'asked'): Promise<Answer> => {
    const answer = await api.call('POST', `/presets/${name}/dry-run?limit=${limit}`, {
      ...(preset ? { body: preset } : {}),
    });
    assert.equal(answer.status, 200, answer.text);
    return answer.json as unknown as Answer;
  };

  it('counts every enrolled device that would change, and shows how the first ones would', async () => {
    const all = await ask({ set: { [interval]: 60 } });
    assert.deepEqual([all.fits, all.refused, all.devices.length], [630, 0, 5]);
    assert.equal(
      all.matched,
      numbers.filter(number => number % 50).length,
      'those with a value of their own do not change',
    );
    assert.deepEqual(all.devices[0]?.set, [{ path: interval, known: null, wanted: '60' }]);
    const some = await ask({ when: 'tag = "third" and firmware < "49" and Device.X.Y = 3', set: { [host]: 'x' } });
    const meant = numbers.filter(number => number % 3 === 0 && number % 5 === 0 && number % 4 === 3);
    assert.deepEqual([some.matched, some.fits], [meant.length, meant.length]);
  });

  it('names the devices for which a variable is missing', async () => {
    const answer = await ask({ when: 'tag = "third"', set: { [host]: '{{site.customer}}-{{serialNumber}}' } }, 2);
    const third = numbers.filter(number => number % 3 === 0);
    const having = third.filter(number => number % 7 === 0);
    assert.deepEqual(
      [answer.fits, answer.matched, answer.refused],
      [third.length, having.length, third.length - having.length],
    );
    assert.deepEqual([answer.devices.length, answer.faults.length], [2, 2]);
    const [fault] = answer.faults;
    assert.deepEqual([fault?.device, fault?.code, fault?.parameter], ['0090F8-4102S-S0003', 'variable-missing', host]);
    assert.match(String(fault?.message), /has no site\.customer/);
  });

  it('counts the devices that a stored preset has not reached yet', async () => {
    await api.call('PUT', '/presets/stored', { body: { when: 'tag = "third"', set: { [host]: 'x' } } });
    const third = numbers.filter(number => number % 3 === 0).length;
    assert.equal((await ask(undefined, 1, 'stored')).matched, third);
    assert.equal((await ask({ when: 'tag = "third"', set: { [host]: 'x' } }, 1, 'stored')).matched, 0, 'as it stands');
    assert.equal((await ask({ set: { [host]: 'y' } }, 1, 'stored')).matched, numbers.length);
    await api.call('DELETE', '/presets/stored');
  });

  it('finds what a merge for each device alone finds (property)', async function () {
    this.timeout(60_000);
    const rules = ['tag = "third"', 'firmware < "49"', 'site.customer = "c0"', 'Device.X.Y = 2', 'serial like "%7"'];
    const text = fc.constantFrom(
      'x',
      '{{site.customer}}',
      '{{serialNumber}}',
      '{{site.customer|none}}',
      '{{softwareVersion}}',
    );
    const preset = fc.record(
      {
        when: fc.constantFrom(...rules),
        weight: fc.nat(2),
        set: fc.dictionary(fc.constantFrom(host, 'Device.X_0090F8_Cwmp.AcsStaticUrl'), text, { minKeys: 1 }),
        script: fc.constant('site.cfg'),
        restart: fc.constantFrom('idle', 'never'),
      },
      { requiredKeys: ['set'] },
    );
    const { store, fleet } = api.acs;
    await api.call('PUT', '/files/site.cfg?type=script', { body: 'Cwmp.PeriodicInformEnable = "Enable"\n' });
    /** The revisions that a merge for each device alone finds now. */
    const revisions = async (): Promise<Map<DeviceRow, string>> => {
      const { items } = await store.devices({ limit: 1000, now: newYear });
      const found = new Map<DeviceRow, string>();
      for (const row of items)
        if (row.state === 'enrolled') found.set(row, (await fleet.wantedStates.of(row)).revision);
      return found;
    };
    const plainly = async (asked: Preset): Promise<object[]> => {
      const before = new Map([...(await revisions())].map(([{ id }, revision]) => [id, revision]));
      await fleet.presets.put('asked', asked);
      const after = await revisions();
      await fleet.presets.remove('asked');
      return [...after].flatMap(([{ id, parameterKey }, revision]) =>
        revision === before.get(id) || revision === parameterKey
          ? []
          : [{ device: id, revision: { before: before.get(id), after: revision } }],
      );
    };
    const quickly = async (asked: Preset): Promise<DryRun> => {
      const run = await fleet.dryRuns.run('asked', asked, { limit: 1000 });
      assert.equal(run.matched, run.devices.length);
      return run;
    };
    const changesOf = ({ devices }: DryRun): object[] => devices.map(({ device, revision }) => ({ device, revision }));
    await fc.assert(
      fc.asyncProperty(preset, preset, fc.nat(29), async (other, asked, holding) => {
        await fleet.presets.put('other', other as Preset);
        const run = await quickly(asked as Preset);
        assert.deepEqual(changesOf(run), await plainly(asked as Preset));
        // Some devices hold the result already, some what they had before.
        for (const number of numbers.filter(each => each % 30 === holding)) {
          const { before = '', after = '' } =
            run.devices.find(({ device }) => device === deviceId(number))?.revision ?? {};
          await inform(number, number % 2 ? before : after);
        }
        assert.deepEqual(changesOf(await quickly(asked as Preset)), await plainly(asked as Preset));
      }),
      { numRuns: 12 },
    );
    await fleet.presets.remove('other');
  });

  it('lets presets decide the firmware only of a device whose rollout is done', async () => {
    const { store } = api.acs;
    for (const name of ['one.bin', 'two.bin'])
      await api.call('PUT', `/files/${name}?type=firmware&version=50.1`, { body: name });
    const { sha256 } = await api.acs.fleet.files.about('one.bin');
    const image = { file: 'one.bin', fileHash: sha256, version: '50.1', productClass: '4102S' };
    const about = { id: 'r', wave: 1, zone: 'UTC', ...image, soakMs: 10, timeoutMs: 1000 };
    for (const [at, number] of [10, 20].entries()) {
      const device = deviceId(number);
      await store.apply(device, 'rolloutAssigned', { ...about, now: newYear });
      await store.apply(device, 'rolloutJudged', { id: 'r', from: ['planned'], state: 'soaking', now: newYear });
      if (at) await store.apply(device, 'rolloutJudged', { id: 'r', from: ['soaking'], state: 'done', now: newYear });
    }
    const when = `serial = "${serialOf(10)}" or serial = "${serialOf(20)}"`;
    const { devices } = await ask({ when, firmware: 'two.bin' });
    assert.deepEqual(
      devices.map(({ device }) => device),
      [deviceId(20)],
    );
  });

  it('changes no device and no document', async () => {
    const rows = async (): Promise<string> =>
      JSON.stringify(await api.acs.store.devices({ limit: 1000, now: newYear }));
    const [before, generation] = [await rows(), api.acs.fleet.wantedStates.generation()];
    await ask({ set: { [interval]: 60, [host]: '{{site.customer}}' } }, 50);
    assert.equal(await rows(), before);
    assert.equal(api.acs.fleet.wantedStates.generation(), generation);
  });
});
