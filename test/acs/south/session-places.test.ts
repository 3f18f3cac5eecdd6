// Sessions with a login that many CPEs share: they hold a bounded part of all places, for a bounded time, and bounded rows.
import assert from 'node:assert/strict';
import { QuarantineLimit } from '../../../acs/fleet/enrolment/quarantine-limit.ts';
import {
  MAX_PER_CONNECTION,
  type Placed,
  SessionPlaces,
  SILENT_MS,
} from '../../../acs/south/admission/session-places.ts';
import { VirtualClock } from '../../../shared/clock.ts';
import { type TestAcs, testAcs } from '../../support/acs/memory-acs.ts';
import { ScriptedCpe } from '../../support/cpe/scripted-cpe.ts';
import { deviceId as id } from '../../support/devices.ts';

describe('places of sessions', () => {
  let acs: TestAcs;
  afterEach(async () => await acs.close());

  const shared = { username: 'enrol', password: 'factory' };
  const serial = (at: number): string => `X${String(at).padStart(6, '0')}`;
  /** Opens a session and leaves it silent. @returns the status of the answer to its Inform */
  const hold = async (at: number, address: string, settings: object = shared): Promise<number> => {
    const cpe = new ScriptedCpe(acs.app, { serial: serial(at), scheme: 'basic', ...settings });
    const { raw } = cpe;
    cpe.raw = (body, headers = {}) => raw.call(cpe, body, { ...headers, 'x-forwarded-for': address });
    return (await cpe.post({ ...cpe.inform(), sessionTimeout: 300 })).status;
  };

  it('B1: keeps places for other addresses and for devices with their own login', async () => {
    acs = await testAcs({ enrol: 'auto', limits: { running: 20, waiting: 0 } });
    await acs.fleet.devices.announce(id, { credentials: { username: 'box-1', password: 'secret-1' } });
    const answers: number[] = [];
    for (let at = 0; at < 100; at++) answers.push(await hold(at, '192.0.2.1'));
    assert.equal(answers.filter(status => status === 200).length, 10, 'half of the places');
    assert.equal(answers.filter(status => status === 503).length, 90);
    for (let at = 100; at < 110; at++) answers.push(await hold(at, '192.0.2.2'));
    assert.equal(answers.slice(100).filter(status => status === 200).length, 5, 'three quarters in all');
    const own = { serial: '0090F8000001', username: 'box-1', password: 'secret-1' };
    assert.equal(await hold(0, '192.0.2.1', own), 200, 'a device with its own login gets in, from any address');
    await acs.clock.advance(SILENT_MS + 1000);
    assert.equal(await hold(200, '192.0.2.3'), 200, 'a silent session gives way');
    assert.equal(acs.south.sessions(), 16);
  });

  it('B1: ends a session in quarantine after 30 s of silence, whatever it asks for', async () => {
    acs = await testAcs({ enrol: 'approve' });
    assert.equal(await hold(1, '192.0.2.1'), 200);
    await acs.clock.advance(29_000);
    assert.equal(acs.south.sessions(), 1);
    await acs.clock.advance(2000);
    assert.equal(acs.south.sessions(), 0);
  });

  it('B1: holds a bounded number of sessions over one connection', async () => {
    acs = await testAcs();
    const clock = new VirtualClock();
    const places = new SessionPlaces({ clock, running: 1000 });
    const abandoned: number[] = [];
    const session = (at: number): Placed => {
      const since = clock.monotonic();
      return { waitingSince: () => since, abandon: () => abandoned.push(at) };
    };
    const arriving = { connection: {} as never, address: '192.0.2.1', isShared: false };
    for (let at = 0; at < MAX_PER_CONNECTION; at++) {
      assert.ok(places.hasRoom(arriving));
      places.add(session(at), arriving);
      await clock.advance(1);
    }
    assert.equal(places.hasRoom(arriving), false);
    assert.ok(places.hasRoom({ ...arriving, connection: {} as never }));
    await clock.advance(SILENT_MS);
    assert.ok(places.hasRoom(arriving));
    assert.deepEqual(abandoned, [0]);
  });

  it('B1: removes the oldest devices in quarantine that no operator has touched', async () => {
    acs = await testAcs({ enrol: 'approve' });
    const limit = new QuarantineLimit({ ...acs, log: acs.log }, 5);
    for (let at = 0; at < 4; at++) {
      await new ScriptedCpe(acs.app, { serial: serial(at), ...shared }).session();
      await acs.clock.advance(1000);
    }
    await acs.fleet.devices.patch(`0090F8-4102S-${serial(0)}`, { tags: ['mine'] });
    await acs.fleet.enrolment.approve(`0090F8-4102S-${serial(1)}`);
    for (let at = 4; at < 20; at++) {
      await new ScriptedCpe(acs.app, { serial: serial(at), ...shared }).session();
      await acs.clock.advance(1000);
      await limit.settled();
    }
    const { items } = await acs.fleet.devices.list({ limit: 100 });
    const kept = items.map(({ view }) => view.serialNumber);
    assert.ok(kept.includes(serial(0)) && kept.includes(serial(1)) && kept.includes(serial(19)));
    assert.ok(!kept.includes(serial(2)));
    assert.ok(kept.length <= 5 + 1 + 5, String(kept.length));
  });
});
