// Provisioning: presets set in one SetParameterValues with the revision as ParameterKey.
import type { Arguments } from '../../../shared/cwmp/methods.ts';
import { type Detail, expect, settled } from '../observe.ts';
import type { DemoWorld } from '../world.ts';

export async function provision(world: DemoWorld, detail: Detail, signal: AbortSignal): Promise<string> {
  const devices = await Promise.all(world.units.map(unit => settled(world, unit, signal)));
  const sent = world.wire.filter(
    ({ from, envelope: { body } }) => from === 'acs' && body.kind === 'request' && body.method === 'SetParameterValues',
  );
  const last = sent.findLast(({ unit }) => unit === 'A')?.envelope.body;
  expect(last?.kind === 'request', 'no SetParameterValues on the wire');
  const args = last.args as Arguments<'SetParameterValues'>;
  const { device } = world.a.gateway;
  detail.set = Object.fromEntries(args.ParameterList.map(({ Name, Value }) => [Name, Value]));
  detail.parameterKey = args.ParameterKey;
  detail.unitReports = {
    parameterKey: device.config.get('Device.ManagementServer.ParameterKey'),
    syslog: device.config.variable('Nlm.SyslogRemoteHost'),
    periodicInform: device.config.variable('Cwmp.PeriodicInformEnable'),
    certificates: device.config
      .read('Device.X_0090F8_Cert.OthersCertificatesInfo.')
      .filter(value => value.Name.endsWith('.IssuedTo'))
      .map(value => value.Value),
  };
  expect(
    device.config.get('Device.ManagementServer.ParameterKey') === devices[0]?.wantedRevision,
    'the unit holds another ParameterKey',
  );
  expect(
    device.config.variable('Cwmp.PeriodicInformEnable') === 'Enable',
    'the unit did not take PeriodicInformEnable',
  );
  return `${args.ParameterList.length} values in one SetParameterValues, ParameterKey ${args.ParameterKey}`;
}
