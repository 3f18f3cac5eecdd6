// The LEDs and ports of a unit: which a product has, and when they change.
import assert from 'node:assert/strict';
import { ledsOf, portsOf } from '../../../cpe/services/hardware/leds.ts';
import { hardwareOf } from '../../../cpe/services/hardware/products.ts';
import { createLog } from '../../../shared/log.ts';
import { clock, Gateways, set } from '../../support/cpe/gateways.ts';
import { eventually } from '../../support/eventually.ts';
import { Telephones } from '../../support/voice/telephones.ts';

describe('hardware of a product', () => {
  it('has the lines that its name says, and the Ready LED but for the 3xxx series', () => {
    const shown = (product: string): string => {
      const { series, lines, hasReadyLed } = hardwareOf(product);
      return `${series} ${lines.count} ${lines.kind} ${hasReadyLed}`;
    };
    assert.deepEqual(
      ['4102S', '4124', 'TA7102i', '4402 plus', '3532', '3301', 'X'].map(shown),
      ['41xx 2 FXS true', '41xx 24 FXS true', '41xx 2 FXS true', '44xx 2 BRI true', '3xxx 2 PRI false'].concat([
        '3xxx 1 FXS false',
        'other 2 FXS true',
      ]),
    );
  });
});

describe('LEDs of a unit', function () {
  this.timeout(30_000);
  const telephones = Telephones.inSuite(43);

  it('follow its connections, calls and services, each change in a log line', async () => {
    const lines: string[] = [];
    const log = createLog({ clock, level: 'info', write: line => lines.push(line) });
    const called = await telephones.boot('101', {}, { log });
    const caller = await telephones.boot('100', {});
    const unit = telephones.deviceOf('101');
    const state = (led: string): string | undefined => ledsOf(unit).find(entry => entry.led === led)?.state;
    assert.deepEqual(
      ledsOf(unit).map(({ led, state: now }) => `${led}: ${now}`),
      ['Power: steady green', 'Ready: steady green', 'In Use: off'].concat([
        'Ethernet eth1: steady green',
        'Ethernet eth2: off',
      ]),
    );
    const [call] = await Telephones.connect(caller, called);
    await eventually('the line', () => state('In Use') === 'steady green');
    assert.ok(portsOf(unit).some(({ port, state: now }) => port === 'FXS 1' && now === 'In use'));
    await call.hangup();
    await eventually('the idle line', () => state('In Use') === 'off');
    await unit.services.command('SipEp', 'Stop');
    assert.equal(state('Ready'), 'off');
    const changes = lines
      .map(line => JSON.parse(line) as Record<string, string>)
      .filter(({ msg }) => msg === 'LED changed')
      .map(({ led, state: now }) => `${led}: ${now}`);
    for (const change of ['Ready: blinking green', 'Ready: steady green', 'In Use: steady green', 'In Use: off'])
      assert.ok(changes.includes(change), `${change} of ${changes.join(', ')}`);
    assert.equal(changes.at(-1), 'Ready: off');
  });

  it('show the speed of a port as it is set', async () => {
    const on = await Gateways.open();
    const gateway = await on.up();
    const speed = (): string | undefined => gateway.device.config.variable('Eth.PortsStatus[Name=eth1].Connection');
    assert.equal(speed(), 'Full100');
    await set(gateway, { 'Eth.Ports[Name=eth1].Speed': 'Half10' });
    assert.equal(speed(), 'Half10');
    assert.equal(gateway.device.config.variable('Eth.PortsStatus[Name=eth2].Connection'), 'Disconnected');
    await on.close();
  });
});
