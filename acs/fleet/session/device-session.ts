// A visit: one session of one device, from its Inform to its release.
import { CwmpFault } from '../../../shared/cwmp/faults.ts';
import type { Arguments, EventEntry, ParameterValue } from '../../../shared/cwmp/methods.ts';
import type { Sealed } from '../../device/credentials.ts';
import { reportOf } from '../../device/inform.ts';
import type { Informed, InformFacts } from '../../device/operation-types.ts';
import type { DeviceIdentity, DeviceRow } from '../../device/row.ts';
import type { Task } from '../../device/task.ts';
import type { AcsEvents } from '../../events.ts';
import type { FleetContext } from '../common/context.ts';
import { type Cpe, SessionLost } from '../common/ports.ts';
import { quirksOf } from '../common/quirks.ts';
import { refresh } from '../common/session-state.ts';
import { deviceId } from '../devices/devices.ts';
import type { Proof } from '../enrolment/enrolment.ts';
import type { ClientCertificate } from '../enrolment/rules.ts';
import { touchedBy } from '../reconcile/drift.ts';
import { reconcile } from '../reconcile/reconcile.ts';
import type { ReconcileParts } from '../reconcile/reconciliation.ts';
import { adapted } from './adapted-cpe.ts';
import { claimDevice } from './claim.ts';
import { splitting } from './split-reads.ts';

export interface Arrival {
  identity: DeviceIdentity;
  admission: 'quarantine' | 'enrolled' | 'refuse';
  /** A rule lets it leave quarantine. */
  lift?: boolean;
  certificate?: ClientCertificate;
  proof: Proof;
  events: EventEntry[];
  parameters: ParameterValue[];
  retryCount: number;
  address: string;
  /** Scheme, host and port by which the CPE came: links to files begin with it. */
  base?: string;
  /** Ends the session from outside, where it has not ended yet. */
  abandon?: (reason: string) => void;
}

export interface DeviceSession {
  id: string;
  row: DeviceRow;
  token: number;
  proof: Proof;
  events: string[];
  base?: string;
  /** Values that the Inform carried because they changed, by path. */
  changed?: ReadonlyMap<string, string>;
  /** What the operators' tasks of the session may have changed. */
  touched: string[];
  /** When its position in a rollout was entered that it had at its Inform. */
  rolloutSince?: number;
}

export interface DeviceSessions {
  /**
   * Claims the device and records its Inform in one step; durable when resolved. An older session of the device is over then.
   * @throws SessionLost when the CPE has begun yet another session meanwhile
   */
  begin(arrival: Arrival): Promise<DeviceSession | { busy: true } | { refused: true }>;
  /** TR-069 A.3.3.2: accepted whether the CommandKey is known or not, and any number of times. */
  transferComplete(visit: DeviceSession, args: Arguments<'TransferComplete'>): Promise<void>;
  /** All that is due for the device: its tasks, then what its wanted state asks for. */
  work(visit: DeviceSession, cpe: Cpe): Promise<void>;
  /** Frees the device. One write, which the session does not wait for. */
  end(visit: DeviceSession, complete: boolean): Promise<void>;
  /** Another process asks for the device: the session under that claim ends. Resolves when it is over and has freed the device. */
  yieldSession(id: string, claim: number): Promise<void>;
  /** There may be something new to do for the device. Whether it is in session now, here or elsewhere, and will be asked. */
  notice(id: string): Promise<boolean>;
  /** The same of sessions with this process. */
  isAsked(id: string): boolean;
  /** Calls for each session of the device that begins, with its event codes. @returns ends the listening */
  onArrival(id: string, listener: (events: readonly string[]) => void): () => void;
}

interface Visiting {
  token: number;
  abandon?: (reason: string) => void;
}

type Claimed = Extract<Informed, { outcome: 'claimed' }>;

const factsOf = (
  { identity, events, parameters, retryCount, address, admission, proof, lift, certificate }: Arrival,
  by: { now: number; owner: string },
): InformFacts => ({
  ...{ identity, events, report: reportOf(parameters), retryCount, address, ...by, admission },
  ...(proof.kind === 'device' && proof.usedNext ? { usedNext: true } : {}),
  ...(lift ? { lift } : {}),
  ...(certificate ? { certificate: certificate.fingerprint } : {}),
});

const keyOf = (device: string, claim: number): string => `${claim} ${device}`;
const MAX_GIVEN_UP = 10_000;
const nobodyElse = async (member: string): Promise<void> => {
  throw new Error(`nobody knows how to reach ${member}`);
};

export function createDeviceSessions(context: FleetContext, parts: ReconcileParts): DeviceSessions {
  const { store, clock, events, log, ports, members } = context;
  const visiting = new Map<string, Visiting>();
  /** Claims that were asked for before their sessions had begun here: they will not begin. */
  const givenUp = new Map<string, number>();
  /** Who waits for the end of a session, by device and claim. */
  const awaited = new Map<string, (() => void)[]>();
  /** Devices that were given a task by this process while in session. */
  const touched = new Set<string>();
  events.on('task', ({ task }) => {
    if (task.state === 'queued' && visiting.has(task.device)) touched.add(task.device);
  });

  const due = (row: DeviceRow): Task[] => {
    const now = clock.now();
    return row.tasks.filter(
      task =>
        task.origin === 'operator' &&
        task.state === 'queued' &&
        (task.notBefore ?? 0) <= now &&
        (task.expires ?? Number.POSITIVE_INFINITY) > now,
    );
  };

  /** @returns whether the CPE restarts after this session */
  const runTasks = async (visit: DeviceSession, cpe: Cpe): Promise<boolean> => {
    for (let queue = due(visit.row); queue.length; queue = due(visit.row)) {
      // What comes from here on is in the row that the last of these leaves, or asked for later.
      touched.delete(visit.id);
      for (const task of queue) {
        const { task: after, ends } = await parts.tasks.run(visit, task, cpe);
        visit.touched.push(...touchedBy(after));
        if (ends) return true;
      }
    }
    return false;
  };

  /** Devices that would not take credentials since their last boot: they are not asked in every session. */
  const unwilling = new Set<string>();

  /** Puts credentials on the device. What it refuses it is offered again after its next boot; what it came with stays good. */
  const giveCredentials = async (visit: DeviceSession, cpe: Cpe, values: Record<string, string>): Promise<boolean> => {
    const base = `${visit.row.root}ManagementServer.`;
    const list = Object.entries(values).map(([name, Value]) => ({ Name: base + name, Value, Type: 'xsd:string' }));
    try {
      await cpe.call('SetParameterValues', { ParameterList: list, ParameterKey: visit.row.parameterKey });
      log.info('credentials given', { device: visit.id, parameters: Object.keys(values) });
      return true;
    } catch (error) {
      if (!(error instanceof CwmpFault)) throw error;
      unwilling.add(visit.id);
      log.warn('credentials refused', { device: visit.id, fault: error.code, reason: error.message });
      return false;
    }
  };

  const forgetPair = (visit: DeviceSession): Promise<unknown> =>
    store.apply(visit.id, 'patched', { patch: { connectionRequest: { username: '', password: '' } } });

  /** Both logins, the one it came with and its own, are good from before the RPC leaves until the new one is seen. */
  const offerOwn = async (
    visit: DeviceSession,
    cpe: Cpe,
    request: Record<string, string>,
    connectionRequest: { username: string; password: Sealed },
  ): Promise<void> => {
    const own = { Username: visit.id, Password: context.secrets.password() };
    const next = { username: own.Username, password: context.secrets.seal(own.Password) };
    const offered = await store.apply(visit.id, 'credentialsOffered', { token: visit.token, next, connectionRequest });
    if (offered === 'stale') throw new SessionLost('another session has taken the device over');
    await giveCredentials(visit, cpe, { ...own, ...request });
  };

  /** A device gets a login of its own, and a pair for connection requests, unless it has them. */
  const offerCredentials = async (visit: DeviceSession, cpe: Cpe): Promise<void> => {
    const { secrets } = context;
    const isNew = visit.events.includes('0 BOOTSTRAP');
    if (isNew || visit.events.includes('1 BOOT')) unwilling.delete(visit.id);
    if (unwilling.has(visit.id)) return;
    const cameWithOwn = visit.proof.kind === 'device' || visit.proof.kind === 'certificate';
    const { url, password } = visit.row.connectionRequest;
    const isOwnDue = context.cpeAuth === 'required' && !cameWithOwn;
    // Without a pair that both sides know, the device could never be woken.
    const isPairDue = url !== '' && (password === '' || isNew);
    if (!isOwnDue && !isPairDue) return;
    const request = { ConnectionRequestUsername: 'acs', ConnectionRequestPassword: secrets.password() };
    const connectionRequest = { username: 'acs', password: secrets.seal(request.ConnectionRequestPassword) };
    if (isOwnDue) await offerOwn(visit, cpe, request, connectionRequest);
    else {
      await store.apply(visit.id, 'patched', { patch: { connectionRequest } });
      if (!(await giveCredentials(visit, cpe, request))) await forgetPair(visit);
    }
    await refresh(visit, context);
  };

  const workOnce = async (visit: DeviceSession, cpe: Cpe): Promise<boolean> => {
    if (await runTasks(visit, cpe)) return true;
    return (await reconcile(visit, cpe, context, parts)) === 'departed';
  };

  const isAsked = (id: string): boolean => {
    if (visiting.has(id)) touched.add(id);
    return visiting.has(id);
  };

  const tell = (id: string, { address, parameters }: Arrival, informed: Claimed, eventCodes: string[]): void => {
    const { row, first, settled, back } = informed;
    if (back) events.emit('back', { device: id, was: back });
    if (row.hold && row.hold.since === row.lastInform)
      events.emit('held', { device: id, reason: row.hold.reason, detail: row.hold.detail });
    if (first || informed.lifted) events.emit('enrolled', { device: id, state: row.state });
    events.emit('inform', { device: id, events: eventCodes, address, softwareVersion: row.softwareVersion });
    events.emit('values', { row, list: parameters, inform: { events: eventCodes, address } });
    for (const task of settled) events.emit('task', { task });
    if (row.rollout?.since === row.lastInform) parts.rollouts.noticed(row);
  };

  return {
    begin: async arrival => {
      const id = deviceId(arrival.identity);
      const yieldSession = ports.yieldSession ?? nobodyElse;
      const facts = factsOf(arrival, { now: clock.now(), owner: members.self });
      const informed = await claimDevice({ ...context, yieldSession }, id, facts);
      if (informed.outcome === 'busy') return { busy: true };
      if (informed.outcome === 'refused') return { refused: true };
      if ((givenUp.get(id) ?? 0) >= informed.token) throw new SessionLost('the CPE began a new session elsewhere');
      const eventCodes = arrival.events.map(event => event.EventCode);
      tell(id, arrival, informed, eventCodes);
      visiting.get(id)?.abandon?.('the CPE began a new session');
      visiting.set(id, { token: informed.token, ...(arrival.abandon ? { abandon: arrival.abandon } : {}) });
      log.debug('session begins', { device: id, claim: informed.token, member: members.self });
      const { proof, base } = arrival;
      const visit: DeviceSession = {
        id,
        row: informed.row,
        token: informed.token,
        proof,
        events: eventCodes,
        touched: [],
      };
      if (eventCodes.includes('4 VALUE CHANGE'))
        visit.changed = new Map(arrival.parameters.map(({ Name, Value }) => [Name, Value]));
      if (base) visit.base = base;
      if (informed.row.rollout) visit.rolloutSince = informed.row.rollout.since;
      return visit;
    },
    transferComplete: async (visit, args) => {
      const task = await store.apply(visit.id, 'transferCompleted', {
        commandKey: args.CommandKey,
        fault: { code: args.FaultStruct.FaultCode, message: args.FaultStruct.FaultString },
        startTime: args.StartTime,
        completeTime: args.CompleteTime,
        now: clock.now(),
      });
      if (!task) {
        log.info('transfer that no task awaits', {
          device: visit.id,
          commandKey: args.CommandKey,
          fault: args.FaultStruct.FaultCode,
        });
        return;
      }
      events.emit('task', { task });
      if (task.origin === 'operator') visit.touched.push(...touchedBy(task));
      await refresh(visit, context);
    },
    work: async (visit, connected) => {
      if (visit.row.state !== 'enrolled') return;
      const cpe = splitting(adapted(connected, quirksOf(visit.row, context.quirks), visit.row.root));
      await offerCredentials(visit, cpe);
      do {
        if (touched.delete(visit.id)) await refresh(visit, context);
        if (await workOnce(visit, cpe)) return;
      } while (touched.has(visit.id));
      await parts.history?.read(visit, cpe);
    },
    end: async (visit, complete) => {
      if (visiting.get(visit.id)?.token === visit.token) {
        visiting.delete(visit.id);
        touched.delete(visit.id);
      }
      try {
        await store.apply(visit.id, 'released', { token: visit.token, complete, now: clock.now() });
      } finally {
        for (const tell of awaited.get(keyOf(visit.id, visit.token)) ?? []) tell();
        awaited.delete(keyOf(visit.id, visit.token));
      }
      const position = visit.row.rollout;
      if (!position) return;
      // The end of a session may be what it waited for.
      const row = position.state === 'installed' ? await store.device(visit.id) : visit.row;
      if (row) parts.rollouts.noticed(row, visit.rolloutSince);
    },
    yieldSession: async (id, claim) => {
      const here = visiting.get(id);
      if (here?.token !== claim) {
        givenUp.delete(id);
        givenUp.set(id, claim);
        if (givenUp.size > MAX_GIVEN_UP) for (const oldest of givenUp.keys()) return void givenUp.delete(oldest);
        return;
      }
      const over = new Promise<void>(resolve => {
        const key = keyOf(id, claim);
        awaited.set(key, [...(awaited.get(key) ?? []), resolve]);
      });
      here.abandon?.('the CPE began a new session elsewhere');
      await over;
    },
    isAsked,
    notice: async id => {
      if (isAsked(id)) return true;
      if (members.alone) return false;
      const claim = (await store.device(id))?.claim;
      if (!claim || claim.owner === members.self || (await members.isGone(claim.owner))) return false;
      return (await ports.notice?.(claim.owner, id).catch(() => false)) ?? false;
    },
    onArrival: (id, listener) =>
      events.follow(id, (name, event) => {
        if (name === 'inform') listener((event as AcsEvents['inform']).events);
      }),
  };
}
