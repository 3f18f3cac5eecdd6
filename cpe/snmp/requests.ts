// Requests to the SNMP agent: what is read, walked and changed, and who may.
import { CwmpFault } from '../../shared/cwmp/faults.ts';
import { messageOf } from '../../shared/errors.ts';
import type { Unit } from '../services/service.ts';
import type { Agent, LibraryVarbind, Message, Peer } from './library.ts';
import type { Oid } from './numbering.ts';
import { mayWrite, speaks } from './users.ts';
import { decode, errors, types, type Value } from './values.ts';
import type { Varbind, View } from './view.ts';

/** Variables in one request. */
const MAX_VARIABLES = 128;
/** Bytes of an answer to GETBULK, which passes without fragments, and of any answer (UDP). */
const MAX_BULK = 1300;
const MAX_ANSWER = 60_000;
/** Seconds that the clock of a request may differ (RFC 3414 2.2.3). */
const WINDOW = 150;
/** Numbers of usmStats for reports. */
const NOT_IN_TIME = '2';
const UNKNOWN_ENGINE = '4';
/** Changes that wait at a time. */
const MAX_WAITING = 32;
const NO_SUCH_NAME = 2;

/** The surroundings of a request. */
export interface Desk {
  readonly unit: Unit;
  readonly view: View;
  readonly agent: Agent;
  readonly socket: unknown;
  readonly counts: { get: number; getNext: number; set: number };
}

/** Requests that passed the library are carried out here, not by the library's own view of parameters. */
export function takeOver(desk: Desk): void {
  const { agent, counts, view } = desk;
  const reads =
    (name: 'get' | 'getNext', read: (message: Message) => Varbind[]) =>
    (_: unknown, message: Message, peer: Peer): void => {
      counts[name]++;
      answer(desk, message, { peer, read });
    };
  const each = (message: Message, read: (oid: Oid) => Varbind): Varbind[] =>
    message.pdu.varbinds.map(({ oid }) => read(numbersOf(oid)));
  agent.getRequest = reads('get', message => each(message, oid => view.get(oid)));
  agent.getNextRequest = reads('getNext', message => each(message, oid => nextOf(view, oid)));
  agent.getBulkRequest = reads('getNext', message => bulkOf(view, message));
  let waiting = 0;
  agent.setRequest = (_, message, peer) => {
    counts.set++;
    if (!isWelcome(desk, message, peer) || waiting >= MAX_WAITING) return;
    waiting++;
    changeBy(desk, message)
      .then(problem => respond(desk, message, { peer, varbinds: message.pdu.varbinds, problem }))
      .catch((error: unknown) => desk.unit.log.error('SNMP change failed', { reason: messageOf(error) }))
      .finally(() => {
        waiting--;
      });
  };
  // Contexts lead to other agents, of which there are none.
  agent.onProxyRequest = () => undefined;
}

function answer(desk: Desk, message: Message, { peer, read }: { peer: Peer; read(message: Message): Varbind[] }): void {
  if (!isWelcome(desk, message, peer)) return;
  const found = read(message);
  // Version 1 has no values that say that there is none.
  const missing = message.version === 0 ? found.findIndex(({ type }) => type >= types.noSuchObject) : -1;
  const asked = message.pdu.varbinds;
  if (missing >= 0) {
    respond(desk, message, { peer, varbinds: asked, problem: { status: NO_SUCH_NAME, index: missing + 1 } });
  } else if (sizeOf(found) > MAX_ANSWER) {
    respond(desk, message, { peer, varbinds: [], problem: { status: errors.tooBig, index: 0 } });
  } else respond(desk, message, { peer, varbinds: found.map(shown), problem: undefined });
}

interface Response {
  peer: Peer;
  varbinds: LibraryVarbind[];
  problem: Problem | undefined;
}

function respond({ agent, socket }: Desk, message: Message, { peer, varbinds, problem }: Response): void {
  const pdu = message.pdu.getResponsePduForRequest();
  pdu.varbinds = varbinds;
  if (problem) {
    pdu.errorStatus = problem.status;
    pdu.errorIndex = problem.index;
  }
  agent.sendResponse(socket, peer, message, pdu);
}

/** A message that passed the library is of a version that is on, of a known user, for this unit and of now. */
function isWelcome({ unit, agent, socket }: Desk, message: Message, peer: Peer): boolean {
  if (!speaks(unit, message.version) || message.pdu.varbinds.length > MAX_VARIABLES) return false;
  if (message.version !== 3) return true;
  const sent = message.msgSecurityParameters;
  // The library lets a request without a user name pass.
  if (!sent || !message.user?.name) return false;
  const report = (error: string): false => {
    if (message.isReportable())
      agent.listener.send(message.createReportResponseMessage(agent.engine, agent.context, error), peer, socket);
    return false;
  };
  const { engineID, engineBoots, engineTime } = agent.engine;
  if (!engineID.equals(Buffer.from(sent.msgAuthoritativeEngineID))) return report(UNKNOWN_ENGINE);
  const isNow = Math.abs(sent.msgAuthoritativeEngineTime - engineTime) <= WINDOW;
  return (isNow && sent.msgAuthoritativeEngineBoots === engineBoots) || report(NOT_IN_TIME);
}

interface Problem {
  status: number;
  /** Counted from 1. */
  index: number;
}

/** Changes all variables of a request or none. */
async function changeBy({ unit, view }: Desk, message: Message): Promise<Problem | undefined> {
  const items: { name: string; value: string }[] = [];
  for (const [at, varbind] of message.pdu.varbinds.entries()) {
    const item = itemOf({ unit, view }, message, varbind);
    if (typeof item === 'number') return { status: item, index: at + 1 };
    items.push(item);
  }
  try {
    await unit.config.set(items, 'snmp');
    return undefined;
  } catch (error) {
    if (!(error instanceof CwmpFault)) throw error;
    const [first] = error.parameters;
    const index = items.findIndex(({ name }) => name === first?.name) + 1;
    return { status: statuses[first?.code ?? error.code] ?? errors.inconsistentValue, index: Math.max(index, 1) };
  }
}

const statuses: Readonly<Record<number, number>> = {
  9001: errors.noAccess,
  9005: errors.noCreation,
  9006: errors.wrongType,
  9007: errors.wrongValue,
  9008: errors.notWritable,
};

function itemOf(
  { unit, view }: Pick<Desk, 'unit' | 'view'>,
  message: Message,
  varbind: LibraryVarbind,
): { name: string; value: string } | number {
  const found = view.find(numbersOf(varbind.oid));
  if (!found) return errors.noCreation;
  const { def } = found.leaf;
  if (!mayWrite(unit, message, def.service)) return errors.noAccess;
  if (!def.writable) return errors.notWritable;
  const value = decode(def, varbind);
  return typeof value === 'number' ? value : { name: found.path, value };
}

function nextOf(view: View, oid: Oid): Varbind {
  const next = view.after(oid).next();
  return next.done ? { oid, type: types.endOfView, value: null } : next.value;
}

/** RFC 3416 4.2.3, as much as fits into one packet. */
function bulkOf(view: View, { pdu }: Message): Varbind[] {
  const oids = pdu.varbinds.map(({ oid }) => numbersOf(oid));
  const single = Math.min(Math.max(pdu.nonRepeaters ?? 0, 0), oids.length);
  const found = oids.slice(0, single).map(oid => nextOf(view, oid));
  const walks = oids.slice(single).map(oid => ({ last: oid as Oid, rest: view.after(oid), hasEnded: false }));
  for (let turn = 0; turn < (pdu.maxRepetitions ?? 0); turn++) {
    for (const walk of walks) {
      const next = walk.hasEnded ? undefined : walk.rest.next();
      const varbind: Varbind = next && !next.done ? next.value : { oid: walk.last, type: types.endOfView, value: null };
      walk.hasEnded = varbind.type === types.endOfView;
      walk.last = varbind.oid;
      if (found.length > 0 && sizeOf([...found, varbind]) > MAX_BULK) return found;
      found.push(varbind);
    }
    if (walks.every(({ hasEnded }) => hasEnded)) return found;
  }
  return found;
}

/** Bytes on the wire, not less than they will be. */
const sizeOf = (varbinds: readonly Varbind[]): number =>
  varbinds.reduce((sum, { oid, value }) => sum + 12 + oid.length * 3 + lengthOf(value), 0);

const lengthOf = (value: Value['value']): number => (typeof value === 'number' ? 5 : (value?.length ?? 0));

const numbersOf = (oid: string): number[] => oid.split('.').filter(Boolean).map(Number);

/** The library cannot write identifiers of fewer than four numbers. */
const shown = ({ oid, type, value }: Varbind): LibraryVarbind => ({
  oid: oid.length < 4 ? '1.3.6.1' : oid.join('.'),
  type,
  value,
});
