// Facts of devices of several makers, in one vocabulary: alone, in lists and in filters.
import assert from 'node:assert/strict';
import { type Json, type TestApi, testApi } from '../../../support/acs/api.ts';
import { ForeignCpe, type ForeignIdentity } from '../../../support/acs/foreign-cpe.ts';
import { bothStoresSuite } from '../../../support/acs/store-contract.ts';

const identity = (oui: string, root: ForeignIdentity['root']): ForeignIdentity => ({
  ...{ manufacturer: 'Other', productClass: 'Router', serial: 'S1', version: '1.0' },
  oui,
  root,
});

const voice = 'Services.VoiceService.1.VoiceProfile.1.Line.';
const trees: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'Device.': {
    'DeviceInfo.UpTime': '3600',
    'DeviceInfo.MemoryStatus.Total': '65536',
    'DeviceInfo.MemoryStatus.Free': '1024',
    'IP.Interface.1.IPv4Address.1.IPAddress': '192.168.1.1',
    'DHCPv4.Client.1.IPAddress': '203.0.113.9',
    'WiFi.SSID.1.SSID': 'home',
    'WiFi.SSID.1.Enable': 'true',
    'WiFi.SSID.2.SSID': 'guests',
    'WiFi.SSID.2.Enable': '0',
    'Security.Certificate.1.NotAfter': '2027-05-01T00:00:00Z',
    'Security.Certificate.1.Subject': 'router',
    'Services.VoiceService.1.SIP.Client.1.Status': 'Error_Registration',
    'Services.VoiceService.1.SIP.Client.1.AuthUserName': '4711',
  },
  'InternetGatewayDevice.': {
    'DeviceInfo.UpTime': '60',
    'WANDevice.1.WANConnectionDevice.2.WANIPConnection.1.ExternalIPAddress': '0.0.0.0',
    'WANDevice.1.WANConnectionDevice.2.WANPPPConnection.1.ExternalIPAddress': '198.51.100.7',
    'LANDevice.1.WLANConfiguration.1.SSID': 'igd',
    'LANDevice.1.WLANConfiguration.1.Enable': '1',
    [`${voice}1.Status`]: 'Up',
    [`${voice}1.DirectoryNumber`]: '100',
    [`${voice}2.Status`]: 'Disabled',
    [`${voice}2.DirectoryNumber`]: '101',
    [`${voice}10.Status`]: 'Registering',
    [`${voice}10.DirectoryNumber`]: '109',
  },
};

/** The tree of a CPE that has all of it wrong. */
const rubbish = {
  'DeviceInfo.UpTime': 'since yesterday',
  'DeviceInfo.MemoryStatus.Free': '-1',
  'DHCPv4.Client.1.IPAddress': '300.1.1.1',
  'IP.Interface.1.IPv4Address.1.IPAddress': '2001:db8::7',
  'WiFi.SSID.1.Enable': 'perhaps',
  'WiFi.SSID.1.SSID': 'x'.repeat(2000),
  'Security.Certificate.1.NotAfter': '0001-01-01T00:00:00Z',
  'Security.Certificate.2.NotAfter': 'tomorrow',
  'Services.VoiceService.1.SIP.Client.1.Status': 'constructor',
  'DeviceInfo.ModelName': '',
};

bothStoresSuite('facts of devices', subject => {
  let api: TestApi;
  beforeEach(async () => {
    api = await testApi({ enrol: 'auto', cpeAuth: 'none', beside: subject });
    await known('0A0001', 'Device.', trees['Device.'] ?? {});
    await known('0A0002', 'InternetGatewayDevice.', trees['InternetGatewayDevice.'] ?? {});
    await known('0A0003', 'Device.', rubbish);
  });
  afterEach(async () => await api.close());

  /** A device whose whole tree was read once. */
  async function known(oui: string, root: ForeignIdentity['root'], values: Record<string, string>): Promise<void> {
    const tree = Object.fromEntries(Object.entries(values).map(([name, value]) => [root + name, { value }]));
    const cpe = new ForeignCpe(api.acs, identity(oui, root), tree);
    await cpe.run();
    const body = { method: 'GetParameterValues', args: { ParameterNames: [root] } };
    assert.equal((await api.call('POST', `/devices/${cpe.id}/tasks`, { body })).status, 201);
    await cpe.run();
  }

  const factsOf = async (id: string, token?: string): Promise<Json[]> =>
    (await api.call('GET', `/devices/${id}/facts`, token ? { token } : {})).json.items;
  const valuesOf = (items: Json[]): Record<string, unknown[]> => {
    const names = [...new Set(items.map(({ name }) => String(name)))];
    const valuesOfName = (wanted: string): unknown[] =>
      items.filter(({ name }) => name === wanted).map(({ value }) => value);
    return Object.fromEntries(names.map(name => [name, valuesOfName(name)]));
  };

  it('are those of TR-181, each with its parameter, its time and the name of its row', async () => {
    const items = await factsOf('0A0001-Router-S1');
    assert.deepEqual(valuesOf(items), {
      uptime: [3600],
      memoryTotal: [65_536],
      memoryFree: [1024],
      wanAddress: ['203.0.113.9'],
      wifiSsid: ['home', 'guests'],
      wifiOn: [true, false],
      lineState: ['failed'],
      lineUser: ['4711'],
      certificateEnd: ['2027-05-01T00:00:00.000Z'],
    });
    const on = items.filter(({ name }) => name === 'wifiOn');
    assert.deepEqual(
      on.map(({ of, path }) => [of, path]),
      [
        ['home', 'Device.WiFi.SSID.1.Enable'],
        ['guests', 'Device.WiFi.SSID.2.Enable'],
      ],
    );
    assert.ok(items.every(({ time }) => Date.parse(String(time)) > 0));
  });

  it('are those of TR-098 by the same names, rows in the order of their numbers', async () => {
    const items = await factsOf('0A0002-Router-S1');
    const { uptime, wanAddress, wifiSsid, wifiOn, lineState, lineUser } = valuesOf(items);
    assert.deepEqual([uptime, wanAddress, wifiSsid, wifiOn], [[60], ['198.51.100.7'], ['igd'], [true]]);
    assert.deepEqual(lineState, ['registered', 'unregistered', 'registering']);
    assert.deepEqual(lineUser, ['100', '101', '109']);
  });

  it('are null where a device tells rubbish, with what it has told', async () => {
    const items = await factsOf('0A0003-Router-S1');
    const told = (name: string): unknown[][] =>
      items.filter(item => item.name === name).map(({ value, told }) => [value, told]);
    assert.deepEqual(told('uptime'), [[null, 'since yesterday']]);
    assert.deepEqual(told('memoryFree'), [[null, '-1']]);
    assert.deepEqual(told('wanAddress'), [['2001:db8::7', undefined]]);
    assert.deepEqual(told('wifiOn'), [[null, 'perhaps']]);
    assert.deepEqual(told('wifiSsid'), [['x'.repeat(256), undefined]]);
    assert.deepEqual(told('certificateEnd'), [[null, 'tomorrow']]);
    assert.deepEqual(told('lineState'), [[null, 'constructor']]);
    assert.deepEqual(told('model'), []);
  });

  it('are fields of lists, null where a device tells none', async () => {
    const fields = 'id,uptime,wanAddress,lineState,wifiOn';
    const { items } = (await api.call('GET', `/devices?sort=id&fields=${fields}`)).json;
    assert.deepEqual(
      items.map(({ id: _id, ...rest }) => rest),
      [
        { uptime: 3600, wanAddress: ['203.0.113.9'], lineState: ['failed'], wifiOn: [true, false] },
        // Of the lines only the first eight.
        { uptime: 60, wanAddress: ['198.51.100.7'], lineState: ['registered', 'unregistered'], wifiOn: [true] },
        { uptime: null, wanAddress: ['2001:db8::7'], lineState: null, wifiOn: null },
      ],
    );
    const csv = await api.call('GET', `/devices?sort=id&fields=uptime,lineState&format=csv`);
    assert.equal(csv.text, 'uptime,lineState\r\n3600,failed\r\n60,registered unregistered\r\n,\r\n');
  });

  it('find devices whatever their data model', async () => {
    const found = async (filter: string): Promise<string[]> => {
      const { items } = (await api.call('GET', `/devices?sort=id&filter=${encodeURIComponent(filter)}`)).json;
      return items.map(({ oui }) => String(oui).slice(-1));
    };
    assert.deepEqual(await found('uptime < 100'), ['2']);
    assert.deepEqual(await found('uptime exists'), ['1', '2', '3']);
    assert.deepEqual(await found('wifiOn'), ['1', '2']);
    assert.deepEqual(await found('wifiOn = false'), ['1']);
    assert.deepEqual(await found('lineState = "registered"'), ['2']);
    assert.deepEqual(await found('lineState != "registered"'), ['1', '3']);
    assert.deepEqual(await found('lineState in ("failed", "unregistered")'), ['1', '2']);
    assert.deepEqual(await found('lineState not in ("failed", "unregistered")'), ['3']);
    assert.deepEqual(await found('certificateEnd < 2028-01-01'), ['1', '3']);
    assert.deepEqual(await found('wanAddress like "203.%" or lineUser = 100'), ['1', '2']);
    assert.deepEqual(await found('not (memoryFree > 2000) and wifiSsid = "home"'), ['1']);
    const wrong = await api.refused(400, 'bad-filter', 'GET', '/devices?filter=uptime%20%3D%20%22long%22');
    assert.match(String(wrong.detail), /"uptime" takes a number/);
    await api.refused(400, 'bad-sort', 'GET', '/devices?sort=lineState');
  });

  it('are those of the parameters that a caller may read', async () => {
    const role = { operations: ['read'], parameters: { read: ['Device.DeviceInfo.', 'Device.WiFi.SSID.*.Enable'] } };
    assert.equal((await api.call('PUT', '/roles/few', { body: role })).status, 201);
    const made = await api.call('POST', '/tokens', { body: { name: 'few', role: 'few' } });
    const token = String(made.json.token);
    const items = await factsOf('0A0001-Router-S1', token);
    assert.deepEqual(valuesOf(items), {
      uptime: [3600],
      memoryTotal: [65_536],
      memoryFree: [1024],
      wifiOn: [true, false],
    });
    assert.ok(items.every(({ of }) => of === undefined));
    const { json } = await api.call('GET', `/devices?sort=id&limit=1&fields=uptime,wanAddress`, { token });
    assert.deepEqual(json.items, [{ uptime: 3600, wanAddress: null }]);
    await api.refused(403, 'path-forbidden', 'GET', '/devices?filter=lineState%20%3D%20%22failed%22', { token });
  });

  it('are completed in filters', async () => {
    const { fields } = (await api.call('GET', '/vocabulary?prefix=line')).json as unknown as { fields: Json[] };
    assert.deepEqual(
      fields.map(({ name }) => name),
      ['lineState', 'lineUser'],
    );
    const values = (await api.call('GET', `/vocabulary?prefix=${encodeURIComponent('lineState = "')}`)).json.values;
    assert.deepEqual(values, []);
  });
});
