// A gateway in memory on a virtual clock, for tests with a scripted ACS over real sockets.
import type { SessionReport } from '../../../cpe/agent/session/session.ts';
import { createGateway, type Gateway, type GatewayOptions } from '../../../cpe/gateway.ts';
import type { Device } from '../../../cpe/state/device.ts';
import { seededRandom, VirtualClock } from '../../../shared/clock.ts';
import { createLog } from '../../../shared/log.ts';
import { builtinModel } from '../../../shared/model/datamodel.ts';
import { eventually } from '../eventually.ts';

export interface TestUnit {
  readonly gateway: Gateway;
  readonly device: Device;
  readonly clock: VirtualClock;
  /** Reports of all sessions, over reboots. */
  readonly sessions: SessionReport[];
  readonly logged: string[];
  boot(): Promise<void>;
  /** Waits in real time until the condition holds. */
  until(holds: () => boolean): Promise<void>;
  /** Resolves when `count` sessions have ended altogether. */
  ended(count: number): Promise<SessionReport>;
  /** Events of a session, from 1, with their command keys: `M Download key`. */
  events(session: number): string[];
  /** Event codes of a session, from 1. */
  codes(session: number): string[];
  close(): Promise<void>;
}

export interface UnitOptions extends Partial<Omit<GatewayOptions, 'model'>> {
  url?: string;
  model?: 'dgw' | 'device';
  parameters?: Record<string, string>;
  certificates?: string[];
}

export async function testUnit(options: UnitOptions = {}): Promise<TestUnit> {
  const { url, model = 'dgw', parameters = {}, certificates = [], ...more } = options;
  const clock = new VirtualClock();
  const logged: string[] = [];
  const where =
    model === 'dgw'
      ? { 'Cwmp.AcsUrlConfigSource': 'Static', ...(url && { 'Cwmp.AcsStaticUrl': url }) }
      : { ...(url && { 'Device.ManagementServer.URL': url }) };
  // SIP is not the subject here, and its ports would collide with those of other tests.
  const quiet: Record<string, string> =
    model === 'dgw' ? { 'Scm.ServicesConfig[Name=SipEp].StartupType': 'Manual' } : {};
  const gateway = await createGateway({
    model: await builtinModel(model),
    identity: {
      manufacturer: 'Media5',
      oui: '0090F8',
      productClass: '4102S',
      serialNumber: '0090f8000001',
      mac: '0090f8000001',
    },
    profile: { parameters: { ...quiet, ...where, ...parameters }, certificates },
    address: '127.0.0.1',
    clock,
    random: seededRandom(1),
    log: createLog({ clock, level: 'debug', write: line => logged.push(line) }),
    clockSource: 'host',
    ...more,
  });
  const sessions: SessionReport[] = [];
  // Each boot has its own agent.
  gateway.onAgent(agent => agent.sessions.onEnd(report => sessions.push(report)));
  const eventsOf = (session: number) => sessions[session - 1]?.events ?? [];
  const until = async (holds: () => boolean): Promise<void> => {
    await eventually('the sessions of the unit', holds);
  };
  return {
    gateway,
    device: gateway.device,
    clock,
    sessions,
    logged,
    boot: () => gateway.boot(),
    until,
    async ended(count) {
      await until(() => sessions.length >= count);
      const report = sessions[count - 1];
      if (!report) throw new Error('no session');
      return report;
    },
    events: session =>
      eventsOf(session).map(({ EventCode, CommandKey }) => (CommandKey ? `${EventCode} ${CommandKey}` : EventCode)),
    codes: session => eventsOf(session).map(({ EventCode }) => EventCode),
    close: () => gateway.stop(),
  };
}
