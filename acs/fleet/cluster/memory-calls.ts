// What each process has in memory alone (traces, who was heard knocking), asked of all of them and seen as one.

import type { Members } from '../common/members.ts';
import type { AskMemory, MemoryCall, MemoryCalls } from '../common/ports.ts';
import type { UnknownCpe } from '../common/unknown-cpe.ts';
import type { Enrolment } from '../enrolment/enrolment.ts';
import type { Traces } from '../tracing/traces.ts';

export interface ClusterMemory {
  trace(device: string, on: boolean): Promise<void>;
  untrace(device: string): Promise<void>;
  /** Sessions oldest first. */
  traced(device: string): Promise<MemoryCalls['traced']['result']>;
  /** The latest first. */
  knocking(): Promise<UnknownCpe[]>;
  /** What this process answers when it is asked. */
  answers: { [N in MemoryCall]: (args: MemoryCalls[N]['args']) => MemoryCalls[N]['result'] };
}

export function createClusterMemory(
  { traces, enrolment }: { traces: Traces; enrolment: Enrolment },
  members: Members,
  ask: AskMemory | undefined,
): ClusterMemory {
  const answers: ClusterMemory['answers'] = {
    trace: ({ device, on }) => void traces.set(device, on),
    untrace: ({ device }) => void traces.clear(device),
    traced: ({ device }) => traces.of(device),
    knocking: () => enrolment.unknownCpes.list(),
    unknock: ({ device }) => void enrolment.unknownCpes.forget(device),
  };
  /** Of the others. Who does not answer has nothing to say: it is on its way up or down. */
  const asked = async <N extends MemoryCall>(
    what: N,
    args: MemoryCalls[N]['args'],
  ): Promise<MemoryCalls[N]['result'][]> => {
    const others = ask ? members.others() : [];
    const all = await Promise.allSettled(others.map(async ({ id }) => await ask?.(id, what, args)));
    return all.flatMap(answer => (answer.status === 'fulfilled' ? [answer.value as MemoryCalls[N]['result']] : []));
  };

  const met = new Set<string>();
  members.onChange(() => {
    const others = members.others().map(({ id }) => id);
    for (const id of met) if (!others.includes(id)) met.delete(id);
    for (const id of others.filter(id => !met.has(id))) {
      met.add(id);
      // What an operator watches he watches in a process that has just begun, too.
      for (const device of traces.watched()) ask?.(id, 'trace', { device, on: true }).catch(() => met.delete(id));
    }
  });

  return {
    answers,
    trace: async (device, on) => {
      traces.set(device, on);
      await asked('trace', { device, on });
    },
    untrace: async device => {
      traces.clear(device);
      await asked('untrace', { device });
    },
    traced: async device => {
      const all = [traces.of(device), ...(await asked('traced', { device }))];
      const sessions = all.flatMap(each => [...each.sessions]).sort((a, b) => a.started - b.started);
      return { on: all.some(({ on }) => on), sessions };
    },
    knocking: async () => together([enrolment.unknownCpes.list(), ...(await asked('knocking', {}))].flat()),
  };
}

/** A CPE may have knocked at several processes. */
function together(knocks: readonly UnknownCpe[]): UnknownCpe[] {
  const byDevice = new Map<string, UnknownCpe>();
  for (const knock of knocks) {
    const known = byDevice.get(knock.device);
    const [earlier, later] = known && known.last > knock.last ? [knock, known] : [known ?? knock, knock];
    byDevice.set(knock.device, {
      ...later,
      first: Math.min(earlier.first, later.first),
      count: known ? known.count + knock.count : knock.count,
    });
  }
  return [...byDevice.values()].sort((a, b) => b.last - a.last);
}
