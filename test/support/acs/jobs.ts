// Support of job tests: the ACS with its API and its duties on any store, and units that answer tasks as each test wants.
import assert from 'node:assert/strict';
import { createSchedule } from '../../../acs/fleet/cluster/schedule.ts';
import type { Schedule } from '../../../acs/fleet/common/schedule.ts';
import { CwmpFault } from '../../../shared/cwmp/faults.ts';
import { memoryCpe, ScriptedCpe } from '../cpe/scripted-cpe.ts';
import { eventually } from '../eventually.ts';
import { type Answer, type Json, type TestApi, testApi } from './api.ts';
import type { TestAcs, TestAcsOptions } from './memory-acs.ts';

/** `fault`: refuses whatever is set. `vanish`: takes the request and never answers. */
export type UnitManner = 'good' | 'fault' | 'vanish';

export class JobUnit {
  readonly id: string;
  readonly values = memoryCpe({ 'Device.ManagementServer.PeriodicInformInterval': '3600' });
  manner: UnitManner = 'good';
  /** The methods that it was asked for, in order. */
  readonly asked: string[] = [];
  readonly #acs: TestAcs;
  readonly #serial: string;

  constructor(acs: TestAcs, serial: string) {
    this.#acs = acs;
    this.#serial = serial;
    this.id = `0090F8-4102S-${serial}`;
  }

  async session(events = ['2 PERIODIC']): Promise<void> {
    const cpe = new ScriptedCpe(this.#acs.app, {
      serial: this.#serial,
      scheme: 'none',
      events,
      parameters: {
        'Device.ManagementServer.ParameterKey': this.values.keys.at(-1) ?? '',
        'Device.ManagementServer.PeriodicInformInterval': '3600',
      },
    });
    if (this.manner === 'vanish') return await this.#vanish(cpe);
    await cpe.session((method, args) => {
      this.asked.push(method);
      const isSet = method === 'SetParameterValues' && this.manner === 'fault';
      return isSet ? new CwmpFault(9007, 'no such value') : this.values.answer(method, args);
    });
  }

  /** Informs and takes one request, which it never answers. */
  async #vanish(cpe: ScriptedCpe): Promise<void> {
    await cpe.post(cpe.inform());
    const { envelope } = await cpe.post(undefined);
    if (envelope?.body.kind === 'request') this.asked.push(envelope.body.method);
  }
}

export interface JobTest extends TestApi {
  unit(serial: string): JobUnit;
  /** Units that have informed once. */
  fleet(count: number): Promise<JobUnit[]>;
  /** Creates job `j`. */
  make(steps: object[], more?: object): Promise<Json>;
  act(action: string, body?: object): Promise<Json>;
  job(id?: string): Promise<Json>;
  /** Device ids by state. */
  states(id?: string): Promise<Record<string, string[]>>;
  totals(id?: string): Promise<Record<string, number>>;
  /** Lets time pass until the job has these totals; states that are not named have none. */
  comesTo(totals: Record<string, number>, id?: string): Promise<void>;
  /** The same, while units inform again and again. */
  play(units: readonly JobUnit[], totals: Record<string, number>, id?: string): Promise<void>;
  /** Lets time pass until the job is in this state. */
  endsAs(state: string, id?: string): Promise<Json>;
  /** Lets the engine do what is due. */
  turn(ms?: number): Promise<void>;
  /** Ends the duties and begins them again on the same store. */
  restart(): Promise<void>;
}

export async function jobTest(options: TestAcsOptions = {}): Promise<JobTest> {
  const api = await testApi({ cpeAuth: 'none', enrol: 'auto', ...options });
  const { clock, store, log, fleet } = api.acs;
  let schedule: Schedule;
  const begin = (): void => {
    schedule = createSchedule({ store, clock, log, owner: 'test' });
    fleet.jobs.run(schedule);
  };
  begin();
  const need = (answer: Answer, status: number): Json => {
    assert.equal(answer.status, status, answer.text);
    return answer.json;
  };
  const job: JobTest['job'] = async (id = 'j') => need(await api.call('GET', `/jobs/${id}`), 200);
  const totals: JobTest['totals'] = async id => {
    const found = (await job(id)).totals as Record<string, number>;
    return Object.fromEntries(Object.entries(found).filter(([, count]) => count > 0));
  };
  const turn = async (ms = 3000): Promise<void> => await clock.advance(ms);
  const play: JobTest['play'] = async (units, wanted, id) => {
    let last: unknown;
    const look = async (): Promise<boolean> => {
      for (const unit of units) await unit.session();
      await turn(1000);
      last = await totals(id);
      return JSON.stringify(sorted(last as object)) === JSON.stringify(sorted(wanted));
    };
    await eventually(`totals ${JSON.stringify(wanted)}`, look, 15_000).catch(() => assert.deepEqual(last, wanted));
  };
  return {
    ...api,
    ...{ job, totals, turn },
    unit: serial => new JobUnit(api.acs, serial),
    fleet: async count => {
      const units = Array.from({ length: count }, (_, at) => new JobUnit(api.acs, `S${String(at).padStart(3, '0')}`));
      for (const unit of units) await unit.session(['0 BOOTSTRAP', '1 BOOT']);
      for (const unit of units) unit.asked.length = 0;
      return units;
    },
    make: async (steps, more = {}) => {
      const body = { id: 'j', devices: { filter: 'productClass = "4102S"' }, do: steps, ...more };
      return need(await api.call('POST', '/jobs', { body }), 201);
    },
    act: async (action, body) =>
      need(await api.call('POST', `/jobs/j/${action}`, body === undefined ? {} : { body }), 200),
    states: async (id = 'j') => {
      const found: Record<string, string[]> = {};
      for (const { device, state } of need(await api.call('GET', `/jobs/${id}/devices?limit=500`), 200).items)
        found[String(state)] = [...(found[String(state)] ?? []), String(device)];
      return found;
    },
    comesTo: async (wanted, id) => await play([], wanted, id),
    play,
    endsAs: async (state, id) =>
      await eventually(`job ${state}`, async () => {
        await turn(1000);
        const found = await job(id);
        return found.state === state && found;
      }),
    restart: async () => {
      await schedule.stop();
      begin();
    },
    close: async () => {
      await schedule.stop();
      await fleet.jobs.stop();
      await api.close();
    },
  };
}

const sorted = (record: object): unknown => Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
