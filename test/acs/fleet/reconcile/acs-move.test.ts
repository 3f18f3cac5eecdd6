// Moves between two ACSes: a move undoes itself unless it is confirmed, and does not begin where no ACS answers.
import assert from 'node:assert/strict';
import { createProbeAcs } from '../../../../acs/south/probe/acs.ts';
import type { Device } from '../../../../cpe/state/device.ts';
import { VirtualClock } from '../../../../shared/clock.ts';
import { HttpError } from '../../../../shared/net/http.ts';
import { deviceId as id } from '../../../support/devices.ts';
import {
  informingEvery,
  openVirtualWorld,
  type VirtualWorld,
  virtualUrl,
} from '../../../support/worlds/virtual-world.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const other = 'http://other.test';
const url = 'Device.ManagementServer.URL';
const fixed = 'Device.X_0090F8_Cwmp.AcsStaticUrl';
const source = 'Device.X_0090F8_Cwmp.AcsUrlConfigSource';
const level = 'Device.X_0090F8_Cwmp.MinSeverity';

interface View {
  lastInform: string;
  move: { url: string; from: string; state: string; until: string; heard?: string } | null;
  faults: { id: string; cause: string; code: string; message: string; hint: string }[];
}

describe('a move to another ACS', () => {
  let world: VirtualWorld;
  let device: Device;
  beforeEach(async () => {
    world = await openVirtualWorld(informingEvery(600));
    world.start();
    await world.pass(MINUTE);
    device = world.group.units[0]!.gateway.device;
  });
  afterEach(async () => await world.close());

  const put = async (preset: object): Promise<unknown> => await world.api('PUT', '/presets/move', preset);
  const view = async (): Promise<View> => (await world.api('GET', `/devices/${id}`)) as View;
  const next = async (): Promise<void> => await world.pass(11 * MINUTE);
  const inform = async (): Promise<number> => Date.parse((await view()).lastInform);

  it('stays at the new ACS when it is confirmed', async () => {
    const { store } = await world.another(other, { cpeAuth: 'none' });
    await put({ set: { [url]: other, [level]: 'Error' } });
    await next();
    assert.ok((await store.device(id))?.lastBootstrap, 'a first contact, as TR-069 3.7.1.5 has it');
    assert.equal(device.config.get(level), 'Error', 'what else is wanted was set before');
    const { move } = await view();
    assert.deepEqual([move?.url, move?.from, move?.state], [other, virtualUrl, 'moving']);
    await world.api('POST', `/devices/${id}/moved`);
    assert.equal(((await view()) as unknown as { openTasks: number }).openTasks, 0);
    const left = await inform();
    await world.pass(3 * HOUR);
    assert.equal(device.config.get(url), other);
    assert.ok(world.clock.now() - ((await store.device(id))?.lastInform ?? 0) < 11 * MINUTE);
    assert.deepEqual([await inform(), (await view()).move?.state], [left, 'confirmed']);
  });

  it('returns to the old ACS when it is not confirmed, with a fault, and is not repeated', async () => {
    // The new ACS answers, and does not admit the unit.
    await world.another(other, { cpeAuth: 'required' });
    await put({ set: { [url]: other }, acsMove: { returnAfter: '20m' } });
    await next();
    assert.equal(device.config.get(url), other);
    const left = await inform();
    await world.pass(8 * MINUTE);
    assert.equal(await inform(), left, 'it is away');
    await world.pass(20 * MINUTE);
    assert.equal(device.config.get(url), virtualUrl);
    const { move, faults } = await view();
    assert.deepEqual(
      [move?.state, faults.map(({ cause, code }) => [cause, code])],
      ['returned', [['move', 'acs-move-returned']]],
    );
    assert.match(String(faults[0]?.message), /its arrival at http:\/\/other\.test was not confirmed within 20 minutes/);
    assert.match(String(faults[0]?.hint), /POST \/devices\/\{id\}\/moved/);
    await world.pass(3 * HOUR);
    assert.equal(device.config.get(url), virtualUrl, 'not again by itself');
    assert.ok(world.clock.now() - (await inform()) < 11 * MINUTE, 'and all goes on');
    await world.api('DELETE', `/faults/${faults[0]?.id}`);
    await next();
    assert.equal(device.config.get(url), other, 'but when it is asked for');
  });

  it('returns to DHCP when the ACS came from DHCP', async () => {
    await world.another(other, { cpeAuth: 'required' });
    await device.config.set([{ name: source, value: 'DhcpWithFailover' }], 'web');
    await put({ set: { [source]: 'Static', [fixed]: other } });
    await next();
    assert.deepEqual([device.config.get(source), device.config.get(fixed)], ['Static', other]);
    await world.pass(HOUR);
    assert.deepEqual([device.config.get(source), device.config.get(fixed)], ['DhcpWithFailover', virtualUrl]);
    assert.ok(world.clock.now() - (await inform()) < 11 * MINUTE);
  });

  it('waits with a fault until an ACS answers at the new URL', async () => {
    await put({ set: { [url]: other, [level]: 'Error' } });
    await next();
    assert.deepEqual([device.config.get(url), device.config.get(level)], [virtualUrl, 'Error']);
    const { move, faults } = await view();
    assert.deepEqual([move?.state, faults.map(({ code }) => code)], ['waiting', ['acs-not-answering']]);
    assert.match(String(faults[0]?.message), /no ACS answers at http:\/\/other\.test: .*nobody there/);
    const {
      count = 0,
      last,
      retryAt,
    } = (await world.store.faults({ limit: 1, now: 0 })).items[0] ?? { last: 0, retryAt: 0 };
    const wait = (retryAt - last) / (5 * MINUTE * 2 ** (count - 1));
    assert.ok(wait >= 0.75 && wait <= 1.25 && wait !== 1, `five minutes by chance, ${wait}`);
    await world.another(other, { cpeAuth: 'none' });
    await world.until('it has gone', () => device.config.get(url) === other, HOUR);
    await world.api('POST', `/devices/${id}/moved`);
    await world.pass(HOUR);
    assert.equal(device.config.get(url), other);
  });

  it('begins without an answering ACS when it is forced, and returns', async () => {
    await put({ set: { [url]: other }, acsMove: { force: true } });
    await next();
    assert.equal(device.config.get(url), other);
    await world.pass(HOUR);
    assert.equal(device.config.get(url), virtualUrl);
  });

  it('does not begin when its Download of the way back is cancelled first', async () => {
    await world.another(other, { cpeAuth: 'none' });
    world.events.on('task', ({ task }) => {
      if (task.method === 'Download' && task.state === 'queued')
        void world.store.apply(id, 'taskCancelled', { id: task.id, now: world.clock.now() });
    });
    await put({ set: { [url]: other } });
    await next();
    assert.equal(device.config.get(url), virtualUrl);
    const { move, faults } = await view();
    assert.deepEqual([move?.state, faults.map(({ code }) => code)], ['waiting', ['no-way-back']]);
  });

  it('sets the login for the new ACS with the URL, and returns with the old login', async () => {
    const login = { username: 'there', password: 'secret-there' };
    const { store, fleet } = await world.another(other, { cpeAuth: 'required' });
    await fleet.devices.announce(id, { credentials: login });
    const user = 'Device.ManagementServer.Username';
    const password = 'Device.ManagementServer.Password';
    const set = { [url]: other, [user]: login.username, [password]: login.password };
    await put({ set, audit: '5m' });
    await world.until('it is there', async () => (await store.device(id))?.lastInform !== undefined, HOUR);
    assert.equal(device.config.get(user), login.username);
    const left = await inform();
    await world.pass(5 * MINUTE);
    assert.equal(await inform(), left, 'it is away');
    await world.until('it is back', async () => (await inform()) > left, HOUR);
    assert.deepEqual([device.config.get(url), device.config.get(user)], [virtualUrl, id]);
    await world.pass(HOUR);
    assert.equal(device.config.get(user), id, 'nor is it set while the device stays');
    assert.deepEqual(
      (await view()).faults.map(({ code }) => code),
      ['acs-move-returned'],
    );
  });

  it('is required for a change of the login, which alone would lose this ACS', async () => {
    for (const name of ['ManagementServer.Password', 'X_0090F8_Cwmp.Username']) {
      const set = { [`Device.${name}`]: 'x' };
      await assert.rejects(put({ set }), new RegExp(`409 .*set: Device\\.${name}: .*lose it.*would-lose-acs`));
      await assert.rejects(
        world.api('PATCH', `/devices/${id}`, { overrides: set }),
        new RegExp(`409 .*overrides: Device\\.${name}`),
      );
      await world.api('PATCH', `/devices/${id}`, { overrides: { [`Device.${name}`]: null } });
    }
    const user = 'Device.ManagementServer.Username';
    await world.api('PATCH', `/devices/${id}`, { overrides: { [url]: other, [user]: 'there' } });
    await assert.rejects(
      world.api('PATCH', `/devices/${id}`, { overrides: { [url]: null } }),
      new RegExp(`409 .*overrides: ${user}: .*would-lose-acs`),
    );
    await world.api('PATCH', `/devices/${id}`, { overrides: { [level]: 'Error' } });
    await world.api('PATCH', `/devices/${id}`, { overrides: { [url]: null, [user]: null } });
    const set = { 'Device.X_0090F8_Cwmp.Username': 'x' };
    await world.api('PUT', '/presets/forced?force=true', { set });
    await world.until('it has it', () => device.config.get('Device.X_0090F8_Cwmp.Username') === 'x', HOUR);
  });

  it('is forgotten when it is no longer wanted', async () => {
    await put({ set: { [url]: other } });
    await next();
    assert.equal((await view()).faults.length, 1);
    await put({ set: { [level]: 'Error' } });
    await next();
    assert.deepEqual([(await view()).faults, (await view()).move], [[], null]);
  });

  it('only sets the values when the URL is that of this ACS', async () => {
    await put({ set: { [url]: virtualUrl, [source]: 'Static' } });
    await next();
    const { move, faults } = await view();
    assert.deepEqual([move, faults], [null, []]);
  });

  it('returns after power cuts on the way', async () => {
    await world.another(other, { cpeAuth: 'required' });
    await put({ set: { [url]: other } });
    await next();
    world.setFaults('power-idle=1');
    await world.pass(2 * HOUR);
    world.setFaults('none');
    await world.pass(HOUR);
    const now = world.group.units[0]!.gateway.device;
    assert.ok(world.report().powerCuts > 0);
    assert.equal(now.config.get(url), virtualUrl);
  });

  it('refuses a confirmation when it is not under way', async () => {
    await assert.rejects(world.api('POST', `/devices/${id}/moved`), /409 .*not on its way/);
    await assert.rejects(world.api('POST', '/devices/0090F8-X-1/moved'), /404/);
    await assert.rejects(
      put({ set: { [url]: other }, acsMove: { returnAfter: 'soon' } }),
      /400 .*acsMove: returnAfter: 'soon'/,
    );
  });
});

describe('a probe for an ACS', () => {
  it('accepts any answer of an ACS, and asks once a minute for all devices', async () => {
    const clock = new VirtualClock();
    let asked = 0;
    let status = 401;
    const probe = createProbeAcs(clock, async () => {
      asked++;
      if (status === 0) throw new HttpError('connect', 'nobody there');
      return { status, headers: {}, body: Buffer.alloc(0) };
    });
    assert.equal(await probe('https://a.test/'), undefined);
    status = 0;
    assert.equal(await probe('https://a.test/'), undefined);
    assert.equal(asked, 1);
    await clock.advance(61_000);
    assert.match(String(await probe('https://a.test/')), /nobody there/);
    for (const [code, good] of [
      [204, true],
      [500, true],
      [404, false],
      [503, false],
    ] as const) {
      status = code;
      assert.equal((await probe(`https://a.test/${code}`)) === undefined, good, String(code));
    }
    assert.match(String(await probe('ftp://a.test/')), /no URL of an ACS/);
  });
});
