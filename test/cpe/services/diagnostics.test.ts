// Diagnostics of a unit by themselves: their network, their states, and what ends them.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Gateway } from '../../../cpe/gateway.ts';
import { networkOf, parseHost } from '../../../cpe/network.ts';
import { CwmpFault } from '../../../shared/cwmp/faults.ts';
import { Gateways } from '../../support/cpe/gateways.ts';
import { eventually } from '../../support/eventually.ts';
import { openVirtualWorld } from '../../support/worlds/virtual-world.ts';

const PING = 'Device.LAN.IPPingDiagnostics.';

describe('network of a simulated unit', () => {
  it('reads a host with time, loss and route', () => {
    assert.deepEqual(parseHost('Voice.Example=12.5ms, 5%, 192.0.2.1/192.0.2.2'), {
      host: 'voice.example',
      roundTrip: 12.5,
      loss: 0.05,
      hops: ['192.0.2.1', '192.0.2.2'],
    });
  });

  for (const [text, reason] of [
    ['voice.example', /is not HOST=MS/],
    ['=5', /is not HOST=MS/],
    ['a=fast', /'fast' is no time/],
    ['a=99999', /'99999' is no time up to 60000 ms/],
    ['a=5,101%', /'101%' is no share/],
    ['a=5,1%,x y', /'x y' is no list/],
  ] as const)
    it(`refuses ${text} and says what is wrong`, () => assert.throws(() => parseHost(text), reason));

  it('reads any text: a host within its bounds, or a refusal', () => {
    const piece = fc.constantFrom('a', '=', ',', '5', '%', '/', '.', '1e9', ' ', '-1', 'ms');
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece).map(parts => parts.join('')),
        ),
        text => {
          try {
            const { roundTrip, loss, hops } = parseHost(text);
            assert.ok(roundTrip >= 0 && roundTrip <= 60_000 && loss >= 0 && loss <= 1 && hops.length <= 63);
          } catch (error) {
            assert.match(String(error), /^Error: '/);
          }
        },
      ),
      { numRuns: 1000, seed: 6 },
    );
  });
});

describe('diagnostics of a unit', () => {
  let gateways: Gateways;
  let unit: Gateway;
  beforeEach(async () => {
    gateways = await Gateways.open();
    unit = await gateways.up({ network: networkOf(['slow.example=400']) });
  });
  afterEach(async () => await gateways.close());

  const set = (values: Record<string, string>): Promise<0 | 1> =>
    unit.device.config.set(
      Object.entries(values).map(([name, value]) => ({ name: PING + name, value })),
      'web',
    );
  const value = (name: string): string => unit.device.config.get(PING + name);
  const ended = (): Promise<unknown> => eventually('the end', () => value('DiagnosticsState') === 'Complete');

  it('forget their results when a setting changes, and run again when they are asked for again', async () => {
    await set({ Host: '127.0.0.1', NumberOfRepetitions: '1', DiagnosticsState: 'Requested' });
    assert.equal(value('DiagnosticsState'), 'Requested');
    await ended();
    assert.equal(value('SuccessCount'), '1');
    await set({ NumberOfRepetitions: '2' });
    assert.deepEqual([value('DiagnosticsState'), value('SuccessCount')], ['None', '0']);
    await set({ DiagnosticsState: 'Requested' });
    await ended();
    await set({ DiagnosticsState: 'Requested' });
    await ended();
    assert.equal(value('SuccessCount'), '2');
  });

  it('end with a restart of the unit, after which the state is None', async () => {
    await set({ Host: 'slow.example', NumberOfRepetitions: '100', DiagnosticsState: 'Requested' });
    await unit.reboot({ reason: 'this test' });
    assert.deepEqual([value('DiagnosticsState'), value('Host')], ['None', 'slow.example']);
  });

  it('take no state but Requested and None', async () => {
    const refused = await set({ DiagnosticsState: 'Complete' }).catch((error: unknown) => error);
    assert.ok(refused instanceof CwmpFault);
    assert.equal(refused.parameters[0]?.code, 9007);
    await set({ DiagnosticsState: 'None' });
  });

  it('run in a fleet in virtual time, where each reports its end in a session of its own', async () => {
    const world = await openVirtualWorld({ count: 3, ramp: 0, cpeAuth: 'none' });
    try {
      world.start();
      const enrolled = async (): Promise<boolean> => (await world.store.countDevices(undefined, 0)) === 3;
      await world.until('all are there', enrolled, 600_000, 1000);
      await world.pass(60_000);
      const events: string[] = [];
      world.events.on('inform', ({ events: codes }) => events.push(codes.join(' ')));
      const { items } = (await world.api('GET', '/devices')) as { items: { id: string }[] };
      const run = { host: '127.0.0.1', repetitions: 5 };
      for (const { id } of items) {
        await world.api('POST', `/devices/${encodeURIComponent(id)}/diagnostics/ping`, run);
        await world.api('POST', `/devices/${encodeURIComponent(id)}/connection-request`);
      }
      await world.pass(60_000);
      assert.deepEqual(
        events.filter(codes => codes.startsWith('8 ')),
        Array(3).fill('8 DIAGNOSTICS COMPLETE'),
      );
      for (const { id } of items) {
        const path = `/devices/${encodeURIComponent(id)}/diagnostics`;
        const [found] = ((await world.api('GET', path)) as { items: { state: string; values: object }[] }).items;
        assert.deepEqual([found?.state, found?.values], ['done', { ...found?.values, succeeded: 5, failed: 0 }]);
      }
    } finally {
      await world.close();
    }
  });
});
