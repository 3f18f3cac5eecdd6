// Firmware by preset: Download, restart, TransferComplete on both gateways.
import type { Arguments } from '../../../shared/cwmp/methods.ts';
import { packFirmware } from '../../../shared/firmware.ts';
import { type Detail, eventText, expect, informWith, mark, settled, until, wakeSoon } from '../observe.ts';
import { type DemoWorld, newVersion, oldVersion, product } from '../world.ts';

export async function firmware(world: DemoWorld, detail: Detail, signal: AbortSignal): Promise<string> {
  const image = packFirmware({
    product,
    version: newVersion,
    payload: Buffer.alloc(256 * 1024, 'Tandem demo image '),
  });
  await world.api(
    'PUT',
    `/files/dgw-${newVersion}.bin?type=firmware&version=${newVersion}&productClass=${product}`,
    image,
  );
  const start = mark(world);
  await world.api('PUT', '/presets/firmware', {
    when: `productClass = "${product}"`,
    firmware: `dgw-${newVersion}.bin`,
  });
  for (const unit of world.units) await wakeSoon(world, unit, signal);
  const inform = await informWith(world, world.a, 'M Download', start, signal);
  await informWith(world, world.b, 'M Download', start, signal);
  const done = await until('no TransferComplete', signal, () => {
    const found = world.wire.find(
      ({ number, unit, envelope: { body } }) =>
        number > start && unit === 'A' && body.kind === 'request' && body.method === 'TransferComplete',
    );
    return found?.envelope.body.kind === 'request'
      ? (found.envelope.body.args as Arguments<'TransferComplete'>)
      : undefined;
  });
  expect(
    done.FaultStruct.FaultCode === 0,
    `TransferComplete with fault ${done.FaultStruct.FaultCode} ${done.FaultStruct.FaultString}`,
  );
  const version = inform.ParameterList.find(value => value.Name === 'Device.DeviceInfo.SoftwareVersion')?.Value;
  const devices = await Promise.all(world.units.map(unit => settled(world, unit, signal)));
  expect(
    version === newVersion && devices.every(device => device.softwareVersion === newVersion),
    `the gateways run ${version}`,
  );
  detail.before = oldVersion;
  detail.after = version;
  detail.events = inform.Event.map(eventText);
  detail.transferComplete = {
    CommandKey: done.CommandKey,
    FaultCode: done.FaultStruct.FaultCode,
    StartTime: done.StartTime,
    CompleteTime: done.CompleteTime,
  };
  detail.bytes = image.length;
  return `${oldVersion} → ${version} on both; ${inform.Event.map(event => event.EventCode).join(', ')}; TransferComplete 0`;
}
