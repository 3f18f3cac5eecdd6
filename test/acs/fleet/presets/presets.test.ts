// Presets by the API: invalid ones are refused with the place, valid ones reach devices.
import assert from 'node:assert/strict';
import type { Preset } from '../../../../acs/fleet/presets/preset.ts';
import { CwmpFault } from '../../../../shared/cwmp/faults.ts';
import { type TestApi, testApi } from '../../../support/acs/api.ts';
import { faultsOf, putPreset } from '../../../support/acs/api-calls.ts';
import { memoryCpe, ScriptedCpe } from '../../../support/cpe/scripted-cpe.ts';
import { deviceId as id } from '../../../support/devices.ts';

const interval = 'Device.X_0090F8_Cwmp.PeriodicInformInterval';
const user = 'Device.X_0090F8_Cwmp.Username';
const secret = 'Device.X_0090F8_Cwmp.Password';
const events = 'Device.X_0090F8_Nlm.Events.';

describe('presets', () => {
  let api: TestApi;
  beforeEach(async () => {
    api = await testApi({ enrol: 'auto', cpeAuth: 'none' });
  });
  afterEach(async () => await api.close());

  const runSession = async (cpe = memoryCpe({}), answer: (typeof cpe)['answer'] = cpe.answer, version = '49.1.2884') =>
    await new ScriptedCpe(api.acs.app, {
      events: ['2 PERIODIC'],
      parameters: {
        'Device.ManagementServer.ParameterKey': cpe.keys.at(-1) ?? '',
        'Device.DeviceInfo.SoftwareVersion': version,
      },
    }).session(answer);

  const deep = (depth: number): unknown => (depth === 0 ? 1 : { x: deep(depth - 1) });
  const row = (cells: object, more: object = {}): object => ({
    objects: { [events]: { keys: ['Criteria'], rows: [cells], ...more } },
  });
  const wrong: [string, object, string, RegExp][] = [
    ['an invalid filter', { when: 'tag = "a" und' }, 'bad-filter', /^when: .*column 11/],
    [
      'a filter that is too deep',
      { when: `${'('.repeat(80)}tag = "a"${')'.repeat(80)}` },
      'bad-filter',
      /when: too deeply/,
    ],
    [
      'an unknown parameter',
      { set: { 'Device.X_0090F8_Cwmp.Colour': 1 } },
      'unknown-parameter',
      /^set: .*Cwmp\.Colour: no/,
    ],
    ['a partial path', { set: { 'Device.X_0090F8_Cwmp.': 1 } }, 'unknown-parameter', /^set: /],
    ['a path without end', { set: { [`InternetGatewayDevice.${'x'.repeat(300)}`]: 1 } }, 'bad-path', /256/],
    ['a value of a wrong type', { set: { [interval]: 'soon' } }, 'bad-value', /^set: .*"soon" is not a number/],
    ['a value out of range', { set: { [interval]: 0 } }, 'bad-value', /0 is out of range \(1\.\.31536000\)/],
    ['an unknown type', { set: { [user]: { value: 'x', type: 'xsd:text' } } }, 'bad-type', /'xsd:text' is not a type/],
    ['text that XML cannot carry', { set: { 'Device.X_ABCDEF_Y.Z': '\u0002' } }, 'bad-value', /XML cannot carry/],
    ['text that looks sealed', { set: { [secret]: '\u0001sealed:abc' } }, 'bad-value', /set: .*Password/],
    [
      'a read-only parameter',
      { set: { 'Device.DeviceInfo.SerialNumber': 'x' } },
      'read-only',
      /SerialNumber is read-only/,
    ],
    [
      'an unknown variable',
      { set: { [user]: '{{customer}}' } },
      'bad-variable',
      /^set: .*Username: '\{\{customer\}\}'/,
    ],
    ['an open variable', { set: { [user]: '{{site.x' } }, 'bad-variable', /not closed/],
    [
      'a fallback that does not fit',
      { set: { [interval]: '{{site.x|never}}' } },
      'bad-value',
      /"never" is not a number/,
    ],
    [
      'an unknown table',
      { objects: { 'Device.X_0090F8_Nlm.Nothing.': { keys: ['A'], rows: [] } } },
      'unknown-parameter',
      /the table Device\.X_0090F8_Nlm\.Nothing\./,
    ],
    ['an unknown column', row({ Criteria: 'a', Colour: 1 }), 'unknown-parameter', /^objects: .* row 1 Colour: /],
    [
      'a value of a row that does not fit',
      row({ Criteria: 'a', Activation: 'perhaps' }),
      'bad-value',
      /row 1 Activation: /,
    ],
    ['a row without its key', row({ Activation: 'Enable' }), 'key-missing', /row 1 lacks its key Criteria/],
    [
      'rows of which none can be deleted',
      { objects: { 'Device.X_0090F8_Scm.ServicesConfig.': { keys: ['Name'], rows: [], exclusive: true } } },
      'read-only',
      /cannot be deleted/,
    ],
    ['an unknown field', { colour: 1 }, 'bad-input', /unknown field colour \(known: when, /],
    ['a field of the wrong kind', { set: { [interval]: [1] } }, 'bad-input', /^body\.set\./],
    ['a value that is nested too deep', { set: { [interval]: deep(2000) } }, 'bad-input', /^body\.set\./],
  ];
  for (const [what, preset, code, detail] of wrong) {
    it(`refuses ${what} with the place and changes nothing`, async () => {
      await putPreset(api, 'p', { set: { [interval]: 60 } });
      const generation = api.acs.fleet.wantedStates.generation();
      for (const [method, path] of [
        ['PUT', '/presets/p'],
        ['PUT', '/presets/fresh'],
        ['POST', '/presets/p/dry-run'],
      ] as const) {
        const problem = await api.refused(400, code, method, path, { body: preset });
        assert.match(String(problem.detail), detail);
      }
      assert.equal(api.acs.fleet.wantedStates.generation(), generation);
      const stored = { version: 1, author: 'admin', time: new Date(api.acs.clock.now()).toISOString() };
      assert.deepEqual((await api.call('GET', '/presets')).json.items, [
        { name: 'p', set: { [interval]: 60 }, ...stored },
      ]);
      const cpe = memoryCpe({ [interval]: '3600' });
      await runSession(cpe);
      assert.equal(cpe.values.get(interval), '60');
    });
  }

  it('refuses a body or a preset that is too large, with the limit', async () => {
    const megabytes = (count: number): string => JSON.stringify({ set: { [user]: 'x'.repeat(count * 1024 * 1024) } });
    const headers = { 'content-type': 'application/json' };
    const ten = await api.refused(413, 'too-large', 'PUT', '/presets/p', { body: megabytes(10), headers });
    assert.match(String(ten.detail), /exceeds the limit of this operation: 4194304 bytes/);
    const two = await api.refused(413, 'preset-too-large', 'PUT', '/presets/p', { body: megabytes(2), headers });
    assert.match(String(two.detail), /at most 1048576 bytes, not 2097/);
    const arrays = '['.repeat(1_000_000) + ']'.repeat(1_000_000);
    await api.refused(400, 'bad-input', 'PUT', '/presets/p', { body: `{"set":${arrays}}`, headers });
    assert.deepEqual((await api.call('GET', '/presets')).json.items, []);
  });

  it("refuses the name of a device's own values", async () => {
    await api.refused(400, 'bad-name', 'PUT', '/presets/override', { body: {} });
  });

  it('finds rows by a key that cannot be written', async () => {
    await putPreset(api, 'p', {
      objects: {
        'Device.X_0090F8_Scm.ServicesConfig.': { keys: ['Name'], rows: [{ Name: 'SipEp', StartupType: 'Manual' }] },
      },
    });
    const base = 'Device.X_0090F8_Scm.ServicesConfig.3.';
    const cpe = memoryCpe({ [`${base}Name`]: 'SipEp', [`${base}StartupType`]: 'Auto' });
    await runSession(cpe);
    assert.equal(cpe.values.get(`${base}StartupType`), 'Manual');
  });

  it('sets values in the form in which the device reports them', async () => {
    const enable = 'Device.X_0090F8_Cwmp.PeriodicInformEnable';
    await putPreset(api, 'p', { set: { [enable]: true, [interval]: '060' } });
    const cpe = memoryCpe({ [enable]: 'Enable', [interval]: '60' });
    const { asked } = await runSession(cpe);
    const set = asked.find(({ method }) => method === 'SetParameterValues')?.args.ParameterList as { Name: string }[];
    assert.equal(set.length, 1, 'one known value again, for the revision');
    assert.equal(cpe.values.get(enable), 'Enable');
  });

  it('stores secrets sealed, and seals those that were stored in plain text when it reads them', async () => {
    const preset: Preset = { set: { [secret]: 'hidden-1', [user]: 'u' } };
    await api.acs.store.putDocument('preset', 'old', preset);
    const cpe = memoryCpe({ [secret]: '', [user]: '' });
    await runSession(cpe);
    assert.equal(cpe.values.get(secret), 'hidden-1');
    await putPreset(api, 'new', { set: { [secret]: 'hidden-2' }, weight: 2 });
    for (const name of ['old', 'new']) {
      const stored = JSON.stringify(await api.acs.store.document('preset', name));
      assert.doesNotMatch(stored, /hidden/, name);
      assert.match(stored, /sealed:/, name);
    }
    assert.deepEqual(await api.acs.fleet.presets.get('old'), preset);
    await runSession(cpe);
    assert.equal(cpe.values.get(secret), 'hidden-2');
    const keys = new Set(cpe.keys);
    await putPreset(api, 'new', { set: { [secret]: 'hidden-2' }, weight: 2 });
    await runSession(cpe);
    assert.deepEqual(new Set(cpe.keys), keys, 'the same secret, sealed anew, is the same revision');
  });

  it("seals and masks a device's own values, which win over presets", async () => {
    await putPreset(api, 'p', { set: { [secret]: 'hidden-1', [interval]: 60 } });
    await api.call('POST', '/devices', { body: { id, overrides: { [secret]: 'hidden-2', [interval]: 70 } } });
    assert.doesNotMatch(JSON.stringify(await api.acs.store.device(id)), /hidden/);
    const shown = (await api.call('GET', `/devices/${id}`)).json.overrides;
    assert.deepEqual(shown, { [secret]: { value: '***' }, [interval]: { value: '70' } });
    const cpe = memoryCpe({ [secret]: '', [interval]: '1' });
    await runSession(cpe);
    assert.deepEqual([cpe.values.get(secret), cpe.values.get(interval)], ['hidden-2', '70']);
  });

  it('suspends an own value that the device refuses, like a preset', async () => {
    await putPreset(api, 'p', { set: { [interval]: 60 } });
    await api.call('POST', '/devices', { body: { id, overrides: { [user]: 'x' } } });
    const cpe = memoryCpe({ [user]: '', [interval]: '1' });
    const refusing: typeof cpe.answer = (method, args) =>
      method === 'SetParameterValues' && JSON.stringify(args).includes('Username')
        ? (new CwmpFault(9003, 'no', [{ name: user, code: 9007, message: 'not so' }]) as never)
        : cpe.answer(method, args);
    await runSession(cpe, refusing);
    assert.equal(cpe.values.get(interval), '60');
    const [fault] = await faultsOf(api);
    assert.deepEqual([fault?.cause, fault?.code, fault?.parameter], [`override:${user}`, 9007, user]);
    assert.deepEqual((await runSession(cpe, refusing)).asked, []);
    await api.call('PATCH', `/devices/${id}`, { body: { overrides: { [user]: null } } });
    await runSession(cpe, refusing);
    assert.deepEqual(await faultsOf(api), []);
  });

  it('adds a row once when the session is lost right after it', async () => {
    const rows = (text: string): object => ({ [events]: { keys: ['Criteria'], rows: [{ Criteria: text }] } });
    await putPreset(api, 'p', { objects: rows('a') });
    const cpe = memoryCpe({ [`${events}1.Criteria`]: 'mine' });
    let last = 1;
    const answer: typeof cpe.answer = (method, args) => {
      if (method !== 'AddObject') return cpe.answer(method, args);
      cpe.values.set(`${events}${++last}.Criteria`, '');
      return { InstanceNumber: last, Status: 0 };
    };
    const dies: typeof cpe.answer = (method, args) => {
      if (method === 'SetParameterValues') throw new Error('cut');
      return answer(method, args);
    };
    await assert.rejects(runSession(cpe, dies), /cut/);
    await runSession(cpe, answer);
    const found = () => [...cpe.values].filter(([name]) => name.startsWith(events)).map(([, value]) => value);
    assert.deepEqual(found(), ['mine', 'a']);
    assert.equal((await api.acs.store.device(id))?.adding, undefined);
    // A row that another writer adds is left alone.
    cpe.values.set(`${events}${++last}.Criteria`, 'theirs');
    await putPreset(api, 'p', { objects: rows('b') });
    await runSession(cpe, answer);
    assert.deepEqual(found(), ['mine', 'a', 'theirs', 'b']);
  });

  it('raises a fault for rows that the device does not delete, and applies other presets', async () => {
    await putPreset(api, 'p', { objects: { [events]: { keys: ['Criteria'], rows: [], exclusive: true } } });
    await putPreset(api, 'good', { set: { [interval]: 60 } });
    const cpe = memoryCpe({ [interval]: '1', [`${events}1.Criteria`]: 'mine' });
    await runSession(cpe, (method, args) =>
      method === 'DeleteObject' ? (new CwmpFault(9003, 'not this one') as never) : cpe.answer(method, args),
    );
    assert.equal(cpe.values.get(interval), '60');
    const [fault] = await faultsOf(api);
    assert.deepEqual([fault?.cause, fault?.parameter], ['preset:p', events]);
  });

  it('seals an own value that was stored in plain text at the next change of the device', async () => {
    const identity = { manufacturer: '', oui: '0090F8', productClass: '4102S', serialNumber: '0090F8000001' };
    const patch = { overrides: { [secret]: { value: 'hidden-1' } } };
    await api.acs.store.apply(id, 'announced', { identity, now: 0, patch });
    await api.call('PATCH', `/devices/${id}`, { body: { tags: ['x'] } });
    assert.doesNotMatch(JSON.stringify(await api.acs.store.device(id)), /hidden/);
    const cpe = memoryCpe({ [secret]: '' });
    await runSession(cpe);
    assert.equal(cpe.values.get(secret), 'hidden-1');
  });

  describe('firmware that a device takes and does not run', () => {
    const complete = (key: string) => ({
      kind: 'request' as const,
      method: 'TransferComplete' as const,
      args: {
        CommandKey: key,
        FaultStruct: { FaultCode: 0, FaultString: '' },
        StartTime: '2026-01-01T00:00:00Z',
        CompleteTime: '2026-01-01T00:00:01Z',
      },
    });
    const cpe = (): ReturnType<typeof memoryCpe> =>
      memoryCpe({ 'Device.ManagementServer.PeriodicInformInterval': '3600' });

    /** Sends the image. The device reports success and still runs the old version. */
    const take = async (): Promise<void> => {
      await api.call('PUT', '/files/fw.bin?type=firmware&version=50', { body: Buffer.from('image') });
      await putPreset(api, 'fw', { firmware: 'fw.bin' });
      const { asked } = await runSession(cpe());
      assert.deepEqual(
        asked.map(({ method }) => method),
        ['Download'],
      );
      await new ScriptedCpe(api.acs.app, { events: ['7 TRANSFER COMPLETE'] }).session(cpe().answer, [
        complete(String(asked[0]?.args.CommandKey)),
      ]);
      const [fault] = await faultsOf(api);
      assert.deepEqual([fault?.cause, fault?.code, fault?.file], ['preset:fw', 9010, 'fw.bin']);
    };

    it('ends its fault when the device reports the version', async () => {
      await take();
      await runSession(cpe(), cpe().answer, '50');
      assert.deepEqual(await faultsOf(api), []);
    });

    it('is sent again when the fault is cleared', async () => {
      await take();
      assert.deepEqual(
        (await runSession(cpe())).asked.filter(({ method }) => method === 'Download'),
        [],
      );
      const [fault] = await faultsOf(api);
      await api.call('DELETE', `/faults/${fault?.id}`);
      const { asked } = await runSession(cpe());
      assert.deepEqual(
        asked.map(({ method }) => method),
        ['Download'],
      );
    });
  });
});
