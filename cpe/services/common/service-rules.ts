// Rules of services: which can be stopped, which need each other, which have behaviour here, and what is said of each.
import type { Unit } from '../service.ts';

/** Services that others need: user agents read the ports and keys of media when they start. */
const dependents: Readonly<Record<string, readonly string[]>> = { Mipt: ['SipEp'] };

/** Services that start again when this one does, and of which a part rests while it is stopped. */
export const dependentsOf = (service: string): readonly string[] => dependents[service] ?? [];

/** A system service runs as long as the unit does. */
export const isSystemService = ({ model }: Pick<Unit, 'model'>, service: string): boolean =>
  model.services.find(({ name }) => name === service)?.class === 'System';

/** Services behind which something happens here; of the others the settings are kept, and no more. */
const simulated = new Set(
  'Aaa Bni Cert Cli Conf Cwmp Dcm EpAdm EpServ Eth File Fpu Hoc Mipt Nlm Pcm Scm SipEp Snmp TelIf Web'.split(' '),
);

export const hasBehaviour = (service: string): boolean => simulated.has(service);

/** The remark about a service in Scm.ServicesInfo; the texts are ours. */
export function commentOn(unit: Unit, service: string): string {
  const { services, config } = unit;
  const needed = Object.entries(dependents).filter(([, list]) => list.includes(service));
  const resting = needed.find(([name]) => services.isStopped(name))?.[0];
  const remarks = [
    ...(config.pending.services().has(service) ? ['Restart required.'] : []),
    ...(services.isStopped(service) && startupOf(unit, service) === 'Manual' ? ['Manual start-up.'] : []),
    ...(resting === undefined ? [] : [`Without calls: ${resting} is stopped.`]),
    ...(dependentsOf(service).length > 0 ? [`Needed by ${dependentsOf(service).join(', ')}.`] : []),
    ...(hasBehaviour(service) ? [] : ['Simulated without behaviour.']),
  ];
  return remarks.join(' ');
}

const startupOf = (unit: Unit, service: string): string | undefined =>
  unit.config.variable(`Scm.ServicesConfig[Name=${service}].StartupType`);
