// The binding of a unit behind NAT at a STUN server that the test plays (TR-069 Annex G).
import assert from 'node:assert/strict';
import { argumentsOf, type ScriptedAcs } from '../support/cpe/scripted-acs.ts';
import type { TestUnit, UnitOptions } from '../support/cpe/unit.ts';
import { eventually } from '../support/eventually.ts';
import { type FakeStun, rawError, rawPeer, sealOf, writeRaw } from '../support/servers/stun.ts';
import { StunWorld } from '../support/worlds/stun-world.ts';

const ADDRESS = 'Device.ManagementServer.UDPConnectionRequestAddress';
const MAPPED = { address: '203.0.113.9', port: 40_000 };
const CHANGE = 0xc002;
const USERNAME = 0x0006;
const INTEGRITY = 0x0008;
/** A datagram that left a socket on loopback has arrived after some turns. */
const arrived = async (): Promise<void> => {
  for (let turns = 0; turns < 50; turns++) await new Promise(resolve => setImmediate(resolve));
};

describe('STUN binding', () => {
  let world: StunWorld;
  let acs: ScriptedAcs;
  let stun: FakeStun;
  let unit: TestUnit;
  beforeEach(async () => {
    world = await StunWorld.open();
    ({ acs, stun } = world);
  });
  afterEach(async () => await world.close());

  const start = async (parameters: Record<string, string> = {}, more: Partial<UnitOptions> = {}): Promise<void> => {
    unit = await world.start(parameters, more);
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

  it('spreads its reports by UDPConnectionRequestAddressNotificationLimit', async () => {
    const limit = 'Device.ManagementServer.UDPConnectionRequestAddressNotificationLimit';
    await start({ [limit]: '150' });
    await eventually('the change is reported', () => changesTold().length === 1);
    await eventually('the session has ended', () => acs.names().at(-1) === '(empty)');
    for (const port of [40_001, 40_002]) {
      stun.seen = { ...MAPPED, port };
      await unit.clock.advance(60_000);
      await eventually('the new address', () => unit.device.config.get(ADDRESS).endsWith(`:${port}`));
      await arrived();
    }
    assert.equal(changesTold().length, 1, 'only 120 s have passed');
    await unit.clock.advance(31_000);
    await eventually('the change is reported', () => changesTold().length === 2);
    assert.equal(changesTold().at(-1), '203.0.113.9:40002');
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
