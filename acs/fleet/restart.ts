// Restarts what waits for it to take effect.
import type { ParameterValue } from '../../shared/cwmp/methods.ts';
import type { Model } from '../../shared/model/datamodel.ts';
import type { Cpe } from './ports.ts';
import type { InVisit } from './reconcile.ts';
import type { Wanted } from './wanted.ts';

/** Services whose changed settings wait for a restart: by the gateway's Scm command where the model has it, else by Reboot. */
export async function restart(
  visit: InVisit,
  cpe: Cpe,
  wanted: Wanted,
  changed: ParameterValue[],
  model: Model | undefined,
): Promise<void> {
  const services = new Set<string>();
  for (const { Name } of changed) {
    const def = model?.resolve(Name)?.def;
    if (def && 'type' in def && def.needsRestart && def.service) services.add(def.service);
  }
  const table = `${visit.row.root}X_0090F8_Scm.ServiceCommands.`;
  if (!model?.objects.has(`${table}{i}.`) || services.size === 0) {
    await cpe.call('Reboot', { CommandKey: wanted.revision });
    return;
  }
  const { ParameterList } = await cpe.call('GetParameterValues', { ParameterNames: [table] });
  const commands = ParameterList.filter(value => value.Name.endsWith('.Name') && services.has(value.Value)).map(
    value => ({
      Name: value.Name.replace(/\.Name$/, '.Restart'),
      Value: 'Restart',
      Type: 'xsd:string',
    }),
  );
  if (commands.length) await cpe.call('SetParameterValues', { ParameterList: commands, ParameterKey: wanted.revision });
}
