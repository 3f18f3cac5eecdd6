// The unit behind NAT: its binding at a STUN server that the test plays, and which datagrams make it open a session (TR-069 Annex G).
import assert from 'node:assert/strict';
import { UdpRequestPolicy } from '../../cpe/agent/connection-request/udp-policy.ts';
import { VirtualClock } from '../../shared/clock.ts';
import { encodeUdpRequest } from '../../shared/cwmp/udp-request.ts';
import {
  argumentsOf,
  ask,
  friendly,
  informResponse,
  type ScriptedAcs,
  scriptedAcs,
} from '../support/cpe/scripted-acs.ts';
import { type TestUnit, testUnit, type UnitOptions } from '../support/cpe/unit.ts';
import { eventually } from '../support/eventually.ts';
import { type FakeStun, fakeStun, rawError, rawPeer, sealOf, writeRaw } from '../support/servers/stun.ts';

const ADDRESS = 'Device.ManagementServer.UDPConnectionRequestAddress';
const MAPPED = { address: '203.0.113.9', port: 40_000 };
const CHANGE = 0xc002;
const USERNAME = 0x0006;
const INTEGRITY = 0x0008;
/** A datagram that left a socket on loopback has arrived after some turns. */
const arrived = async (): Promise<void> => {
  for (let turns = 0; turns < 50; turns++) await new Promise(resolve => setImmediate(resolve));
};
const good = { username: 'admin', password: 'administrator' };

describe('STUN binding', () => {
  let acs: ScriptedAcs;
  let stun: FakeStun;
  let unit: TestUnit;
  beforeEach(async () => {
    acs = await scriptedAcs();
    stun = await fakeStun();
  });
  afterEach(async () => {
    await unit?.close();
    await acs.close();
    await stun.close();
  });

  const start = async (parameters: Record<string, string> = {}, more: Partial<UnitOptions> = {}): Promise<void> => {
    unit = await testUnit({
      url: acs.url,
      listen: { host: '127.0.0.1', port: 0 },
      parameters: {
        'Cwmp.Tr111StunEnable': 'Enable',
        'Cwmp.Tr111StunServerHost': `127.0.0.1:${stun.port}`,
        ...parameters,
      },
      ...more,
    });
    await unit.boot();
  };
  const status = (): string | undefined => unit.device.config.variable('Cwmp.Tr111StunStatus');
  const connected = (): Promise<unknown> => eventually('the STUN status', () => status() === 'Connected');
  const changesTold = (): string[] =>
    acs.heard
      .filter(({ envelope }) => envelope?.body.kind === 'request' && envelope.body.method === 'Inform')
      .flatMap(heard => argumentsOf(heard, 'Inform').ParameterList)
      .filter(({ Name }) => Name === ADDRESS)
      .map(({ Value }) => Value);

  it('has no port and no address and sends nothing while off', async () => {
    await start({ 'Cwmp.Tr111StunEnable': 'Disable' });
    await unit.ended(1);
    assert.equal(status(), 'Disabled');
    assert.equal(unit.device.config.get(ADDRESS), '');
    assert.equal(stun.heard.length, 0);
  });

  it('shows Connected and reports its own address to the ACS without NAT', async () => {
    await start();
    await connected();
    const [first, second] = stun.heard;
    assert.equal(first?.type, 0x0001);
    assert.equal(first?.attributes.get(0xc001)?.toString(), 'dslforum.org/TR-111 ');
    assert.ok(!first?.attributes.has(CHANGE) && !first?.attributes.has(USERNAME) && !first?.attributes.has(INTEGRITY));
    assert.ok(second?.attributes.has(CHANGE), 'a new binding is announced at once');
    assert.equal(unit.device.config.variable('Cwmp.Tr111NatDetected'), 'No');
    const address = `127.0.0.1:${stun.asker}`;
    assert.equal(unit.device.config.get(ADDRESS), address);
    await eventually('the change is reported', () => changesTold().includes(address));
  });

  it('shows NATDetected and notifies the ACS of each public address behind NAT', async () => {
    stun.seen = MAPPED;
    await start();
    await connected();
    assert.equal(unit.device.config.variable('Cwmp.Tr111NatDetected'), 'Yes');
    assert.equal(unit.device.config.get('Device.ManagementServer.NATDetected'), '1');
    await eventually('the change is reported', () => changesTold().includes('203.0.113.9:40000'));
    await eventually('the session has ended', () => acs.names().at(-1) === '(empty)');
    stun.seen = { ...MAPPED, port: 40_001 };
    const before = stun.heard.length;
    await unit.clock.advance(60_000);
    await eventually('the change is reported', () => changesTold().includes('203.0.113.9:40001'));
    await eventually('the STUN request', () => stun.heard.length === before + 2);
    assert.deepEqual(
      stun.heard.slice(before).map(({ attributes }) => attributes.has(CHANGE)),
      [false, true],
    );
  });

  it('renews the binding every Tr111StunKeepAlivePeriod, from the same port', async () => {
    await start({ 'Cwmp.Tr111StunKeepAlivePeriod': '30-30' });
    await connected();
    const port = stun.asker;
    for (let count = 3; count < 6; count++) {
      await arrived();
      await unit.clock.advance(29_000);
      assert.equal(stun.heard.length, count - 1);
      await unit.clock.advance(1_000);
      await eventually('the STUN request', () => stun.heard.length === count);
      assert.equal(stun.asker, port);
    }
  });

  it('searches for the longest period that holds between least and most (plain device)', async () => {
    await start(
      {},
      {
        model: 'device',
        parameters: {
          'Device.ManagementServer.STUNEnable': '1',
          'Device.ManagementServer.STUNServerAddress': '127.0.0.1',
          'Device.ManagementServer.STUNServerPort': String(stun.port),
          'Device.ManagementServer.STUNMinimumKeepAlivePeriod': '10',
          'Device.ManagementServer.STUNMaximumKeepAlivePeriod': '20',
        },
      },
    );
    await eventually('the STUN request', () => stun.heard.length === 2);
    await eventually('the public address', () => unit.device.config.get(ADDRESS) !== '');
    const passes = async (ms: number, count: number): Promise<void> => {
      await unit.clock.advance(ms - 1);
      assert.equal(stun.heard.length, count - 1, 'too soon');
      await unit.clock.advance(1);
      await eventually('the STUN request', () => stun.heard.length === count);
      await arrived();
    };
    await arrived();
    await passes(10_000, 3);
    await passes(15_000, 4);
    stun.seen = MAPPED;
    await unit.clock.advance(20_000);
    await eventually('the STUN request', () => stun.heard.length === 6);
    await eventually('the public address', () => unit.device.config.get(ADDRESS) === '203.0.113.9:40000');
    await arrived();
    await unit.clock.advance(13_000);
    assert.equal(stun.heard.length, 6, 'the last that held, from now on');
    await unit.clock.advance(1_000);
    await eventually('the STUN request', () => stun.heard.length === 7);
    assert.equal(unit.device.config.get('Device.ManagementServer.SupportedConnReqMethods'), 'HTTP,STUN');
  });

  it('asks nine times in 9.5 s, takes the server as silent, and asks later (RFC 3489 9.3)', async () => {
    const { answer } = stun;
    stun.answer = () => undefined;
    await start();
    const at: number[] = [];
    await eventually('the STUN request', () => stun.heard.length === 1);
    const begin = unit.clock.monotonic();
    for (let ms = 0; ms < 9500; ms += 100) {
      await unit.clock.advance(100);
      await arrived();
      while (at.length < stun.heard.length - 1) at.push(unit.clock.monotonic() - begin);
    }
    assert.deepEqual(at, [100, 300, 700, 1500, 3100, 4700, 6300, 7900]);
    await eventually('the STUN status', () => status() === 'ErrorNotResponding');
    assert.equal(unit.device.config.get(ADDRESS), '');
    stun.answer = answer;
    await unit.clock.advance(60_000);
    await connected();
  });

  it('shows the kind of failure: unknown host, refusal', async () => {
    await start({ 'Cwmp.Tr111StunServerHost': '[::1]:3478' });
    await eventually('the STUN status', () => status() === 'ErrorCannotResolve');
    stun.answer = question => writeRaw(0x0111, question.transaction, [[0x0009, rawError(500)]]);
    await unit.device.config.set(
      [{ name: 'Device.X_0090F8_Cwmp.Tr111StunServerHost', value: `127.0.0.1:${stun.port}` }],
      'web',
    );
    await eventually('the STUN status', () => status() === 'ErrorOther');
  });

  it('adds MESSAGE-INTEGRITY only when the server asks for it (TR-069 Annex G)', async () => {
    stun.answer = (question, from) =>
      question.attributes.has(CHANGE) && !question.attributes.has(INTEGRITY)
        ? writeRaw(0x0111, question.transaction, [[0x0009, rawError(401)]])
        : writeRaw(0x0101, question.transaction, [
            [0x0001, Buffer.from([0, 1, from.port >> 8, from.port & 255, 127, 0, 0, 1])],
          ]);
    await start({ 'Cwmp.Tr111StunUsername': 'cpe57', 'Device.ManagementServer.STUNPassword': 'stun-secret' });
    await connected();
    const [plain, change, sealed] = stun.heard;
    assert.equal(plain?.attributes.get(USERNAME)?.toString(), 'cpe57   ');
    assert.ok(!plain?.attributes.has(INTEGRITY) && !change?.attributes.has(INTEGRITY));
    assert.ok(sealed);
    assert.deepEqual(sealed.attributes.get(INTEGRITY), sealOf(sealed.bytes.subarray(0, -24), 'stun-secret'));
    assert.notEqual(sealed.transaction, change?.transaction);
  });

  it('ignores answers of another transaction or source, or with a wrong MESSAGE-INTEGRITY', async () => {
    const forger = await rawPeer();
    const forged = (transaction: string): Buffer =>
      writeRaw(0x0101, transaction, [[0x0001, Buffer.from([0, 1, 0, 80, 192, 0, 2, 66])]]);
    const { answer } = stun;
    stun.answer = question => {
      void forger.send(forged(question.transaction), stun.asker);
      return forged('ab'.repeat(16));
    };
    await start();
    await eventually('the STUN request', () => stun.heard.length === 1);
    stun.answer = answer;
    await unit.clock.advance(100);
    await connected();
    assert.equal(unit.device.config.get(ADDRESS), `127.0.0.1:${stun.asker}`);
    await forger.close();
  });

  it('applies settings at once, under vendor and standard names alike', async () => {
    await start({ 'Cwmp.Tr111StunEnable': 'Disable' });
    await unit.ended(1);
    const base = 'Device.ManagementServer.';
    const set = (values: Record<string, string>): Promise<unknown> =>
      unit.device.config.set(
        Object.entries(values).map(([name, value]) => ({ name: base + name, value })),
        'web',
      );
    await set({
      STUNServerAddress: 'stun.example',
      STUNServerPort: '4000',
      STUNMinimumKeepAlivePeriod: '90',
      STUNMaximumKeepAlivePeriod: '90',
    });
    assert.equal(unit.device.config.variable('Cwmp.Tr111StunServerHost'), 'stun.example:4000');
    assert.equal(unit.device.config.variable('Cwmp.Tr111StunKeepAlivePeriod'), '90-90');
    await assert.rejects(set({ STUNMinimumKeepAlivePeriod: '30' }), /9003|argument/i);
    await set({ STUNServerAddress: '', STUNServerPort: String(stun.port), STUNEnable: '1' });
    assert.equal(unit.device.config.variable('Cwmp.Tr111StunEnable'), 'Enable');
    await connected();
    assert.equal(stun.heard[0]?.type, 1, 'an empty address is the host of the ACS');
    await set({ STUNEnable: '0' });
    await eventually('the STUN status', () => status() === 'Disabled');
    assert.equal(unit.device.config.get(ADDRESS), '');
    await eventually('the change is reported', () => changesTold().at(-1) === '');
  });

  it('keeps its UDP port over a reboot', async () => {
    await start();
    await connected();
    const port = stun.asker;
    await unit.gateway.device.power.reboot({ reason: 'test' });
    await connected();
    assert.equal(stun.asker, port);
  });
});

describe('UDP connection request', () => {
  let acs: ScriptedAcs;
  let stun: FakeStun;
  let unit: TestUnit;
  let ended: number;
  beforeEach(async () => {
    acs = await scriptedAcs();
    stun = await fakeStun();
  });
  afterEach(async () => {
    await unit?.close();
    await acs.close();
    await stun.close();
  });

  const start = async (parameters: Record<string, string> = {}): Promise<void> => {
    unit = await testUnit({
      url: acs.url,
      listen: { host: '127.0.0.1', port: 0 },
      parameters: {
        'Cwmp.Tr111StunEnable': 'Enable',
        'Cwmp.Tr111StunServerHost': `127.0.0.1:${stun.port}`,
        ...parameters,
      },
    });
    await unit.boot();
    await eventually('the STUN status', () => unit.device.config.variable('Cwmp.Tr111StunStatus') === 'Connected');
    // 0 BOOTSTRAP, and the address to the ACS that is known from then on.
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
  const codes = (count: number): string[] => (unit.sessions[count - 1]?.events ?? []).map(({ EventCode }) => EventCode);
  /** Everything that was sent before has been judged: the unit asks at its next renewal only after it has read its queue. */
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
