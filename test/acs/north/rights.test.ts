// Rights of the API: what a caller whose role reaches some devices and some parameters sees and changes, call by call.
import assert from 'node:assert/strict';
import type { DeviceRow } from '../../../acs/device/row.ts';
import { viewOf } from '../../../acs/fleet/devices/device-view.ts';
import { operationScopes, parameterUses } from '../../../acs/north/operation.ts';
import { operations } from '../../../acs/north/operations.ts';
import { deviceView } from '../../../acs/north/views/core.ts';
import { HIDDEN, type Shown } from '../../../acs/north/views/limited.ts';
import { positionView } from '../../../acs/north/views/rollouts.ts';
import { type TestApi, testApi } from '../../support/acs/api.ts';
import { ScriptedCpe } from '../../support/cpe/scripted-cpe.ts';

const NORTH = '0090F8-4102S-N1';
const SOUTH = '0090F8-4102S-S1';

describe('the table of operations', () => {
  it('declares for each operation which devices and which parameters it is about', () => {
    for (const { name, scope, parameters, path } of operations) {
      assert.ok(operationScopes.includes(scope), `${name} declares no scope`);
      assert.ok(parameterUses.includes(parameters), `${name} declares no use of parameters`);
      assert.equal(path.startsWith('/devices/:id'), scope === 'device', `${name}: the scope of ${path}`);
    }
  });

  it('lets no operation that grants rights be about anything but access', () => {
    for (const { name, path, scope, role } of operations)
      assert.equal(/^\/(users|roles|tokens|settings\/oidc)\b/.test(path), scope === 'access' && role === 'admin', name);
  });
});

describe('rights to some devices', () => {
  let api: TestApi;
  let token: string;
  before(async () => {
    api = await testApi();
    await api.call('POST', '/devices', { body: { id: NORTH, site: { region: 'north' }, tags: ['t'] } });
    await api.call('POST', '/devices', { body: { id: SOUTH, site: { region: 'south' }, tags: ['t'] } });
    const made = await api.call('POST', '/tokens', {
      body: { name: 'north', role: 'operator', filter: 'site.region = "north"' },
    });
    token = String(made.json.token);
    for (const id of [NORTH, SOUTH])
      await api.call('POST', `/devices/${id}/tasks`, { body: { method: 'Reboot', args: { CommandKey: id } } });
  });
  after(async () => await api.close());

  it('lists only devices that it reaches, whatever the search', async () => {
    for (const query of [
      '',
      '?filter=tag%20%3D%20%22t%22',
      '?filter=site.region%20%3D%20%22south%22%20or%20tag%20exists',
    ]) {
      const { items } = (await api.call('GET', `/devices${query}`, { token })).json;
      assert.deepEqual(
        items.map(({ id }) => id),
        [NORTH],
        query,
      );
    }
  });

  it('answers as if other devices were not there', async () => {
    const paths = operations.filter(({ scope }) => scope === 'device');
    for (const { method, path, body, parameters } of paths) {
      if (parameters === 'shows-any') continue;
      const given = body && typeof body === 'object' ? { body: sample[`${method} ${path}`] ?? {} } : {};
      const [south, none] = await Promise.all(
        [SOUTH, '0090F8-4102S-X'].map(async id => {
          const { status, json } = await api.call(method, path.replace(':id', id), { token, ...given });
          return [status, json.code, String(json.detail).replaceAll(id, 'ID')];
        }),
      );
      assert.equal(south?.[0], 404, `${method} ${path}: ${south}`);
      assert.deepEqual(south, none);
    }
  });

  const sample: Record<string, unknown> = {
    'POST /devices/:id/tasks': { method: 'Reboot' },
    'POST /devices/:id/replace-by': { newId: '0090F8-4102S-Y' },
    'PUT /devices/:id/trace': { on: true },
  };

  it('tells not which other device has a user name', async () => {
    const credentials = { username: 'south-box', password: 'its password' };
    await api.call('PATCH', `/devices/${SOUTH}`, { body: { credentials } });
    const { detail } = await api.refused(409, 'username-taken', 'PATCH', `/devices/${NORTH}`, {
      body: { credentials },
      token,
    });
    assert.ok(!String(detail).includes(SOUTH), String(detail));
    const csv = await api.call('PATCH', '/devices', {
      body: `id,username,password\n${NORTH},south-box,p\n`,
      headers: { 'content-type': 'text/csv' },
      token,
    });
    assert.ok(csv.text.includes('south-box') && !csv.text.includes(SOUTH), csv.text);
  });

  it('lists tasks of its devices alone, and neither reads nor cancels others', async () => {
    const { items } = (await api.call('GET', '/tasks', { token })).json;
    assert.deepEqual(
      items.map(({ device }) => device),
      [NORTH],
    );
    assert.deepEqual((await api.call('GET', `/tasks?device=${SOUTH}`, { token })).json.items, []);
    const other = (await api.call('GET', `/tasks?device=${SOUTH}`)).json.items[0];
    await api.refused(404, 'no-such-task', 'GET', `/tasks/${other?.id}`, { token });
    await api.refused(404, 'no-such-task', 'DELETE', `/tasks/${other?.id}`, { token });
  });

  it('refuses operations that concern every device', async () => {
    for (const { name, method, path, scope, role } of operations) {
      if (scope !== 'fleet' || role === 'admin') continue;
      const { status, json } = await api.call(method, path.replace(/:\w+/g, 'x'), { token, body: {} });
      assert.deepEqual([status, json.code], [403, 'out-of-scope'], name);
    }
  });

  it('lets no device be registered outside of it, nor leave it', async () => {
    const id = '0090F8-4102S-N2';
    await api.refused(403, 'out-of-scope', 'POST', '/devices', { token, body: { id } });
    await api.refused(403, 'out-of-scope', 'POST', '/devices', { token, body: { id, site: { region: 'south' } } });
    assert.equal((await api.call('POST', '/devices', { token, body: { id, site: { region: 'north' } } })).status, 201);
    await api.refused(403, 'out-of-scope', 'PATCH', `/devices/${id}`, { token, body: { site: { region: null } } });
    const { json } = await api.call('PATCH', '/devices', {
      token,
      body: {
        items: [
          { id: SOUTH, tags: ['mine'] },
          { id, site: { region: 'south' } },
          { id, tags: ['ok'] },
        ],
      },
    });
    assert.deepEqual(json.updated, [id]);
    assert.deepEqual(
      (json.failed as { line: number }[]).map(({ line }) => line),
      [1, 2],
    );
    await api.call('DELETE', `/devices/${id}`, { token });
  });

  it('narrows a rollout to its devices, and shows no other rollout', async () => {
    await api.call('PUT', '/files/fw.bin?type=firmware&version=2&productClass=4102S', { body: Buffer.from('x') });
    const all = await api.call('POST', '/rollouts', { body: { id: 'all', filter: 'tag = "t"', firmware: 'fw.bin' } });
    assert.equal(all.status, 201, all.text);
    await api.refused(404, 'no-such-device', 'POST', '/rollouts', {
      token,
      body: { devices: [NORTH, SOUTH], firmware: 'fw.bin' },
    });
    const own = await api.call('POST', '/rollouts', {
      token,
      body: { id: 'own', filter: 'tag = "t"', firmware: 'fw.bin' },
    });
    assert.equal(own.json.filter, '(tag = "t") and (site.region = "north")');
    assert.deepEqual(
      (await api.call('GET', '/rollouts', { token })).json.items.map(({ id }) => id),
      ['own'],
    );
    await api.refused(404, 'no-such-rollout', 'GET', '/rollouts/all', { token });
    await api.refused(404, 'no-such-rollout', 'POST', '/rollouts/all/abort', { token });
    assert.equal((await api.call('GET', '/rollouts')).json.items.length, 2);
  });

  it('is refused the administration of access, also with the role admin', async () => {
    const made = await api.call('POST', '/tokens', { body: { name: 'n-admin', role: 'admin', filter: 'tag = "x"' } });
    const admin = String(made.json.token);
    for (const { method, path, scope } of operations)
      if (scope === 'access')
        await api.refused(403, 'forbidden', method, path.replace(/:\w+/g, 'x'), { token: admin, body: {} });
  });

  it('ends at once when the token is revoked', async () => {
    const made = await api.call('POST', '/tokens', { body: { name: 'short', role: 'viewer' } });
    const short = String(made.json.token);
    assert.equal((await api.call('GET', '/devices', { token: short })).status, 200);
    await api.call('DELETE', '/tokens/short');
    await api.refused(401, 'unauthorized', 'GET', '/devices', { token: short });
  });
});

describe('rights to some parameters', () => {
  const open = 'Device.DeviceInfo.SoftwareVersion';
  const closed = 'Device.ManagementServer.PeriodicInformInterval';
  let api: TestApi;
  let token: string;
  let id: string;
  before(async () => {
    api = await testApi({ enrol: 'auto', cpeAuth: 'none' });
    await new ScriptedCpe(api.acs.app).session();
    id = String((await api.call('GET', '/devices')).json.items[0]?.id);
    const time = api.acs.clock.now();
    const type = 'xsd:string';
    const values = [open, closed, 'Device.Ports.1.Enable', 'Device.Ports.1.Name'].map(path => ({
      type,
      path,
      value: 'v',
      time,
    }));
    await api.acs.store.putParameters(id, values);
    const parameters = {
      read: ['Device.DeviceInfo.', 'Device.Ports.*.Enable'],
      set: ['Device.Ports.*.Enable', 'Device.ManagementServer.PeriodicInformEnable'],
    };
    await api.call('PUT', '/roles/ports', { body: { operations: ['read', 'write'], parameters } });
    token = String((await api.call('POST', '/tokens', { body: { name: 'ports', role: 'ports' } })).json.token);
  });
  after(async () => await api.close());

  it('leaves out values that may not be read', async () => {
    const { items } = (await api.call('GET', `/devices/${id}/parameters`, { token })).json;
    assert.deepEqual(items.map(({ path }) => path).sort(), [open, 'Device.Ports.1.Enable'].sort());
  });

  it('lets no filter ask for a value that may not be read', async () => {
    const filter = encodeURIComponent(`${closed} = "v"`);
    const { path } = await api.refused(403, 'path-forbidden', 'GET', `/devices?filter=${filter}`, { token });
    assert.equal(path, closed);
    assert.equal(
      (await api.call('GET', `/devices?filter=${encodeURIComponent(`${open} = "v"`)}`, { token })).status,
      200,
    );
  });

  it('refuses tasks that set or read other parameters, and names them', async () => {
    const task = (method: string, args: object) => ({ token, body: { method, args } });
    const call = ['POST', `/devices/${id}/tasks`] as const;
    const set = task('SetParameterValues', { ParameterList: { 'Device.Ports.1.Name': 'x' } });
    assert.equal((await api.refused(403, 'path-forbidden', ...call, set)).path, 'Device.Ports.1.Name');
    await api.refused(403, 'path-forbidden', ...call, task('GetParameterValues', { ParameterNames: ['Device.'] }));
    await api.refused(403, 'path-forbidden', ...call, task('AddObject', { ObjectName: 'Device.Ports.' }));
    await api.refused(403, 'parameters-forbidden', ...call, task('FactoryReset', {}));
    const good = task('SetParameterValues', {
      ParameterList: { 'Device.ManagementServer.PeriodicInformEnable': true },
    });
    assert.equal((await api.call(...call, good)).status, 201);
  });

  it('shows nothing of other parameters in tasks and presets, and refuses presets that set them', async () => {
    await api.call('POST', `/devices/${id}/tasks`, {
      body: { method: 'SetParameterValues', args: { ParameterList: { [closed]: '86399', [open]: 'shown' } } },
    });
    const put = await api.call('PUT', '/presets/p', {
      body: { set: { [closed]: '86399', 'Device.ManagementServer.PeriodicInformEnable': true } },
    });
    assert.equal(put.status, 201, put.text);
    await api.call('PATCH', `/devices/${id}?force=true`, { body: { overrides: { [closed]: '86399' } } });
    for (const path of [
      '/tasks',
      '/presets',
      '/presets/p',
      '/devices',
      `/devices/${id}`,
      `/devices/${id}/wanted`,
      '/faults',
    ]) {
      const { status, text } = await api.call('GET', path, { token });
      assert.equal(status, 200, text);
      assert.ok(!text.includes('86399'), `${path}: ${text}`);
    }
    const body = { set: { 'Device.ManagementServer.PeriodicInformEnable': true } };
    assert.equal((await api.refused(403, 'path-forbidden', 'PUT', '/presets/p', { token, body })).path, closed);
    assert.equal((await api.call('PUT', '/presets/own', { token, body })).status, 201);
    await api.refused(403, 'path-forbidden', 'DELETE', '/presets/p', { token });
    await api.refused(403, 'parameters-forbidden', 'GET', `/devices/${id}/trace`, { token });
  });
});

describe('the reason of a device in a rollout', () => {
  it('is told to callers that may read every parameter', async () => {
    const api = await testApi();
    const id = '0090F8-4102S-A';
    await api.call('POST', '/devices', { body: { id } });
    const reason = 'a new fault: override:Device.Time.NTPServer1: 192.0.2.7 is refused';
    const position = { id: 'r', wave: 1, state: 'failed', reason, since: 0, attempts: 1, times: {}, zone: '' } as const;
    const row = { ...(await api.acs.store.device(id))!, rollout: position as unknown as DeviceRow['rollout'] };
    const shownTo = (caller: Shown['caller']): string =>
      JSON.stringify([
        positionView(row as DeviceRow, caller),
        deviceView(viewOf(row as DeviceRow, 0), { secrets: api.acs.fleet.secrets, caller }),
      ]);
    const [all, few] = [true, false].map(readsAll => shownTo({ readsAll, mayRead: () => readsAll }));
    assert.equal(all?.split(reason).length, 3);
    assert.ok(!few?.includes('NTPServer1') && few?.includes(HIDDEN), few);
    await api.close();
  });
});
