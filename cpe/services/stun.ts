// The part of the CPE WAN Management Protocol service that concerns STUN (TR-111): two views of its settings, and their results.
// The agent keeps the binding (agent/connection-request/stun-client.ts); all of this acts at once.
import { type StunView, stunOff } from '../agent/connection-request/stun-settings.ts';
import type { Draft } from '../state/tree/draft.ts';
import { dgwPath, hostPort, type Service, type Unit, X } from './service.ts';

const HOST = 'Cwmp.Tr111StunServerHost';
const PERIOD = 'Cwmp.Tr111StunKeepAlivePeriod';

/** `60-60` → least and most seconds; undefined for another form. */
function periodsOf(text: string): { least: string; most: string } | undefined {
  const match = /^\s*(\d{1,10})\s*-\s*(-?\d{1,10})\s*$/.exec(text);
  return match ? { least: match[1] ?? '', most: match[2] ?? '' } : undefined;
}

/** A standard parameter that a DGW keeps as part of a variable of its own; a plain device keeps it as it is. */
const partOf = (variable: string, read: (text: string) => string) => (unit: Unit) => {
  const text = unit.config.variable(variable);
  return text === undefined ? undefined : read(text);
};

const writePart =
  (name: string, variable: string, change: (text: string, value: string) => string) =>
  (draft: Draft, value: string) => {
    const own = dgwPath(draft, variable);
    const kept = draft.find(own);
    const path = kept ? own : `${draft.model.root}ManagementServer.${name}`;
    const found = kept ?? draft.find(path);
    if (found) draft.put(path, found, kept ? change(draft.value(own, kept), value) : value);
  };

const authority = (host: string, port: number): string => {
  const name = host.includes(':') ? `[${host}]` : host;
  return port === 0 ? name : `${name}:${port}`;
};

const stunOf = (unit: Unit): StunView => unit.power.agent?.stun ?? stunOff;

export const stun: Service = {
  name: 'Cwmp',
  values: {
    'ManagementServer.UDPConnectionRequestAddress': unit => stunOf(unit).address,
    'ManagementServer.NATDetected': unit => (stunOf(unit).natDetected ? '1' : '0'),
    'ManagementServer.STUNServerAddress': partOf(HOST, text => hostPort(text).host),
    'ManagementServer.STUNServerPort': partOf(HOST, text => String(hostPort(text).port || 3478)),
    'ManagementServer.STUNMinimumKeepAlivePeriod': partOf(PERIOD, text => periodsOf(text)?.least ?? '60'),
    'ManagementServer.STUNMaximumKeepAlivePeriod': partOf(PERIOD, text => periodsOf(text)?.most ?? '60'),
    [`${X}Cwmp.Tr111NatDetected`]: unit => (stunOf(unit).natDetected ? 'Yes' : 'No'),
    [`${X}Cwmp.Tr111StunStatus`]: unit => stunOf(unit).status,
  },
  writes: {
    'ManagementServer.STUNServerAddress': writePart('STUNServerAddress', HOST, (text, value) =>
      authority(value, hostPort(text).port),
    ),
    'ManagementServer.STUNServerPort': writePart('STUNServerPort', HOST, (text, value) =>
      authority(hostPort(text).host, Number(value)),
    ),
    'ManagementServer.STUNMinimumKeepAlivePeriod': writePart(
      'STUNMinimumKeepAlivePeriod',
      PERIOD,
      (text, value) => `${value}-${periodsOf(text)?.most ?? value}`,
    ),
    'ManagementServer.STUNMaximumKeepAlivePeriod': writePart(
      'STUNMaximumKeepAlivePeriod',
      PERIOD,
      (text, value) => `${periodsOf(text)?.least ?? value}-${value}`,
    ),
  },
  check(unit, draft, problem) {
    const path = dgwPath(unit, PERIOD);
    const text = draft.touched.get(path);
    if (text === undefined) return;
    const { least, most } = periodsOf(text) ?? { least: '', most: '' };
    const seconds = Number(least);
    // Vendor's limit: at most an hour, and no search for the longest lifetime.
    if (least !== most || !(seconds >= 1 && seconds <= 3600))
      problem(path, 9007, `${text} is not a number of seconds up to 3600, a dash, and the same number`);
  },
};
