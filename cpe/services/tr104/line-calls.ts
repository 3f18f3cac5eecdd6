// The calls of each line as TR-104 counts and shows them: in memory, since the unit started, and nothing for a line without calls.
import type { Call } from '../../voice/call/call.ts';
import type { CallWatch } from '../../voice/call/watch.ts';
import { cell, dgwPath, peekSlot, type ReadValue, slotOf, type Unit } from '../service.ts';
import { codecs } from './codecs.ts';
import { LINE, lineOf } from './paths.ts';

const counters = [
  ...['PacketsSent', 'PacketsReceived', 'BytesSent', 'BytesReceived', 'PacketsLost', 'Overruns', 'Underruns'],
  ...['IncomingCallsReceived', 'IncomingCallsAnswered', 'IncomingCallsConnected', 'IncomingCallsFailed'],
  ...['OutgoingCallsAttempted', 'OutgoingCallsAnswered', 'OutgoingCallsConnected', 'OutgoingCallsFailed'],
  ...['CallsDropped', 'TotalCallTime'],
] as const;

interface LiveCall {
  readonly call: Call;
  /** Monotonic milliseconds. */
  readonly since: number;
  /** The unit's time of its start; undefined while the clock was not set. */
  readonly at: number | undefined;
}

interface LineCalls {
  counts: Partial<Record<string, number>>;
  calls: readonly LiveCall[];
  /** Calls on their way, by direction. */
  waiting: { in: number; out: number };
}

const owner = {};
type Lines = Map<string, LineCalls>;

const noCalls: LineCalls = { counts: {}, calls: [], waiting: { in: 0, out: 0 } };

function recordOf(unit: Unit, user: string): LineCalls {
  const lines = slotOf<Lines>(unit, owner, () => new Map());
  let line = lines.get(user);
  if (!line) {
    line = { counts: {}, calls: [], waiting: { in: 0, out: 0 } };
    lines.set(user, line);
  }
  return line;
}

function add(line: LineCalls, name: string, by = 1): void {
  line.counts[name] = (line.counts[name] ?? 0) + by;
}

/** Packets and bytes of a call until now, and its seconds. */
function numbersOf(unit: Unit, { call, since }: LiveCall): Record<string, number> {
  const { codec, ptime, sent, received, lost } = call.stats();
  const bytes = ((codecs.find(({ sdp }) => sdp === codec)?.rate ?? 0) * ptime) / 8000;
  return {
    PacketsSent: sent,
    PacketsReceived: received,
    BytesSent: Math.round(sent * bytes),
    BytesReceived: Math.round(received * bytes),
    PacketsLost: lost,
    TotalCallTime: Math.floor((unit.clock.monotonic() - since) / 1000),
  };
}

const names = {
  in: { begun: 'IncomingCallsReceived', failed: 'IncomingCallsFailed', up: 'IncomingCalls' },
  out: { begun: 'OutgoingCallsAttempted', failed: 'OutgoingCallsFailed', up: 'OutgoingCalls' },
} as const;

/** Counts the calls of the unit's lines. */
export function lineWatch(unit: Unit): CallWatch {
  return {
    begun(user, direction) {
      const line = recordOf(unit, user);
      add(line, names[direction].begun);
      line.waiting[direction] += 1;
    },
    failed(user, direction) {
      const line = recordOf(unit, user);
      add(line, names[direction].failed);
      line.waiting[direction] -= 1;
    },
    up(call) {
      const line = recordOf(unit, call.user);
      const live: LiveCall = { call, since: unit.clock.monotonic(), at: unit.now() };
      line.waiting[call.direction] = Math.max(0, line.waiting[call.direction] - 1);
      add(line, `${names[call.direction].up}Answered`);
      add(line, `${names[call.direction].up}Connected`);
      line.calls = [...line.calls, live];
      void call.ended.then(() => {
        line.calls = line.calls.filter(one => one !== live);
        for (const [name, by] of Object.entries(numbersOf(unit, live))) add(line, name, by);
      });
    },
    lost: user => add(recordOf(unit, user), 'CallsDropped'),
  };
}

/** The calls of a line; it goes by the name that its endpoint runs with. */
function callsOfLine(unit: Unit, line: number): LineCalls {
  const lines = peekSlot<Lines>(unit, owner);
  if (!lines) return noCalls;
  const endpoint = cell(unit.config.tree, dgwPath(unit, `SipEp.UserAgent.${line}.EpId`));
  return lines.get(unit.config.running(`SipEp.UserAgent[EpId="${endpoint}"].Username`) ?? '') ?? noCalls;
}

export function resetCounts(unit: Unit, line: number): void {
  callsOfLine(unit, line).counts = {};
}

/** `Idle`, `Calling`, `Ringing`, `InCall` or `Hold`. */
export function lineState(unit: Unit, line: number): string {
  const { calls, waiting } = callsOfLine(unit, line);
  if (calls.some(({ call }) => !call.held.byUs && !call.held.byPeer)) return 'InCall';
  if (calls.length > 0) return 'Hold';
  if (waiting.in > 0) return 'Ringing';
  return waiting.out > 0 ? 'Calling' : 'Idle';
}

/** A value of the call of a session. */
const ofSession =
  (show: (live: LiveCall, unit: Unit) => string): ReadValue =>
  (unit, instances) => {
    const live = callsOfLine(unit, lineOf(instances)).calls[(instances[3] ?? 0) - 1];
    return live && show(live, unit);
  };

/** A value of the first call that is up; `idle` without one. */
const ofCall =
  (show: (call: Call, codec: (typeof codecs)[number] | undefined) => string, idle: string): ReadValue =>
  (unit, instances) => {
    const call = callsOfLine(unit, lineOf(instances)).calls[0]?.call;
    if (!call) return idle;
    return show(
      call,
      codecs.find(({ sdp }) => sdp === call.stats().codec),
    );
  };

const counted =
  (name: string): ReadValue =>
  (unit, instances) => {
    const { counts, calls } = callsOfLine(unit, lineOf(instances));
    const live = calls.reduce((sum, call) => sum + (numbersOf(unit, call)[name] ?? 0), 0);
    return String((counts[name] ?? 0) + live);
  };

const SESSION = `${LINE}Session.{i}.`;
const remote = (call: Call): [address: string, port: string] => {
  const text = call.stats().remote;
  const cut = text.lastIndexOf(':');
  return [text.slice(0, cut), text.slice(cut + 1)];
};
const codecName = ofCall((_call, codec) => codec?.name ?? '', '');
const bitRate = ofCall((_call, codec) => String(codec?.rate ?? 0), '0');

export const callValues: Readonly<Record<string, ReadValue>> = {
  [`${LINE}CallState`]: (unit, instances) => lineState(unit, lineOf(instances)),
  [`${LINE}Codec.TransmitCodec`]: codecName,
  [`${LINE}Codec.ReceiveCodec`]: codecName,
  [`${LINE}Codec.TransmitBitRate`]: bitRate,
  [`${LINE}Codec.ReceiveBitRate`]: bitRate,
  [`${LINE}Codec.TransmitPacketizationPeriod`]: ofCall(call => String(call.stats().ptime), '0'),
  [`${SESSION}SessionStartTime`]: ofSession(({ at }) =>
    at === undefined ? '0001-01-01T00:00:00Z' : `${new Date(at).toISOString().slice(0, 19)}Z`,
  ),
  [`${SESSION}SessionDuration`]: ofSession((live, unit) => String(numbersOf(unit, live).TotalCallTime)),
  [`${SESSION}FarEndIPAddress`]: ofSession(({ call }) => remote(call)[0]),
  [`${SESSION}FarEndUDPPort`]: ofSession(({ call }) => remote(call)[1]),
  [`${SESSION}LocalUDPPort`]: ofSession(({ call }) => String(call.localPort)),
  ...Object.fromEntries(counters.map(name => [`${LINE}Stats.${name}`, counted(name)])),
};

export const callRows = {
  [SESSION.slice(0, -4)]: (unit: Unit, instances: readonly number[]): number[] =>
    callsOfLine(unit, lineOf(instances)).calls.map((_, at) => at + 1),
};
