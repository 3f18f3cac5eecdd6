// Connection requests by UDP to a unit behind NAT: which datagrams make it open a session (TR-069 Annex G).
import assert from 'node:assert/strict';
import { UdpRequestPolicy } from '../../cpe/agent/connection-request/udp-policy.ts';
import { VirtualClock } from '../../shared/clock.ts';
import { encodeUdpRequest } from '../../shared/cwmp/udp-request.ts';
import { ask, friendly, informResponse, type ScriptedAcs } from '../support/cpe/scripted-acs.ts';
import type { TestUnit } from '../support/cpe/unit.ts';
import { eventually } from '../support/eventually.ts';
import type { FakeStun } from '../support/servers/stun.ts';
import { StunWorld } from '../support/worlds/stun-world.ts';

const good = { username: 'admin', password: 'administrator' };

describe('UDP connection request', () => {
  let world: StunWorld;
  let acs: ScriptedAcs;
  let stun: FakeStun;
  let unit: TestUnit;
  let ended: number;
  beforeEach(async () => {
    world = await StunWorld.open();
    ({ acs, stun } = world);
  });
  afterEach(async () => await world.close());

  const start = async (parameters: Record<string, string> = {}): Promise<void> => {
    unit = await world.start(parameters);
    await eventually('the STUN status', () => unit.device.config.variable('Cwmp.Tr111StunStatus') === 'Connected');
    // 0 BOOTSTRAP, then the UDP address.
    ended = 2;
    assert.ok((await unit.ended(ended)).ok);
  };
  const request = (change: Partial<{ ts: number; id: string; un: string; password: string }> = {}): Buffer => {
    const { password = good.password, ...fields } = change;
    return encodeUdpRequest(
      { authority: 'h:1', ts: 1000, id: '1', un: good.username, cn: 'c0ffee', ...fields },
      password,
    );
  };
  const codes = (session: number): string[] => unit.codes(session);
  /** Waits until all datagrams are read: the unit asks at its next renewal only after it has read its queue. */
  const judged = async (): Promise<void> => {
    const before = stun.heard.length;
    await unit.clock.advance(60_000);
    await eventually('the STUN request', () => stun.heard.length > before);
    await unit.clock.settle();
  };

  it('opens one session with 6 CONNECTION REQUEST for all copies of a well-signed request', async () => {
    await start();
    for (let copy = 0; copy < 3; copy++) await stun.send(request());
    await unit.ended(ended + 1);
    assert.deepEqual(codes(ended + 1), ['6 CONNECTION REQUEST']);
    await judged();
    assert.equal(unit.sessions.length, ended + 1);
    await stun.send(request({ ts: 1001, id: '2' }));
    await unit.ended(ended + 2);
  });

  it('ignores wrong password or name, old time, same id and junk without an answer', async () => {
    await start();
    await stun.send(request());
    await unit.ended(ended + 1);
    const asked = stun.heard.length;
    for (const bytes of [
      request({ ts: 2000, id: '2', password: 'guess' }),
      request({ ts: 2000, id: '2', un: 'root' }),
      request({ ts: 999, id: '2' }),
      request({ ts: 1000, id: '2' }),
      request({ ts: 2000, id: '1' }),
      Buffer.from(request({ ts: 2000, id: '2' }).toString().replace('ts=2000', 'ts=2001')),
      Buffer.from('GET http://h:1 HTTP/1.1\r\n\r\n'),
      Buffer.from('\u00ff'.repeat(500), 'latin1'),
      Buffer.alloc(0),
    ]) {
      await stun.send(bytes);
    }
    assert.equal(stun.heard.length, asked);
    await judged();
    assert.equal(unit.sessions.length, ended + 1);
    await stun.send(request({ ts: 2000, id: '2' }));
    await unit.ended(ended + 2);
    assert.deepEqual(codes(ended + 2), ['6 CONNECTION REQUEST']);
  });

  it('opens one more session for a request during a session', async () => {
    await start();
    let meanwhile: Buffer[] = [request({ ts: 1001, id: '2' }), request({ ts: 1002, id: '3' })];
    acs.always(async heard => {
      const bytes = meanwhile;
      meanwhile = [];
      for (const each of bytes) await stun.send(each);
      await eventually(
        'the requests by UDP',
        () => unit.logged.filter(line => line.includes('"by":"UDP"')).length === 3,
      );
      return friendly(heard);
    });
    await stun.send(request());
    await unit.ended(ended + 2);
    assert.deepEqual(codes(ended + 2), ['6 CONNECTION REQUEST']);
    await judged();
    assert.equal(unit.sessions.length, ended + 2);
  });

  it('applies credentials that the ACS sets at once', async () => {
    await start();
    acs.play(
      informResponse(),
      ask('SetParameterValues', {
        ParameterList: [
          { Name: 'Device.ManagementServer.ConnectionRequestPassword', Value: 'fresh', Type: 'xsd:string' },
        ],
        ParameterKey: '',
      }),
    );
    unit.gateway.agent?.inform();
    await unit.ended(ended + 1);
    await stun.send(request());
    await stun.send(request({ password: 'fresh' }));
    await unit.ended(ended + 2);
    await judged();
    assert.equal(unit.sessions.length, ended + 2);
  });

  it('ignores a replay even after a reboot', async () => {
    await start();
    await stun.send(request());
    await unit.ended(ended + 1);
    await unit.gateway.device.power.reboot({ reason: 'test' });
    await eventually('the STUN status', () => unit.device.config.variable('Cwmp.Tr111StunStatus') === 'Connected');
    await unit.ended(ended + 2);
    await judged();
    const now = unit.sessions.length;
    await stun.send(request());
    await judged();
    assert.equal(unit.sessions.length, now);
  });

  it('takes unsigned requests only with InteropAllowUnauthenticatedUDPConnectionRequests', async () => {
    await start({ 'Cwmp.InteropAllowUnauthenticatedUDPConnectionRequests': 'Enable' });
    for (let copy = 0; copy < 3; copy++) await stun.send('GET http://h:1 HTTP/1.1\r\n\r\n');
    await stun.send('HELLO');
    await unit.ended(ended + 1);
    assert.deepEqual(codes(ended + 1), ['6 CONNECTION REQUEST']);
    await judged();
    assert.equal(unit.sessions.length, ended + 1);
  });
});

describe('flood of UDP requests', () => {
  const clock = new VirtualClock();
  let looked = 0;
  const judge = (allowUnsigned = false): UdpRequestPolicy =>
    new UdpRequestPolicy({
      clock,
      credentials: () => {
        looked++;
        return good;
      },
      allowUnsigned: () => allowUnsigned,
      last: { ts: 0, id: '' },
    });
  const request = (ts: number, password = good.password): Buffer =>
    encodeUdpRequest({ authority: 'h:1', ts, id: String(ts), un: good.username, cn: 'c' }, password);

  it('checks a limited number of signatures a second, and accepts a good one afterwards', async () => {
    const door = judge();
    for (let at = 1; at <= 5000; at++) assert.equal(door.accepts(request(at, 'guess')), false);
    assert.equal(looked, 100);
    assert.equal(door.accepts(request(6000)), false);
    await clock.advance(1000);
    assert.equal(door.accepts(request(6000)), true);
    assert.deepEqual(door.last, { ts: 6000, id: '6000' });
  });

  it('accepts 60 good requests in a minute', async () => {
    const door = judge();
    let accepted = 0;
    for (let at = 1; at <= 600; at++) {
      if (door.accepts(request(at))) accepted++;
      await clock.advance(50);
    }
    assert.equal(accepted, 60);
    const open = judge(true);
    accepted = 0;
    for (let at = 1; at <= 100; at++) if (open.accepts(request(at))) accepted++;
    assert.equal(accepted, 1, 'unsigned copies are one');
  });
});
