// All services with behaviour, and per model the tables of what they compute: built once, shared by all units.
import type { Model } from '../../shared/model/definitions.ts';
import { aaa } from './aaa.ts';
import { cert } from './cert.ts';
import { cli } from './cli.ts';
import { conf } from './conf.ts';
import { cwmp } from './cwmp.ts';
import { dcm } from './dcm.ts';
import { diagnostics } from './diagnostics/diagnostics.ts';
import { epadm } from './epadm.ts';
import { fpu } from './fpu.ts';
import { eth } from './hardware/eth.ts';
import { hoc } from './hoc.ts';
import { nlm } from './nlm.ts';
import { scm } from './scm.ts';
import type { ReadRows, ReadValue, Service, Unit, WriteValue } from './service.ts';
import { X } from './service.ts';
import { mipt } from './sip/mipt.ts';
import { sipep } from './sip/sipep.ts';
import { snmp } from './snmp.ts';
import { stun } from './stun.ts';
import { voiceService } from './tr104/voice-service.ts';
import { web } from './web.ts';

/** In the order in which they start. */
export const allServices: readonly Service[] = [
  ...[aaa, dcm, eth, scm, conf, fpu, cert, nlm, hoc, cwmp, stun, mipt, epadm, sipep, web, cli, snmp],
  ...[voiceService, diagnostics],
];

export interface Registry {
  /** By template path. */
  values: ReadonlyMap<string, ReadValue>;
  rows: ReadonlyMap<string, ReadRows>;
  writes: ReadonlyMap<string, WriteValue>;
  rowCommands: ReadonlyMap<string, (unit: Unit, instance: number) => Promise<void>>;
  /** By lower-case script name. */
  commands: ReadonlyMap<string, (unit: Unit) => Promise<void>>;
}

const registries = new WeakMap<Model, Registry>();

export function registryOf(model: Model): Registry {
  let registry = registries.get(model);
  if (!registry) {
    registry = build(model);
    registries.set(model, registry);
  }
  return registry;
}

function build(model: Model): Registry {
  const collect = <T>(pick: (service: Service) => Readonly<Record<string, T>> | undefined): Map<string, T> =>
    new Map(
      allServices.flatMap(service =>
        Object.entries(pick(service) ?? {}).map(([path, entry]): [string, T] => [model.root + path, entry]),
      ),
    );
  const values = collect(service => service.values);
  for (const { name } of model.services) {
    values.set(`${model.root}${X}${name}.NeedRestartInfo`, unit =>
      unit.config.pending.services().has(name) ? 'Yes' : 'No',
    );
  }
  return {
    values,
    rows: collect(service => service.rows),
    writes: collect(service => service.writes),
    rowCommands: collect(service => service.rowCommands),
    commands: new Map(allServices.flatMap(service => Object.entries(service.commands ?? {}))),
  };
}
