// The sessions that are measured at each size of the fleet, on either store, and the memory of the ACS after them.
import { type Closed, participantsOf, requestFor } from '../contest.ts';
import { makeRow, type Row } from '../figures.ts';
import { workOf } from '../load/envelopes.ts';
import { measured, type Setting } from '../measure.ts';
import { residentMb } from '../servers/process-cost.ts';
import type { AcsServer } from '../servers/servers.ts';
import type { Work } from '../work.ts';
import { revisionsOf, storePresets } from './sessions.ts';
import { hasDoneTasks, hasInformed, participantsIn } from './stored.ts';
import { queueTasks, settingTask } from './tasks.ts';

/** An ACS with a fleet of some size. */
export interface Grown {
  /** That of the run, with the devices of this size. */
  setting: Setting;
  server: AcsServer;
  /** CPU in milliseconds that was spent so far, in all programs that count; default: in the ACS. */
  cpu?: () => number;
}

interface Kind {
  name: string;
  /** Once, before the first round. @returns the ParameterKeys that the devices report */
  begin?(grown: Grown): Promise<Record<number, string>>;
  prepare?(grown: Grown): Promise<void>;
  work(request: Closed): Work;
  stored?(grown: Grown): Promise<void>;
}

/** In this order: presets stay. */
export const kinds: readonly Kind[] = [
  { name: 'Inform-only session', work: ({ settings }) => workOf(settings) },
  {
    name: 'session with one SetParameterValues',
    work: ({ settings }) => workOf(settings, 'SetParameterValues'),
    prepare: ({ setting, server }) => queueTasks(setting.sessions, participantsOf(setting), server, settingTask),
    stored: ({ setting, server }) => hasDoneTasks(server, participantsOf(setting)),
  },
  {
    name: 'settled session, three presets',
    work: ({ settings }) => workOf(settings),
    begin: async ({ setting, server }) => {
      await storePresets(server);
      return await revisionsOf(setting, requestFor(setting, server), server, participantsIn(participantsOf(setting)));
    },
  },
];

/** Milliseconds of CPU of a session. @param keys of `begin` @throws WorkNotDone */
export async function roundOf(kind: Kind, grown: Grown, keys?: Record<number, string>): Promise<number> {
  const { setting, server, cpu } = grown;
  await kind.prepare?.(grown);
  const since = Date.now();
  const plain = requestFor(setting, server);
  const request = keys ? { ...plain, keys } : plain;
  const { cpu: spent } = await measured(setting.servers, server, request, kind.work(plain), cpu);
  await hasInformed(server, participantsOf(setting), since);
  await kind.stored?.(grown);
  return spent;
}

/** @param heaps megabytes after each round */
export function memoryRows({ server, setting }: Grown, heaps: readonly number[], store = ''): Row[] {
  const where = `with ${setting.devices} devices stored`;
  return [
    makeRow({ name: `${store}heap of the main thread ${where}`, unit: 'MB', ours: heaps, note: 'after a collection' }),
    makeRow({ name: `${store}resident memory of the ACS ${where}`, unit: 'MB', ours: [residentMb(server.pid)] }),
  ];
}
