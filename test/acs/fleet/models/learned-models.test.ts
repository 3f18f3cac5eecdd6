// Models that are learned from devices of other makers, and presets that are judged by them.
import assert from 'node:assert/strict';
import { type Json, type TestApi, testApi } from '../../../support/acs/api.ts';
import { ForeignCpe, type ForeignIdentity } from '../../../support/acs/foreign-cpe.ts';
import { bothStoresSuite } from '../../../support/acs/store-contract.ts';
import { ScriptedCpe } from '../../../support/cpe/scripted-cpe.ts';

const router: ForeignIdentity = {
  manufacturer: 'Acme',
  oui: 'A1B2C3',
  productClass: 'Router7',
  serial: 'R1',
  version: '3.1',
  root: 'Device.',
};
const ssid = 'Device.WiFi.SSID.1.SSID';
const ntp = 'Device.Time.NTPServer1';
const channel = 'Device.WiFi.Radio.1.Channel';
const uptime = 'Device.DeviceInfo.UpTime';
const interval = 'Device.ManagementServer.PeriodicInformInterval';
const tr181 = {
  [ssid]: { value: 'old' },
  [ntp]: { value: '' },
  [channel]: { value: '1', type: 'xsd:unsignedInt', takes: (value: string) => Number(value) <= 13 },
  [uptime]: { value: '5', type: 'xsd:unsignedInt', readOnly: true as const },
  [interval]: { value: '3600', type: 'xsd:unsignedInt' },
};
const box: ForeignIdentity = { ...router, oui: 'D4E5F6', productClass: 'Box', root: 'InternetGatewayDevice.' };
const igdSsid = 'InternetGatewayDevice.LANDevice.1.WLANConfiguration.1.SSID';
const tr098 = {
  [igdSsid]: { value: 'old' },
  'InternetGatewayDevice.ManagementServer.PeriodicInformInterval': { value: '3600', type: 'xsd:unsignedInt' },
};
const ofRouter = 'oui = "A1B2C3"';

bothStoresSuite('models learned from devices', subject => {
  let api: TestApi;
  beforeEach(async () => {
    api = await testApi({ enrol: 'auto', cpeAuth: 'none', beside: subject });
  });
  afterEach(async () => await api.close());

  const put = async (name: string, body: object): Promise<string[]> => {
    const answer = await api.call('PUT', `/presets/${name}`, { body });
    assert.ok(answer.status === 200 || answer.status === 201, answer.text);
    return (answer.json.warnings ?? []) as string[];
  };
  const task = async (id: string, method: string, args: object): Promise<Json> =>
    (await api.call('POST', `/devices/${encodeURIComponent(id)}/tasks`, { body: { method, args } })).json;
  const names = (cpe: ForeignCpe) => task(cpe.id, 'GetParameterNames', { ParameterPath: '', NextLevel: false });

  it('F3: sets TR-181 parameters that no built-in model has on a device of another maker', async () => {
    const cpe = new ForeignCpe(api.acs, router, tr181);
    await new ScriptedCpe(api.acs.app).session();
    await cpe.run();
    const warnings = await put('wifi', { when: ofRouter, set: { [ssid]: 'new', [ntp]: 'ntp.example' } });
    assert.deepEqual(warnings, [`set: ${ssid}: not seen on the one device of this product (A1B2C3 Router7 3.1)`]);
    await cpe.run();
    assert.deepEqual([cpe.value(ssid), cpe.value(ntp)], ['new', 'ntp.example']);
    // It is known by now.
    assert.deepEqual(await put('wifi', { when: ofRouter, set: { [ssid]: 'newer', [ntp]: 'ntp.example' } }), []);
    await cpe.run();
    assert.equal(cpe.value(ssid), 'newer');
    assert.deepEqual((await api.acs.store.faults({ limit: 10, now: 0 })).items, []);
  });

  it('F3: sets TR-098 parameters and warns of those that its product has not shown', async () => {
    const cpe = new ForeignCpe(api.acs, box, tr098);
    await cpe.run();
    await names(cpe);
    await cpe.run();
    const stray = 'InternetGatewayDevice.LANDevice.1.WLANConfiguration.1.SSSID';
    const warnings = await put('wifi', { when: 'oui = "D4E5F6"', set: { [igdSsid]: 'new' } });
    assert.deepEqual(warnings, []);
    await cpe.run();
    assert.equal(cpe.value(igdSsid), 'new');
    assert.match(
      (await put('stray', { when: 'oui = "D4E5F6"', set: { [stray]: 'x' } }))[0] ?? '',
      /SSSID: not seen on the one device/,
    );
  });

  it('F3: refuses with the place what a learned model forbids: read-only and type', async () => {
    const cpe = new ForeignCpe(api.acs, router, tr181);
    await cpe.run();
    await names(cpe);
    await task(cpe.id, 'GetParameterValues', { ParameterNames: [channel] });
    await cpe.run();
    const wrong = async (code: string, set: object, detail: RegExp): Promise<void> => {
      const body = { when: ofRouter, set };
      assert.match(String((await api.refused(400, code, 'PUT', '/presets/p', { body })).detail), detail);
      assert.match(String((await api.refused(400, code, 'POST', '/presets/p/dry-run', { body })).detail), detail);
      const overrides = { body: { overrides: set } };
      await api.refused(400, code, 'PATCH', `/devices/${encodeURIComponent(cpe.id)}`, overrides);
    };
    await wrong('read-only', { [uptime]: '1' }, /^set: Device\.DeviceInfo\.UpTime: .*read-only/);
    await wrong('bad-value', { [channel]: 'six' }, /^set: Device\.WiFi\.Radio\.1\.Channel: "six" is not a number/);
    const { warnings } = await task(cpe.id, 'SetParameterValues', { ParameterList: { [uptime]: '1' } });
    assert.match(String(warnings), /UpTime is read-only/);
  });

  it('F3: learns from the faults 9005, 9007 and 9008', async () => {
    const cpe = new ForeignCpe(api.acs, router, { ...tr181, 'Device.X_ACME_Lock.Pin': { value: '', readOnly: true } });
    await cpe.run();
    for (const [path, value] of [
      ['Device.WiFi.SSID.1.Nothing', 'x'],
      [channel, '14'],
      ['Device.X_ACME_Lock.Pin', 'x'],
    ] as const)
      await task(cpe.id, 'SetParameterValues', { ParameterList: [{ Name: path, Value: value, Type: 'xsd:string' }] });
    await cpe.run();
    assert.match((await put('a', { when: ofRouter, set: { 'Device.WiFi.SSID.1.Nothing': 'x' } }))[0] ?? '', /9005/);
    assert.match(
      (await put('b', { when: ofRouter, set: { [channel]: '14' } }))[0] ?? '',
      /refused by a device before \(9007\)/,
    );
    assert.deepEqual(
      (await put('b', { when: ofRouter, set: { [channel]: '11' } })).filter(text => /9007/.test(text)),
      [],
    );
    const body = { when: ofRouter, set: { 'Device.X_ACME_Lock.Pin': 'x' } };
    await api.refused(400, 'read-only', 'PUT', '/presets/c', { body });
  });

  it('F3: names the product whose model refuses a value where a preset fits several', async () => {
    await new ForeignCpe(api.acs, router, tr181).run();
    await new ScriptedCpe(api.acs.app).session();
    const { detail } = await api.refused(400, 'read-only', 'PUT', '/presets/p', { body: { set: { [ntp]: 'x' } } });
    assert.match(String(detail), /read-only on 1 device of 0090F8 4102S/);
  });

  it('F3: takes a preset for devices that have not come yet, with a warning', async () => {
    assert.match((await put('early', { when: ofRouter, set: { [ssid]: 'new' } }))[0] ?? '', /no device fits yet/);
    await api.refused(400, 'unknown-parameter', 'PUT', '/presets/any', { body: { set: { 'Device.Nothing': 1 } } });
  });

  it('F3: writes nothing for a device whose names are all known', async () => {
    const cpe = new ForeignCpe(api.acs, router, tr181);
    await cpe.run();
    await names(cpe);
    await cpe.run();
    const before = api.acs.store.generation('learnedModel');
    assert.ok(before > 0);
    await names(cpe);
    await cpe.run();
    const second = new ForeignCpe(api.acs, { ...router, serial: 'R2' }, tr181);
    await second.run();
    await names(second);
    await second.run();
    assert.equal(api.acs.store.generation('learnedModel'), before);
  });

  it('F3: lists learned models with their parameters and forgets them on demand', async () => {
    const cpe = new ForeignCpe(api.acs, router, tr181);
    await cpe.run();
    await names(cpe);
    await cpe.run();
    const learned = (await api.call('GET', '/models')).json.items.find(({ source }) => source === 'learned');
    assert.deepEqual([learned?.oui, learned?.productClass, learned?.softwareVersion], ['A1B2C3', 'Router7', '3.1']);
    const { json } = await api.call('GET', `/models/${learned?.name}?find=ssid`);
    assert.deepEqual(
      json.items.map(({ path, writable }) => [path, writable]),
      [
        ['Device.WiFi.SSID.', false],
        ['Device.WiFi.SSID.{i}.', false],
        ['Device.WiFi.SSID.{i}.SSID', true],
      ],
    );
    assert.equal((await api.call('DELETE', `/models/${learned?.name}`)).status, 204);
    await api.refused(404, 'no-such-model', 'GET', `/models/${learned?.name}`);
    await api.refused(409, 'model-built-in', 'DELETE', '/models/dgw');
  });
});
