// The swap of a device: what moves, what the old box may do from then on, and the way back.
import assert from 'node:assert/strict';
import { type Json, type TestApi, testApi } from '../../support/acs/api.ts';
import { ScriptedCpe } from '../../support/cpe/scripted-cpe.ts';

const idOf = (serial: string): string => `0090F8-4102S-${serial}`;
const [OLD, NEW, THIRD] = [idOf('OLD'), idOf('NEW'), idOf('THIRD')];
const path = 'Device.A.One';
const login = { username: 'old-box', password: 'its password' };

describe('replacement of a device', () => {
  let api: TestApi;
  beforeEach(async () => {
    api = await testApi();
    const body = {
      id: OLD,
      credentials: login,
      tags: ['vip'],
      site: { name: 'Vienna', region: 'north' },
      overrides: { [path]: 'x' },
    };
    await api.call('POST', '/devices', { body });
    assert.equal((await comes('OLD', login)).status, 200);
  });
  afterEach(async () => await api.close());

  /** A session of the unit. @returns the status, and the fault of the answer to its Inform */
  const comes = async (
    serial: string,
    { username, password }: { username: string; password: string },
    events = ['2 PERIODIC'],
  ): Promise<{ status: number; fault?: string }> => {
    const { inform } = await new ScriptedCpe(api.acs.app, { serial, username, password, events }).session();
    const body = inform.envelope?.body;
    return { status: inform.status, ...(body?.kind === 'fault' ? { fault: JSON.stringify(body) } : {}) };
  };
  const swap = async (newId = NEW, id = OLD, token?: string) =>
    await api.call('POST', `/devices/${id}/replace-by`, { body: { newId }, ...(token ? { token } : {}) });
  const device = async (id: string): Promise<Json> => (await api.call('GET', `/devices/${id}`)).json;
  const written = ({ tags, site, overrides }: Json): unknown => ({
    tags,
    site,
    overrides: Object.keys(overrides as object),
  });
  const moved = { tags: ['vip'], site: { name: 'Vienna', region: 'north' }, overrides: [path] };
  const enrolment = { username: 'enrol', password: 'factory' };

  it('moves tags, site fields and overrides to a device that has never come', async () => {
    const { status, json, text } = await swap();
    assert.equal(status, 200, text);
    const { old, new: now } = json as unknown as { old: Json; new: Json };
    assert.deepEqual([old.state, (old.replacedBy as Json).id], ['replaced', NEW]);
    assert.equal(old.liveness, null, 'it is not missed');
    assert.deepEqual([now.state, (now.replaces as Json).id, written(now)], ['known', OLD, moved]);
    assert.equal((await comes('NEW', enrolment, ['0 BOOTSTRAP', '1 BOOT'])).status, 200);
    assert.equal((await device(NEW)).state, 'enrolled');
  });

  it('lets a device in quarantine out, and adds to what a known one has', async () => {
    await comes('NEW', enrolment, ['0 BOOTSTRAP', '1 BOOT']);
    assert.equal((await device(NEW)).state, 'quarantine');
    await api.call('PATCH', `/devices/${NEW}`, { body: { tags: ['spare'], site: { shelf: '7', region: 'south' } } });
    await swap();
    const now = await device(NEW);
    assert.equal(now.state, 'enrolled');
    assert.deepEqual(written(now), {
      tags: ['spare', 'vip'],
      site: { shelf: '7', region: 'north', name: 'Vienna' },
      overrides: [path],
    });
  });

  it('refuses the old box from then on, with its own login and with the enrolment credential', async () => {
    await swap();
    assert.equal((await comes('OLD', login)).status, 401);
    assert.match(
      String((await comes('OLD', enrolment, ['0 BOOTSTRAP', '1 BOOT'])).fault),
      /is replaced by 0090F8-4102S-NEW/,
    );
    assert.equal((await comes('NEW', login)).status, 401, 'and its login is good for no other device');
    await api.refused(409, 'device-replaced', 'POST', `/devices/${OLD}/approve`);
    await api.refused(409, 'device-replaced', 'POST', `/devices/${OLD}/tasks`, { body: { method: 'Reboot' } });
    await api.call('PATCH', `/devices/${OLD}`, { body: { credentials: login } });
    assert.match(String((await comes('OLD', login)).fault), /is replaced by/);
    assert.deepEqual(
      (await api.call('GET', '/devices?filter=state%20%3D%20%22replaced%22')).json.items.map(({ id }) => id),
      [OLD],
    );
  });

  it('refuses the old box where CPEs need no login', async () => {
    await api.close();
    api = await testApi({ cpeAuth: 'none', enrol: 'auto' });
    await new ScriptedCpe(api.acs.app, { serial: 'OLD' }).session();
    await swap();
    const { inform } = await new ScriptedCpe(api.acs.app, { serial: 'OLD' }).session();
    assert.match(JSON.stringify(inform.envelope?.body), /is replaced by 0090F8-4102S-NEW/);
  });

  it('cancels the open tasks of the old device', async () => {
    const { json } = await api.call('POST', `/devices/${OLD}/tasks`, { body: { method: 'Reboot' } });
    await swap();
    const { state, fault } = (await api.call('GET', `/tasks/${json.id}`)).json;
    assert.deepEqual([state, (fault as Json).code], ['cancelled', 'device-replaced']);
  });

  it('gives the same answer to the same call, and completes one that was cut off', async () => {
    await api.acs.store.apply(OLD, 'replaced', { by: NEW, now: api.acs.clock.now() });
    const first = await swap();
    assert.equal(first.status, 200, first.text);
    assert.deepEqual(written(await device(NEW)), moved);
    assert.deepEqual((await swap()).json, first.json);
  });

  it('refuses a device that is part of another replacement, and one that is itself', async () => {
    await api.call('POST', '/devices', { body: { id: THIRD } });
    await swap();
    await api.refused(409, 'device-replaced', 'POST', `/devices/${OLD}/replace-by`, { body: { newId: THIRD } });
    await api.refused(409, 'device-replaced', 'POST', `/devices/${THIRD}/replace-by`, { body: { newId: NEW } });
    await api.refused(409, 'device-replaced', 'POST', `/devices/${THIRD}/replace-by`, { body: { newId: OLD } });
    await api.refused(400, 'bad-device-id', 'POST', `/devices/${THIRD}/replace-by`, { body: { newId: THIRD } });
    await api.refused(400, 'bad-device-id', 'POST', `/devices/${THIRD}/replace-by`, { body: { newId: 'a' } });
    await api.refused(404, 'no-such-device', 'POST', `/devices/${idOf('NONE')}/replace-by`, { body: { newId: THIRD } });
    assert.equal((await swap(THIRD, NEW)).status, 200, 'a device that has replaced another can be replaced');
  });

  it('is undone: the old box has its state and login again, the other one what it had', async () => {
    await api.call('POST', '/devices', { body: { id: NEW, tags: ['spare'], site: { region: 'south' } } });
    await swap();
    await api.call('PATCH', `/devices/${NEW}`, { body: { site: { name: 'Graz' } } });
    const { status, json, text } = await api.call('DELETE', `/devices/${OLD}/replace-by`);
    assert.equal(status, 200, text);
    assert.deepEqual([json.state, json.replacedBy, written(json)], ['enrolled', null, moved]);
    assert.equal(json.liveness, 'online');
    assert.deepEqual(written(await device(NEW)), {
      tags: ['spare'],
      site: { region: 'south', name: 'Graz' },
      overrides: [],
    });
    assert.equal((await comes('OLD', login)).status, 200);
    await api.refused(409, 'not-replaced', 'DELETE', `/devices/${OLD}/replace-by`);
  });

  it('removes a device by its undoing that it has made and that has never come', async () => {
    await swap();
    await api.call('DELETE', `/devices/${OLD}/replace-by`);
    await api.refused(404, 'no-such-device', 'GET', `/devices/${NEW}`);
  });

  it('needs rights to both devices, and to the parameters that move', async () => {
    await api.call('POST', '/devices', { body: { id: NEW, site: { region: 'south' } } });
    const role = (parameters: object) => ({ operations: ['read', 'replaceDevice'], parameters });
    await api.call('PUT', '/roles/swapper', { body: role({}) });
    await api.call('PUT', '/roles/blind', { body: role({ set: ['Device.B.'] }) });
    const tokenOf = async (name: string, more: object): Promise<string> =>
      String((await api.call('POST', '/tokens', { body: { name, ...more } })).json.token);
    const north = await tokenOf('north', { role: 'swapper', filter: 'site.region = "north"' });
    const body = { newId: NEW };
    await api.refused(404, 'no-such-device', 'POST', `/devices/${OLD}/replace-by`, { body, token: north });
    await api.refused(404, 'no-such-device', 'POST', `/devices/${NEW}/replace-by`, {
      body: { newId: OLD },
      token: north,
    });
    const blind = await tokenOf('blind', { role: 'blind' });
    await api.refused(403, 'path-forbidden', 'POST', `/devices/${OLD}/replace-by`, { body, token: blind });
    assert.equal((await device(OLD)).state, 'enrolled', 'nothing has changed');
    assert.equal((await swap(THIRD, OLD, north)).status, 200, 'one that has never come gets into the rights by it');
  });

  it('tells nothing of a new device that is out of the rights, neither hold nor replacement', async () => {
    for (const id of [NEW, THIRD]) await api.call('POST', '/devices', { body: { id, site: { region: 'south' } } });
    const north = { role: 'operator', filter: 'site.region = "north"' };
    const token = String((await api.call('POST', '/tokens', { body: { name: 'n', ...north } })).json.token);
    const asks = async (newId: string): Promise<string> => (await swap(newId, OLD, token)).text;
    const plain = await asks(THIRD);
    assert.match(plain, /no-such-device/);
    await comes('NEW', enrolment, ['0 BOOTSTRAP', '1 BOOT']);
    await api.acs.store.apply(NEW, 'heldBack', { detail: 'by hand', now: api.acs.clock.now() });
    assert.equal((await device(NEW)).state, 'held');
    assert.equal(await asks(NEW), plain.replaceAll(THIRD, NEW));
    await api.call('POST', `/devices/${NEW}/approve`);
    assert.equal((await swap(THIRD, NEW)).status, 200);
    for (const id of [NEW, THIRD]) assert.equal(await asks(id), plain.replaceAll(THIRD, id));
  });
});
