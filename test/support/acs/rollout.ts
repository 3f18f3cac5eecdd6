// Support of rollout tests in virtual time: the ACS with its API and its duties, and units that take images as each test wants.
import assert from 'node:assert/strict';
import { createSchedule } from '../../../acs/fleet/cluster/schedule.ts';
import type { Schedule } from '../../../acs/fleet/common/schedule.ts';
import { CwmpFault } from '../../../shared/cwmp/faults.ts';
import { requestBody } from '../../../shared/cwmp/soap.ts';
import { memoryCpe, ScriptedCpe } from '../cpe/scripted-cpe.ts';
import { type Json, type TestApi, testApi } from './api.ts';
import type { TestAcs } from './memory-acs.ts';

export const OLD = '49.1.100';
export const NEW = '49.2.200';

/** Outcome of a Download: `refuse` by a fault, `fail` in TransferComplete, `old`: success, and the old version. */
export type Manner = 'good' | 'refuse' | 'fail' | 'old' | 'bricked';

export interface Unit {
  id: string;
  version: string;
  manner: Manner;
  /** Versions of its Downloads, in order. */
  flashes: string[];
  /** Runs one session; a Download of it is carried out after it. @returns methods that the ACS called */
  session(events?: string[]): Promise<string[]>;
  /** Runs sessions until no Download is under way: the one that orders it, and the one that reports it. */
  settle(): Promise<void>;
}

export interface RolloutTest extends TestApi {
  /** @param at another process than the one that has the API */
  unit(serial: string, manner?: Manner, at?: TestAcs): Unit;
  /** Lets the engine do what is due. */
  turn(ms?: number): Promise<void>;
  rollout(id?: string, query?: string): Promise<Json>;
  /** @returns device ids by state */
  states(id?: string): Promise<Record<string, string[]>>;
  /** Ends the process and begins another one on the same store. */
  restart(): Promise<void>;
  /** Makes devices that have informed once, in the order of their serial numbers. */
  fleet(count: number): Promise<Unit[]>;
  /** Creates rollout `r` of the new version over all devices, and lets it begin. */
  roll(more?: Record<string, unknown>): Promise<void>;
  act(action: string, body?: unknown): Promise<void>;
  /** @returns numbers of devices by state */
  counts(): Promise<Record<string, number>>;
  /** Settles all units in their order. */
  settleAll(units: readonly Unit[]): Promise<void>;
  /** Settles all units again and again, two minutes apart. */
  restInEach(units: readonly Unit[], turns: number): Promise<void>;
}

const NEVER = '0001-01-01T00:00:00Z';

export async function rolloutTest(): Promise<RolloutTest> {
  const api = await testApi({ cpeAuth: 'none', enrol: 'auto' });
  const { clock, store, log, fleet } = api.acs;
  let schedule: Schedule;
  const begin = (): void => {
    schedule = createSchedule({ store, clock, log, owner: 'test' });
    fleet.rollouts.run(schedule);
  };
  begin();
  for (const version of [OLD, NEW])
    await api.call('PUT', `/files/${version}.bin?type=firmware&version=${version}&productClass=4102S`, {
      body: Buffer.from(version),
    });

  const rollout: RolloutTest['rollout'] = async (id = 'r', query = '') =>
    (await api.call('GET', `/rollouts/${id}?limit=500${query}`)).json;
  const unit: RolloutTest['unit'] = (serial, manner = 'good', at = api.acs) => unitOf(at.app, serial, manner);
  const turn = async (ms = 3000): Promise<void> => await clock.advance(ms);
  const states: RolloutTest['states'] = async id => {
    const { devices } = (await rollout(id)) as unknown as { devices: { items: { device: string; state: string }[] } };
    const found: Record<string, string[]> = {};
    for (const { device, state } of devices.items) found[state] = [...(found[state] ?? []), device];
    return found;
  };
  const settleAll = async (units: readonly Unit[]): Promise<void> => {
    for (const each of units) await each.settle();
  };
  return {
    ...api,
    ...{ rollout, states, turn, unit, settleAll },
    restart: async () => {
      await schedule.stop();
      begin();
    },
    fleet: async count => {
      const units = Array.from({ length: count }, (_, at) => unit(`S${String(at).padStart(3, '0')}`));
      for (const each of units) await each.session(['0 BOOTSTRAP', '1 BOOT']);
      return units;
    },
    roll: async (more = {}) => {
      const body = {
        id: 'r',
        filter: 'productClass = "4102S"',
        firmware: `${NEW}.bin`,
        success: { soak: 60 },
        ...more,
      };
      const answer = await api.call('POST', '/rollouts', { body });
      assert.equal(answer.status, 201, answer.text);
      await turn();
    },
    act: async (action, body) => {
      const answer = await api.call('POST', `/rollouts/r/${action}`, { ...(body === undefined ? {} : { body }) });
      assert.equal(answer.status, 200, answer.text);
    },
    counts: async () => Object.fromEntries(Object.entries(await states()).map(([state, ids]) => [state, ids.length])),
    restInEach: async (units, turns) => {
      for (let at = 0; at < turns; at++) {
        await settleAll(units);
        await turn(2 * 60_000);
      }
    },
    close: async () => {
      await schedule.stop();
      await fleet.rollouts.stop();
      await api.close();
    },
  };
}

function unitOf(app: ConstructorParameters<typeof ScriptedCpe>[0], serial: string, manner: Manner): Unit {
  const values = memoryCpe({ 'Device.ManagementServer.PeriodicInformInterval': '3600' });
  let news: { key: string; code: number } | undefined;
  let ordered: { key: string; version: string } | undefined;
  const carryOut = (): void => {
    if (!ordered) return;
    const { key, version } = ordered;
    ordered = undefined;
    unit.flashes.push(version);
    if (unit.manner === 'good') unit.version = version;
    news = { key, code: unit.manner === 'fail' ? 9010 : 0 };
  };
  const unit: Unit = {
    id: `0090F8-4102S-${serial}`,
    version: OLD,
    manner,
    flashes: [],
    session: async (events = ['2 PERIODIC']) => {
      const told = news;
      const cpe = new ScriptedCpe(app, {
        serial,
        scheme: 'none',
        events: told ? ['1 BOOT', '7 TRANSFER COMPLETE', `M Download|${told.key}`] : events,
        parameters: {
          'Device.DeviceInfo.SoftwareVersion': unit.version,
          'Device.ManagementServer.ParameterKey': values.keys.at(-1) ?? '',
          'Device.ManagementServer.PeriodicInformInterval': '3600',
        },
      });
      const FaultStruct = { FaultCode: told?.code ?? 0, FaultString: told?.code ? 'no' : '' };
      const complete = requestBody('TransferComplete', {
        CommandKey: told?.key ?? '',
        FaultStruct,
        StartTime: NEVER,
        CompleteTime: NEVER,
      });
      const { asked } = await cpe.session(
        (method, args) => {
          if (method !== 'Download') return values.answer(method, args);
          if (unit.manner === 'refuse') return new CwmpFault(9010, 'no room');
          ordered = { key: String(args.CommandKey), version: String(args.TargetFileName).replace('.bin', '') };
          return { Status: 1, StartTime: NEVER, CompleteTime: NEVER };
        },
        told ? [complete] : [],
      );
      news = undefined;
      if (unit.manner !== 'bricked') carryOut();
      return asked.map(({ method }) => method);
    },
    settle: async () => {
      await unit.session();
      if (news) await unit.session();
    },
  };
  return unit;
}
