// Ping and traceroute in the simulated network: no packet leaves, the time that they take passes on the unit's clock.
import type { ReachableHost } from '../../network.ts';
import type { Unit } from '../service.ts';
import { numberIn, type Probe, targetOf } from './probe.ts';

/** Most packets of a run: our choice. */
const MAX_PACKETS = 1000;
/** Milliseconds between two packets. */
const BETWEEN_MS = 10;

/** @returns milliseconds until the answer; undefined for none within the time */
function echo(unit: Unit, { roundTrip, loss }: ReachableHost, part: number, timeout: number): number | undefined {
  if (loss > 0 && unit.random.next() < loss) return undefined;
  // A tenth more or less, as queues on the way have it.
  const time = roundTrip * part * (0.9 + 0.2 * unit.random.next());
  return time <= timeout ? time : undefined;
}

const whole = (number: number): string => String(Math.round(number));

/** TR-181 IP.Diagnostics.IPPing. */
export const ping: Probe = async input => {
  const { unit, setting, signal } = input;
  const target = await targetOf(input);
  if (!target) return { states: ['Error_CannotResolveHostName', 'Error_Other'] };
  const repetitions = numberIn(setting('NumberOfRepetitions'), 1, MAX_PACKETS);
  const timeout = numberIn(setting('Timeout'), 1000, 60_000);
  const found: number[] = [];
  for (let at = 0; at < repetitions; at++) {
    const time = target.reached && echo(unit, target.reached, 1, timeout);
    await unit.clock.sleep((time ?? timeout) + BETWEEN_MS, signal);
    if (time !== undefined) found.push(time);
  }
  const [least, most] = [Math.min(...found), Math.max(...found)];
  const average = found.reduce((sum, time) => sum + time, 0) / found.length;
  const detailed = (time: number): string => (found.length > 0 ? whole(time * 1000) : '0');
  const shown = (time: number): string => (found.length > 0 ? whole(time) : '0');
  return {
    states: ['Complete'],
    values: {
      IPAddressUsed: unit.address,
      SuccessCount: String(found.length),
      FailureCount: String(repetitions - found.length),
      AverageResponseTime: shown(average),
      MinimumResponseTime: shown(least),
      MaximumResponseTime: shown(most),
      AverageResponseTimeDetailed: detailed(average),
      MinimumResponseTimeDetailed: detailed(least),
      MaximumResponseTimeDetailed: detailed(most),
    },
  };
};

/** TR-181 IP.Diagnostics.TraceRoute. */
export const traceroute: Probe = async input => {
  const { unit, setting, signal } = input;
  const target = await targetOf(input);
  if (!target) return { states: ['Error_CannotResolveHostName', 'Error_Other'] };
  const { reached, address } = target;
  const tries = numberIn(setting('NumberOfTries'), 3, 3);
  const timeout = numberIn(setting('Timeout'), 5000, 60_000);
  const most = numberIn(setting('MaxHopCount'), 30, 64);
  if (!reached) {
    await unit.clock.sleep(timeout, signal);
    return { states: ['Error_NoRouteToHost', 'Error_MaxHopCountExceeded'] };
  }
  const route = [...reached.hops.map(hop => ({ host: hop, address: hop })), { host: reached.host, address }];
  const rows: Record<string, string>[] = [];
  let last = 0;
  for (const [at, hop] of route.slice(0, most).entries()) {
    const part = (at + 1) / route.length;
    const answers = Array.from({ length: tries }, () => echo(unit, reached, part, timeout));
    const times = answers.filter(time => time !== undefined);
    await unit.clock.sleep(
      answers.reduce<number>((sum, time) => sum + (time ?? timeout), BETWEEN_MS),
      signal,
    );
    if (times.length > 0) last = times.reduce((sum, time) => sum + time, 0) / times.length;
    rows.push({ Host: hop.host, HostAddress: hop.address, ErrorCode: '0', RTTimes: times.map(whole).join(',') });
  }
  const values = { IPAddressUsed: unit.address, ResponseTime: whole(last) };
  return { states: route.length > most ? ['Error_MaxHopCountExceeded'] : ['Complete'], values, rows };
};
