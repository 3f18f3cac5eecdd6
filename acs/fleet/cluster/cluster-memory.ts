// Per-process memory (traces, unknown CPEs), read from every member of the cluster, with the answers merged.

import type { Members } from '../common/members.ts';
import type { AskMemory, MemoryCall, MemoryCalls } from '../common/ports.ts';
import type { UnknownCpe } from '../common/unknown-cpe.ts';
import type { Enrolment } from '../enrolment/enrolment.ts';
import type { Traces } from '../tracing/traces.ts';

export class ClusterMemory {
  readonly #traces: Traces;
  readonly #enrolment: Enrolment;
  readonly #members: Members;
  readonly #ask: AskMemory | undefined;
  /** Members that know which devices are traced here. */
  readonly #informed = new Set<string>();
  /** The answers of this process to calls of other members. */
  readonly answers: { [N in MemoryCall]: (args: MemoryCalls[N]['args']) => MemoryCalls[N]['result'] };

  constructor({ traces, enrolment }: MemoryParts, members: Members, ask: AskMemory | undefined) {
    this.#traces = traces;
    this.#enrolment = enrolment;
    this.#members = members;
    this.#ask = ask;
    this.answers = {
      trace: ({ device, on, until }) => void traces.set(device, on, until),
      untrace: ({ device }) => void traces.clear(device),
      traced: ({ device }) => traces.of(device),
      knocking: () => enrolment.unknownCpes.list(),
      unknock: ({ device }) => void enrolment.unknownCpes.forget(device),
    };
    members.onChange(() => this.#informNewMembers());
  }

  /** @param until it pauses by itself then, milliseconds */
  async trace(device: string, on: boolean, until?: number): Promise<void> {
    this.#traces.set(device, on, until);
    await this.#askOthers('trace', { device, on, ...(until === undefined ? {} : { until }) });
  }

  async untrace(device: string): Promise<void> {
    this.#traces.clear(device);
    await this.#askOthers('untrace', { device });
  }

  /** Sessions oldest first. */
  async traced(device: string): Promise<MemoryCalls['traced']['result']> {
    const all = [this.#traces.of(device), ...(await this.#askOthers('traced', { device }))];
    const sessions = all.flatMap(each => [...each.sessions]).sort((a, b) => a.started - b.started);
    const until = all.find(each => each.until !== undefined)?.until;
    return { on: all.some(({ on }) => on), ...(until === undefined ? {} : { until }), sessions };
  }

  /** The latest first. */
  async unknownCpes(): Promise<UnknownCpe[]> {
    return merged([this.#enrolment.unknownCpes.list(), ...(await this.#askOthers('knocking', {}))].flat());
  }

  /** @returns the answers of the other members. One that does not answer is starting or stopping, and holds nothing. */
  async #askOthers<N extends MemoryCall>(what: N, args: MemoryCalls[N]['args']): Promise<MemoryCalls[N]['result'][]> {
    const ask = this.#ask;
    const others = ask ? this.#members.others() : [];
    const all = await Promise.allSettled(others.map(async ({ id }) => await ask?.(id, what, args)));
    return all.flatMap(answer => (answer.status === 'fulfilled' ? [answer.value as MemoryCalls[N]['result']] : []));
  }

  /** A device that is traced is traced in a process that has just begun, too. */
  #informNewMembers(): void {
    const others = this.#members.others().map(({ id }) => id);
    const informed = this.#informed;
    for (const id of informed) if (!others.includes(id)) informed.delete(id);
    for (const id of others.filter(id => !informed.has(id))) {
      informed.add(id);
      for (const device of this.#traces.watched()) {
        const { until } = this.#traces.of(device);
        const wish = { device, on: true, ...(until === undefined ? {} : { until }) };
        this.#ask?.(id, 'trace', wish).catch(() => informed.delete(id));
      }
    }
  }
}

interface MemoryParts {
  traces: Traces;
  enrolment: Enrolment;
}

/** Merges the records of a CPE that informed at several members. */
function merged(records: readonly UnknownCpe[]): UnknownCpe[] {
  const byDevice = new Map<string, UnknownCpe>();
  for (const record of records) {
    const known = byDevice.get(record.device);
    const [earlier, later] = known && known.last > record.last ? [record, known] : [known ?? record, record];
    byDevice.set(record.device, {
      ...later,
      first: Math.min(earlier.first, later.first),
      count: known ? known.count + record.count : record.count,
    });
  }
  return [...byDevice.values()].sort((a, b) => b.last - a.last);
}
