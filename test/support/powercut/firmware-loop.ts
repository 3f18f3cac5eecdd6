// A unit in a process of its own that installs one firmware pack after another and restarts into each, until it is killed.
// Argument: its state directory. It prints a line when the first pack runs.
import { createGateway } from '../../../cpe/gateway.ts';
import { seededRandom, systemClock } from '../../../shared/clock.ts';
import { packFirmware } from '../../../shared/firmware.ts';
import { silentLog } from '../../../shared/log.ts';
import { builtinModel } from '../../../shared/model/datamodel.ts';
import { identity } from '../cpe/gateways.ts';

const [, , stateDir = ''] = process.argv;
const gateway = await createGateway({
  model: await builtinModel('dgw'),
  identity,
  address: '127.0.0.1',
  clock: systemClock(),
  random: seededRandom(1),
  log: silentLog,
  clockSource: 'host',
  profile: { parameters: { 'Scm.ServicesConfig[Name=SipEp].StartupType': 'Manual' }, certificates: [] },
  stateDir,
});
await gateway.boot();
for (let round = 1; ; round++) {
  const version = `49.0.${round}`;
  const image = packFirmware({ product: '4102S', version, payload: Buffer.alloc(200_000, round) });
  await gateway.device.install('1 Firmware Upgrade Image', image, '');
  await gateway.device.power.reboot({ reason: 'firmware' });
  if (round === 1) process.stdout.write('running\n');
}
