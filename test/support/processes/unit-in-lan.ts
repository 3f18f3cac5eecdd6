// Boots a unit that asks the DHCP server of an interface, and prints a line of facts when its script has run and its firmware is there.
// Arguments: interface, address of the unit.
import { createGateway } from '../../../cpe/gateway.ts';
import { seededRandom, systemClock } from '../../../shared/clock.ts';
import { createLog } from '../../../shared/log.ts';
import { builtinModel } from '../../../shared/model/datamodel.ts';
import { identity } from '../cpe/gateways.ts';

const [, , name = '', address = ''] = process.argv;
const clock = systemClock();
const gateway = await createGateway({
  model: await builtinModel('dgw'),
  identity,
  address,
  clock,
  random: seededRandom(1),
  log: createLog({ clock, level: 'info', write: line => process.stderr.write(line) }),
  clockSource: 'host',
  dhcp: { interface: name },
  profile: {
    parameters: { 'Scm.ServicesConfig[Name=SipEp].StartupType': 'Manual', 'Fpu.AutomaticRestartEnable': 'Enable' },
    certificates: [],
  },
});
await gateway.boot();
const { config } = gateway.device;
const interval = (): string | undefined => config.variable('Cwmp.PeriodicInformInterval');
for (let tries = 0; tries < 150; tries++) {
  if (interval() !== '3600' && gateway.device.softwareVersion === '49.2.2941') break;
  await clock.sleep(100);
}
process.stdout.write(`${JSON.stringify({ interval: interval(), version: gateway.device.softwareVersion })}\n`);
await gateway.stop();
