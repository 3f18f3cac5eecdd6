// Diagnostics as one call, against CPEs of several makers: with and without 8 DIAGNOSTICS COMPLETE, under each root, and misbehaving ones.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Json, type TestApi, testApi } from '../../support/acs/api.ts';
import { goodPing, PingCpe, pingObjects } from '../../support/cpe/diagnostic-cpe.ts';

const COMPLETE = '8 DIAGNOSTICS COMPLETE';
const WAKE = '6 CONNECTION REQUEST';
const open = { cpeAuth: 'none', enrol: 'auto' } as const;
const body = { host: 'host.example', repetitions: 4 };

const codeOf = (item: Json | undefined): unknown => (item?.fault as { code: unknown } | undefined)?.code;

const listIn = (args: Record<string, unknown> | undefined): { Name: string; Value: string; Type: string }[] =>
  (args?.ParameterList ?? []) as { Name: string; Value: string; Type: string }[];

describe('diagnostics API', () => {
  let api: TestApi;
  let cpe: PingCpe;

  const begin = async (path: string): Promise<void> => {
    api = await testApi(open);
    cpe = new PingCpe(api.acs, path);
    await cpe.informs('0 BOOTSTRAP', '1 BOOT');
  };
  beforeEach(async () => await begin(pingObjects['TR-181']));
  afterEach(async () => await api.close());

  /** The CPE comes when it is asked to connect, and then as `next` says. */
  const woken = (next: (round: number) => Promise<void>): void => {
    let round = 0;
    api.wake(async () => {
      void cpe.informs(WAKE).then(() => next(round++));
      return { accepted: true };
    });
  };

  for (const [model, path] of Object.entries(pingObjects)) {
    it(`pings by the object of ${model} and answers with values and units`, async () => {
      await api.close();
      await begin(path);
      let sent: unknown;
      woken(async () => {
        sent = [`${path}Host`, `${path}NumberOfRepetitions`].map(name => cpe.value(name));
        cpe.ends('Complete', goodPing);
        await cpe.informs(COMPLETE);
      });
      const answer = await api.call('POST', `/devices/${cpe.id}/diagnostics/ping?wait=60`, { body });
      assert.equal(answer.status, 200, answer.text);
      assert.deepEqual(sent, ['host.example', '4']);
      const { state, path: used, diagnosticsState, values, units, input } = answer.json;
      assert.deepEqual([state, used, diagnosticsState, input], ['done', path, 'Complete', body]);
      assert.deepEqual(values, { succeeded: 3, failed: 1, average: 12, minimum: 11, maximum: 14, loss: 25 });
      assert.equal((units as Record<string, string>).average, 'ms');
      const { items } = (await api.call('GET', `/devices/${cpe.id}/diagnostics`)).json;
      assert.deepEqual(items, [answer.json], 'it is kept with the device');
    });
  }

  it('sets everything and the state in one SetParameterValues', async () => {
    await api.call('POST', `/devices/${cpe.id}/diagnostics/ping`, { body });
    const asked = await cpe.informs('2 PERIODIC');
    const sets = asked.filter(({ method }) => method === 'SetParameterValues');
    assert.equal(sets.length, 1);
    assert.deepEqual(
      listIn(sets[0]?.args).map(({ Name, Value, Type }) => `${Name.replace(cpe.path, '')} ${Value} ${Type}`),
      [
        'Host host.example xsd:string',
        'NumberOfRepetitions 4 xsd:unsignedInt',
        'Timeout 5000 xsd:unsignedInt',
        'DataBlockSize 64 xsd:unsignedInt',
        'DiagnosticsState Requested xsd:string',
      ],
    );
  });

  it('asks a CPE that never sends event 8 to connect until its state has changed', async () => {
    woken(async round => {
      if (round === 1) cpe.ends('Complete', goodPing);
    });
    const waiting = api.call('POST', `/devices/${cpe.id}/diagnostics/ping?wait=120`, { body });
    for (let at = 0; at < 40; at++) await api.acs.clock.advance(1000);
    const answer = await waiting;
    assert.deepEqual([answer.status, answer.json.state], [200, 'done'], answer.text);
  });

  it('tells the state of an error as it is', async () => {
    woken(async () => {
      cpe.ends('Error_CannotResolveHostName');
      await cpe.informs(COMPLETE);
    });
    const { json } = await api.call('POST', `/devices/${cpe.id}/diagnostics/ping?wait=60`, { body });
    assert.deepEqual([json.state, json.diagnosticsState], ['failed', 'Error_CannotResolveHostName']);
    assert.equal((json.fault as { code: string }).code, 'Error_CannotResolveHostName');
  });

  it('answers 202 for one that does not end in time and fails it after half an hour', async () => {
    woken(async () => undefined);
    const waiting = api.call('POST', `/devices/${cpe.id}/diagnostics/ping?wait=10`, { body });
    for (let at = 0; at < 12; at++) await api.acs.clock.advance(1000);
    const answer = await waiting;
    assert.deepEqual([answer.status, answer.json.state], [202, 'waiting'], answer.text);
    const busy = await api.refused(409, 'diagnostic-open', 'POST', `/devices/${cpe.id}/diagnostics/ping`, { body });
    assert.equal(busy.task, answer.json.id);
    await api.acs.clock.advance(31 * 60_000);
    await cpe.informs('2 PERIODIC');
    const [item] = (await api.call('GET', `/devices/${cpe.id}/diagnostics`)).json.items;
    assert.deepEqual([item?.state, codeOf(item)], ['failed', 'expired']);
    assert.equal((await api.call('POST', `/devices/${cpe.id}/diagnostics/ping`, { body })).status, 201);
  });

  it('says that the device has forgotten a diagnostic when it restarted meanwhile', async () => {
    await api.call('POST', `/devices/${cpe.id}/diagnostics/ping`, { body });
    await cpe.informs('2 PERIODIC');
    cpe.ends('None');
    await cpe.informs('1 BOOT');
    const [item] = (await api.call('GET', `/devices/${cpe.id}/diagnostics?kind=ping`)).json.items;
    assert.deepEqual([item?.state, codeOf(item)], ['failed', 'diagnostic-reset']);
  });

  it('answers 409 that names what the device lacks: the object, or a setting of it', async () => {
    woken(async () => undefined);
    const none = await api.refused(409, 'no-diagnostic', 'POST', `/devices/${cpe.id}/diagnostics/dns?wait=60`, {
      body: { host: 'host.example' },
    });
    assert.match(String(none.detail), /has no Device\.DNS\.Diagnostics\.NSLookupDiagnostics\./);
    const setting = { body: { host: 'host.example', protocol: 'IPv4' } };
    const lacks = await api.refused(
      409,
      'no-diagnostic',
      'POST',
      `/devices/${cpe.id}/diagnostics/ping?wait=60`,
      setting,
    );
    assert.match(String(lacks.detail), /has no Device\.IP\.Diagnostics\.IPPing\.ProtocolVersion/);
    assert.equal(cpe.state, 'None', 'nothing was started');
  });

  const wrong: [string, object, RegExp][] = [
    ['without a host', {}, /host: it must be given/],
    ['with an empty host', { host: '' }, /host: it must not be empty/],
    ['with an unknown setting', { host: 'a', colour: 'red' }, /colour: no setting/],
    ['with a setting twice', { host: 'a', Host: 'b' }, /Host: given twice/],
    ['with a number out of range', { host: 'a', size: 70_000 }, /size: a whole number from 1 to 65535/],
    ['with a text for a number', { host: 'a', NumberOfRepetitions: 'many' }, /NumberOfRepetitions: a whole number/],
  ];
  for (const [name, given, detail] of wrong) {
    it(`refuses a ping ${name} and names it`, async () => {
      const problem = await api.refused(400, 'bad-setting', 'POST', `/devices/${cpe.id}/diagnostics/ping`, {
        body: given,
      });
      assert.match(String(problem.detail), detail);
    });
  }

  it('refuses an unknown kind, an unknown device, and a URL with a login', async () => {
    await api.refused(404, 'unknown-diagnostic', 'POST', `/devices/${cpe.id}/diagnostics/dance`, { body: {} });
    await api.refused(404, 'no-such-device', 'POST', '/devices/00AABB-X-1/diagnostics/ping', { body });
    await api.refused(404, 'no-such-device', 'GET', '/devices/00AABB-X-1/diagnostics');
    for (const url of ['http://user:secret@host.example/x', 'file:///etc/passwd', 'x'])
      await api.refused(400, 'bad-setting', 'POST', `/devices/${cpe.id}/diagnostics/download`, { body: { url } });
  });

  it('takes the names of the standard as well, and no body for a scan', async () => {
    const { json } = await api.call('POST', `/devices/${cpe.id}/diagnostics/ping`, {
      body: { Host: 'host.example', NumberOfRepetitions: 2, DataBlockSize: '100' },
    });
    assert.deepEqual(json.input, { host: 'host.example', repetitions: 2, size: 100 });
    assert.equal((await api.call('POST', `/devices/${cpe.id}/diagnostics/wifi-scan`)).status, 201);
  });

  it('keeps the outcome when the ACS restarts while the device is at it', async () => {
    await api.close();
    const folder = await mkdtemp(join(tmpdir(), 'tandem-test-'));
    const file = join(folder, 'acs.db');
    try {
      api = await testApi({ ...open, file });
      cpe = new PingCpe(api.acs, pingObjects['TR-181']);
      await cpe.informs('0 BOOTSTRAP', '1 BOOT');
      const { json } = await api.call('POST', `/devices/${cpe.id}/diagnostics/ping`, { body });
      await cpe.informs('2 PERIODIC');
      await api.close();
      api = await testApi({ ...open, file });
      const again = new PingCpe(api.acs, pingObjects['TR-181']);
      again.ends('Complete', goodPing);
      await again.informs(COMPLETE);
      const [item] = (await api.call('GET', `/devices/${cpe.id}/diagnostics`)).json.items;
      assert.deepEqual([item?.id, item?.state, item?.diagnosticsState], [json.id, 'done', 'Complete']);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('shows and starts nothing beyond the parameters of the rights', async () => {
    const role = (read: string[], set: string[]) => ({
      operations: ['read', 'runDiagnostic'],
      parameters: { read, set },
    });
    await api.call('PUT', '/roles/blind', { body: role(['Device.DeviceInfo.'], ['Device.']) });
    await api.call('PUT', '/roles/fit', { body: role(['Device.IP.'], ['Device.IP.']) });
    const tokenOf = async (name: string): Promise<string> =>
      String((await api.call('POST', '/tokens', { body: { name, role: name } })).json.token);
    const [blind, fit] = [await tokenOf('blind'), await tokenOf('fit')];
    const path = `/devices/${cpe.id}/diagnostics/ping`;
    await api.refused(403, 'path-forbidden', 'POST', path, { body, token: blind });
    assert.equal((await api.call('POST', path, { body, token: fit })).status, 201);
    await cpe.informs('2 PERIODIC');
    cpe.ends('Complete', goodPing);
    await cpe.informs(COMPLETE);
    const list = async (token: string) =>
      (await api.call('GET', `/devices/${cpe.id}/diagnostics`, { token })).json.items;
    const [[seen], [hidden]] = [await list(fit), await list(blind)];
    assert.deepEqual((seen?.values as Record<string, unknown> | undefined)?.succeeded, 3);
    assert.deepEqual([hidden?.input, hidden?.values], [undefined, {}]);
  });
});
