// A DGW service as the gateway sees it, and the gateway as its services see it. One file per service with behaviour;
// a service is a constant without state of its own: its state per unit is in a slot of the unit.

import type { Traffic } from '../../shared/capture/socket-watch.ts';
import { withEntry } from '../../shared/lists.ts';
import type { Model } from '../../shared/model/definitions.ts';
import { type Port, readPort } from '../../shared/net/port.ts';
import type { SipTap } from '../../shared/sip/flow-types.ts';
import type { KeyLogger } from '../../shared/tls/keylog.ts';
import type { Agent } from '../agent/agent.ts';
import type { Network } from '../network.ts';
import type { Change, Problem, Source } from '../state/changes.ts';
import type { Device, DevicePower } from '../state/device.ts';
import { offsetIn } from '../state/time-zone.ts';
import type { Draft } from '../state/tree/draft.ts';
import { pathOfVariable } from '../state/tree/names.ts';
import type { Tree } from '../state/tree/tree.ts';

/** The state of a service, as Scm.ServicesInfo shows it. */
export type ServiceState = 'Started' | 'Starting' | 'Stopped' | 'Stopping';

/** The services of one unit: which run, and their commands. */
export interface Services {
  /** The unit is up: services run, but for those that were stopped one by one. */
  readonly up: boolean;
  started(service: string): boolean;
  /** It was stopped alone, also while the unit goes down. */
  isStopped(service: string): boolean;
  stateOf(service: string): ServiceState;
  /** @throws UserError for a service that does not exist, or is the system's and is to be stopped */
  command(service: string, action: 'Start' | 'Stop' | 'Restart'): Promise<void>;
  /** Restarts every service with settings that wait for it. */
  restartRequired(): Promise<void>;
  /** Runs a command of a script. @param name lower case: `scm.restartrequiredservices`. @returns false when there is none */
  runCommand(name: string): Promise<boolean>;
}

export interface UnitPower extends DevicePower {
  /** The CWMP agent of this run, another one after a reboot; absent until the unit has booted. */
  readonly agent: Agent | undefined;
  /** Time of the last power-on, monotonic milliseconds. */
  readonly bootedAt: number;
}

/** The state of one service for one unit. */
interface Slot {
  readonly owner: object;
  readonly state: unknown;
}

/** The unit as its services see it. */
export interface Unit extends Device {
  readonly power: UnitPower;
  readonly services: Services;
  /** Files of the customer profile: certificates, by blob name. */
  readonly factoryFiles: ReadonlyMap<string, Buffer>;
  /** State of the services of this unit while it is up, by service; read it with slotOf and peekSlot. */
  slots: readonly Slot[] | undefined;
  /** Sets the unit's clock to the host's plus `offset` milliseconds; undefined: it is not set. */
  setClock(offset: number | undefined): void;
  readonly anyFirmware: boolean;
  /** Name of the customer profile; undefined: that of the product. */
  readonly profileName: string | undefined;
  readonly lab: LabOptions;
}

/** The surroundings of a simulated unit that a real one does not have. */
export interface LabOptions {
  /** Hz that the unit plays into its calls; default 425. */
  readonly tone?: number | undefined;
  /** Pre-shared key of MIKEY; absent: keys travel as SIP protects them. */
  readonly mikeyKey?: Buffer | undefined;
  /** Contacts the SIP servers that the factory names: hosts of a private network. */
  readonly lan?: boolean | undefined;
  /** The hosts that its diagnostics reach, beside those on loopback. */
  readonly network?: Network | undefined;
  /** Receives each SIP message. */
  readonly tap?: SipTap | undefined;
  /** Receives the keys of its TLS connections. */
  readonly keylog?: KeyLogger | undefined;
  /** The packets of the process, where the unit has one of its own: for its packet capture. */
  readonly traffic?: Traffic | undefined;
  /** The unit's own pages; absent: it has none. */
  readonly pages?: Pages | undefined;
  /** The unit's console; absent: it has none. */
  readonly console?: UnitServer | undefined;
  /** The unit's SNMP agent; absent: it has none. */
  readonly snmp?: SnmpServer | undefined;
}

/** A server of a unit that its service opens and closes. */
export interface UnitServer {
  /** Opens it by the settings of its service. @throws Error when the port cannot be had */
  open(unit: Unit): Promise<void>;
  close(): Promise<void>;
}

/** A notification as a trap carries it. */
export interface TrapFacts {
  serviceId: number;
  service: string;
  id: number;
  severity: string;
  message: string;
}

export interface SnmpServer extends UnitServer {
  readonly counts: { readonly get: number; readonly getNext: number; readonly set: number };
  /** Sends a trap, if one is wanted. Failures are logged. */
  trap(unit: Unit, facts: TrapFacts): void;
}

/** The server of a unit's pages, which the service Web opens and closes. */
export interface Pages {
  /** Opens them by the settings of Web; what is open already and is still wanted stays. @throws Error when a port cannot be had */
  open(unit: Unit): Promise<void>;
  close(): Promise<void>;
  readonly counts: { readonly requests: number; readonly redirects: number; readonly errors: number };
}

export interface Applied {
  changes: readonly Change[];
  /** Tables (`Device.A.`) whose rows changed. */
  tables: readonly string[];
  removed: readonly string[];
  source: Source;
}

export type ReadValue = (unit: Unit, instances: readonly number[]) => string | undefined;

export type ReadRows = (unit: Unit, instances: readonly number[]) => readonly number[];

/** Stores a value that a service shows in its own way. @throws CwmpFault 9007 where it cannot be that value */
export type WriteValue = (draft: Draft, value: string, instances: readonly number[]) => void;

export interface Service {
  /** `SipEp` */
  readonly name: string;
  /** Values it computes, by template path without the root: `X_0090F8_Fpu.Status`. */
  readonly values?: Readonly<Record<string, ReadValue>>;
  /** Computed rows, by table path without the root: `X_0090F8_Nlm.LocalLogMessages.`. */
  readonly rows?: Readonly<Record<string, ReadRows>>;
  /** Stores a value that it computes. */
  readonly writes?: Readonly<Record<string, WriteValue>>;
  /** Refuses or completes a draft. Called for each draft. */
  check?(unit: Unit, draft: Draft, problem: Problem): void;
  /** Acts on what was committed. Called for each commit. */
  apply?(unit: Unit, commit: Applied): Promise<void> | void;
  start?(unit: Unit): Promise<void> | void;
  stop?(unit: Unit): Promise<void> | void;
  /** Ends at once, as when power fails: nothing is sent. Absent: as `stop`. */
  powerOff?(unit: Unit): Promise<void> | void;
  /** The clock was set for the first time since boot. */
  clockSet?(unit: Unit): Promise<void> | void;
  /** Row commands, by template path without the root. */
  readonly rowCommands?: Readonly<Record<string, (unit: Unit, instance: number) => Promise<void>>>;
  /** Script commands, by lower-case name: `scm.restartrequiredservices`. */
  readonly commands?: Readonly<Record<string, (unit: Unit) => Promise<void>>>;
}

/** The state of a service for a unit, made on first use. */
export function slotOf<T>(unit: Unit, owner: object, make: () => T): T {
  const known = unit.slots?.find(slot => slot.owner === owner);
  if (known) return known.state as T;
  const state = make();
  unit.slots = withEntry(unit.slots, { owner, state });
  return state;
}

/** The same, if it was made: an idle unit keeps nothing for most services. */
export function peekSlot<T>(unit: Unit, owner: object): T | undefined {
  return unit.slots?.find(slot => slot.owner === owner)?.state as T | undefined;
}

/** Seconds since the unit was switched on; 0 while it is down. */
export const uptimeSeconds = ({ services, clock, power }: Unit): number =>
  services.up ? Math.floor((clock.monotonic() - power.bootedAt) / 1000) : 0;

/** Vendor prefix of the DGW tree. */
export const X = 'X_0090F8_';

/** Concrete path of a DGW variable: `Device.X_0090F8_Fpu.Status`. */
export const dgwPath = (of: { readonly model: Model }, name: string): string => `${of.model.root}${X}${name}`;

/** `2026-01-31 13:05:09` in UTC: how the unit keeps times; '' while the clock is not set. */
export function showTime(now: number | undefined): string {
  return now === undefined ? '' : new Date(now).toISOString().slice(0, 19).replace('T', ' ');
}

/** Seconds east of Greenwich that the unit lives in, by `Hoc.StaticTimeZone`. */
export const offsetOf = (unit: Unit, now: number): number =>
  offsetIn(unit.config.variable('Hoc.StaticTimeZone') ?? '', now);

/** The same instant as the vendor shows it: the unit's local time. */
export const localTime = (unit: Unit, now: number | undefined): string =>
  now === undefined ? '' : showTime(now + offsetOf(unit, now) * 1000);

/** A kept time as the vendor shows it; a text that is none stays as it is. */
export function localOf(unit: Unit, kept: string | undefined): string {
  const now = Date.parse(`${kept?.replace(' ', 'T')}Z`);
  return Number.isNaN(now) ? (kept ?? '') : localTime(unit, now);
}

/** A value at a path that must exist: for rows a service just listed. */
export function cell(tree: Tree, path: string): string {
  const found = tree.find(path);
  return found ? tree.value(path, found) : '';
}

/** Stores a DGW variable in a draft, past the checks of its parameter. @returns false where there is none */
export function writeVariable(draft: Draft, name: string, value: string): boolean {
  const path = pathOfVariable(draft, name);
  const found = path === undefined ? undefined : draft.find(path);
  if (path === undefined || !found) return false;
  draft.put(path, found, value);
  return true;
}

/** A DGW variable of a tree; '' where there is none. */
export function readVariable(tree: Tree, name: string): string {
  const path = pathOfVariable(tree, name);
  return path === undefined ? '' : cell(tree, path);
}

/** Rows of a DGW table with some of their columns. */
export function rowsOf<C extends string>(
  unit: Unit,
  table: string,
  columns: readonly C[],
): ({ row: number } & Record<C, string>)[] {
  const path = dgwPath(unit, `${table}.`);
  if (!unit.config.tree.findObject(path)) return [];
  return unit.config.tree.rows(path).map(row => {
    const values = Object.fromEntries(
      columns.map(column => [column, cell(unit.config.tree, `${path}${row}.${column}`)]),
    );
    return { row, ...(values as Record<C, string>) };
  });
}

/** `host:port` as the unit writes it; port 0 or none means the default of its use. Host '' where the text is neither. */
export function hostPort(text: string): { host: string; port: Port | 0 } {
  const match = /^(?:\[([^\]]+)\]|([^:]*))(?::(\d{1,5}))?$/.exec(text.trim());
  const digits = match?.[3] ?? '0';
  const port = Number(digits) === 0 ? 0 : readPort(digits);
  return port === undefined ? { host: '', port: 0 } : { host: match?.[1] ?? match?.[2] ?? '', port };
}
