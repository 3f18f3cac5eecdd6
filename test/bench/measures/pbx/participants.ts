// The exchange of a measure, its floor, and the telephones beside it; and the proof of what was transferred.
import { runningNode } from '../../contest.ts';
import type { PhonesReport, PhonesRequest } from '../../load/pbx/requests.ts';
import { type Setting, WorkNotDone } from '../../measure.ts';
import { builtFile } from '../../servers/build.ts';
import { answerOf, forked, stopped } from '../../servers/children.ts';
import { DOMAIN, type ExchangeServer, exchangeServer, FIRST_NUMBER } from '../../servers/pbx/exchange.ts';

/** Registrations for each device that is stored in the other measures: 10,000 by default. */
const SHARE = 0.1;
const MOST = 10_000;
/** Telephones that wait for an answer at a time. */
export const AT_ONCE = 32;
export const EXPIRES = 3600;

export const telephoneCount = ({ devices }: Pick<Setting, 'devices'>): number =>
  Math.min(MOST, Math.max(20, Math.round(devices * SHARE)));

export type Transport = 'udp' | 'tls';

export interface Telephones {
  ask(request: PhonesRequest): Promise<PhonesReport>;
  /** Registers so many at those ports. @throws Error when one was refused */
  register(ports: { udp: number; tls: number }, protocol: Transport, count: number): Promise<PhonesReport>;
  stop(): Promise<void>;
}

export function telephonesOf({ servers, nodes }: Setting): Telephones {
  const child = forked(builtFile(servers.tree, 'test/bench/load/pbx/telephones'), nodes?.[0] ?? runningNode);
  const ask = async (request: PhonesRequest): Promise<PhonesReport> => {
    const report = await answerOf<PhonesReport>(child, request);
    if (report.failed > 0) throw new WorkNotDone(`${report.failed} failed: ${report.lastError}`);
    return report;
  };
  return {
    ask,
    register: async (ports, protocol, count) => {
      const place = { host: '127.0.0.1', port: ports[protocol], protocol, domain: DOMAIN };
      const userAgent = 'Mitel 6867i/5.1.0';
      const asked = { place, first: FIRST_NUMBER, count, atOnce: AT_ONCE, userAgent, expires: EXPIRES };
      const report = await ask({ kind: 'register', ...asked });
      if (report.registered !== count) throw new WorkNotDone(`${report.registered} of ${count} were registered`);
      return report;
    },
    stop: () => stopped(child),
  };
}

/** Runs with an exchange and telephones that are stopped afterwards. */
export async function withExchange<T>(
  setting: Setting,
  run: (exchange: ExchangeServer, telephones: Telephones) => Promise<T>,
): Promise<T> {
  const { servers, nodes } = setting;
  const exchange = await exchangeServer(servers, nodes?.[0] ?? runningNode, telephoneCount(setting));
  const telephones = telephonesOf(setting);
  try {
    return await run(exchange, telephones);
  } finally {
    await Promise.all([exchange.stop(), telephones.stop()]);
  }
}

export interface Registration {
  user: string;
  protocol: string;
  row?: string;
}

/** @throws Error unless each telephone is registered once, over that transport */
export async function registrationsOf(
  exchange: ExchangeServer,
  protocol: Transport,
  count: number,
): Promise<Registration[]> {
  const all = (await exchange.ask('registrations')) as Registration[];
  const numbers = new Set(all.filter(one => one.protocol === protocol).map(({ user }) => user));
  if (numbers.size !== count || all.length !== count)
    throw new WorkNotDone(`${numbers.size} of ${count} numbers are registered over ${protocol}, ${all.length} in all`);
  return all;
}
