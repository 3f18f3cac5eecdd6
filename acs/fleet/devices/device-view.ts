// The view of a device that operators get.
import type { Login } from '../../device/credentials.ts';
import type { Drift, WantedValue } from '../../device/desired-state.ts';
import { type Liveness, livenessOf } from '../../device/liveness.ts';
import type { RolloutPosition } from '../../device/rollout-position.ts';
import type { DeviceRow, Unfinished } from '../../device/row.ts';

/** The view of a device for operators: without sealed texts, with its liveness. */
export interface DeviceView {
  id: string;
  manufacturer: string;
  oui: string;
  productClass: string;
  serialNumber: string;
  state: string;
  /** The reason why it is held. */
  hold: { reason: string; since: string; detail: string } | null;
  online: boolean;
  /** By the device's own interval; null for one that never sent an Inform. */
  liveness: Liveness | null;
  /** Sessions lost since the last one that ended well; null when the last one did. */
  unfinished: { sessions: number; since: string; error: string } | null;
  created: string;
  lastInform: string | null;
  lastBoot: string | null;
  lastBootstrap: string | null;
  lastEvents: string[];
  address: string;
  softwareVersion: string;
  hardwareVersion: string;
  provisioningCode: string;
  parameterKey: string;
  wantedRevision: string | null;
  username: string | null;
  /** The login of its last Inform: null before the first. */
  login: Login | null;
  /** Logins of its own that it accepted in a row and has not used. */
  unusedLogins: number;
  connectionRequestUrl: string;
  tags: string[];
  site: Record<string, string>;
  overrides: Record<string, WantedValue>;
  applied: Record<string, string>;
  openTasks: number;
  rollout: { id: string; wave: number; state: string; reason?: string } | null;
  faults: DeviceRow['faults'];
  drift: Drift[];
  restart: DeviceRow['restart'] | null;
  move: DeviceRow['move'] | null;
  /** Only in the answer to a change: overrides that the device is not known to have. */
  warnings?: string[];
}

const iso = (time: number | undefined): string | null => (time === undefined ? null : new Date(time).toISOString());

export function viewOf(row: DeviceRow, now: number): DeviceView {
  return {
    id: row.id,
    manufacturer: row.manufacturer,
    oui: row.oui,
    productClass: row.productClass,
    serialNumber: row.serialNumber,
    state: row.state,
    hold: row.hold
      ? { reason: row.hold.reason, since: new Date(row.hold.since).toISOString(), detail: row.hold.detail }
      : null,
    online: livenessOf(row, now) === 'online',
    liveness: livenessOf(row, now) ?? null,
    unfinished: row.unfinished ? unfinishedView(row.unfinished) : null,
    created: new Date(row.created).toISOString(),
    lastInform: iso(row.lastInform),
    lastBoot: iso(row.lastBoot),
    lastBootstrap: iso(row.lastBootstrap),
    lastEvents: row.lastEvents,
    address: row.address,
    softwareVersion: row.softwareVersion,
    hardwareVersion: row.hardwareVersion,
    provisioningCode: row.provisioningCode,
    parameterKey: row.parameterKey,
    wantedRevision: row.reconciled?.revision ?? null,
    username: row.credentials?.next?.username ?? row.credentials?.username ?? null,
    login: row.login ?? null,
    unusedLogins: row.unusedLogins?.taken ?? 0,
    connectionRequestUrl: row.connectionRequest.url,
    tags: row.tags,
    site: row.site,
    overrides: row.overrides,
    applied: row.applied,
    openTasks: row.tasks.length,
    rollout: row.rollout ? rolloutView(row.rollout) : null,
    faults: row.faults,
    drift: row.drift ?? [],
    restart: row.restart ?? null,
    move: row.move ?? null,
  };
}

const unfinishedView = ({ sessions, since, error }: Unfinished): NonNullable<DeviceView['unfinished']> => ({
  sessions,
  since: new Date(since).toISOString(),
  error,
});

const rolloutView = ({ id, wave, state, reason }: RolloutPosition): NonNullable<DeviceView['rollout']> => ({
  id,
  wave,
  state,
  ...(reason === undefined ? {} : { reason }),
});
