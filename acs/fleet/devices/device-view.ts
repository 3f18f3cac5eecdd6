// The view of a device that operators get.
import type { Login } from '../../device/credentials.ts';
import type { Drift } from '../../device/desired-state.ts';
import { type Liveness, livenessOf } from '../../device/liveness.ts';
import type { Override } from '../../device/override.ts';
import type { RolloutPosition } from '../../device/rollout-position.ts';
import type { DeviceRow, Sighting, Unfinished } from '../../device/row.ts';

/** The view of a device for operators: without sealed texts, with its liveness. */
export interface DeviceView {
  id: string;
  manufacturer: string;
  oui: string;
  productClass: string;
  serialNumber: string;
  /** `serial`, `firmware` and `hardware` are the names that filters use; the long ones are those of TR-069. */
  serial: string;
  state: string;
  /** The reason why it is held. */
  hold: { reason: string; since: string; detail: string; sightings?: [Sighting, Sighting] } | null;
  replacedBy: { id: string; since: string } | null;
  replaces: { id: string; since: string } | null;
  online: boolean;
  /** By the device's own interval; null for one that never sent an Inform. */
  liveness: Liveness | null;
  /** Sessions lost since the last one that ended well; null when the last one did. */
  unfinished: { sessions: number; since: string; error: string } | null;
  created: string;
  lastInform: string | null;
  /** Seconds between periodic Informs; null where it is not known, or where there are none. */
  informInterval: number | null;
  /** Time of the next periodic Inform, as far as it is known. */
  nextInform: string | null;
  lastBoot: string | null;
  lastBootstrap: string | null;
  lastEvents: string[];
  address: string;
  softwareVersion: string;
  firmware: string;
  hardwareVersion: string;
  hardware: string;
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
  overrides: Record<string, Override>;
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

/** A field of the view: the fields of the row that it is made from, and how. */
interface ViewField<T> {
  from: readonly (keyof DeviceRow)[];
  of(row: DeviceRow, now: number): T;
}

type ViewFields = { [N in keyof Omit<DeviceView, 'warnings'>]-?: ViewField<DeviceView[N]> };
export type ViewName = keyof ViewFields;

const iso = (time: number | undefined): string | null => (time === undefined ? null : new Date(time).toISOString());
const same = <N extends keyof DeviceRow>(name: N): ViewField<DeviceRow[N]> => ({
  from: [name],
  of: row => row[name],
});
const timeOf = (name: 'created' | 'lastInform' | 'lastBoot' | 'lastBootstrap'): ViewField<string | null> => ({
  from: [name],
  of: row => iso(row[name]),
});
const partner = (name: 'replacedBy' | 'replaces'): ViewField<{ id: string; since: string } | null> => ({
  from: [name],
  of: ({ [name]: other }) => (other ? { id: other.id, since: new Date(other.since).toISOString() } : null),
});
const seen = ['lastInform', 'informInterval'] as const;

const viewFields: ViewFields = {
  id: same('id'),
  manufacturer: same('manufacturer'),
  oui: same('oui'),
  productClass: same('productClass'),
  serialNumber: same('serialNumber'),
  serial: same('serialNumber'),
  state: same('state'),
  hold: {
    from: ['hold'],
    of: ({ hold }) =>
      hold
        ? {
            ...{ reason: hold.reason, since: new Date(hold.since).toISOString(), detail: hold.detail },
            ...(hold.sightings ? { sightings: hold.sightings } : {}),
          }
        : null,
  },
  replacedBy: partner('replacedBy'),
  replaces: partner('replaces'),
  online: { from: seen, of: (row, now) => livenessOf(row, now) === 'online' },
  liveness: { from: seen, of: (row, now) => livenessOf(row, now) ?? null },
  unfinished: { from: ['unfinished'], of: ({ unfinished }) => (unfinished ? unfinishedView(unfinished) : null) },
  created: { from: ['created'], of: row => new Date(row.created).toISOString() },
  lastInform: timeOf('lastInform'),
  informInterval: { from: ['informInterval'], of: ({ informInterval }) => informInterval || null },
  nextInform: {
    from: seen,
    of: ({ lastInform, informInterval }) =>
      lastInform !== undefined && informInterval ? iso(lastInform + informInterval * 1000) : null,
  },
  lastBoot: timeOf('lastBoot'),
  lastBootstrap: timeOf('lastBootstrap'),
  lastEvents: same('lastEvents'),
  address: same('address'),
  softwareVersion: same('softwareVersion'),
  firmware: same('softwareVersion'),
  hardwareVersion: same('hardwareVersion'),
  hardware: same('hardwareVersion'),
  provisioningCode: same('provisioningCode'),
  parameterKey: same('parameterKey'),
  wantedRevision: { from: ['reconciled'], of: ({ reconciled }) => reconciled?.revision ?? null },
  username: {
    from: ['credentials'],
    of: ({ credentials }) => credentials?.next?.username ?? credentials?.username ?? null,
  },
  login: { from: ['login'], of: ({ login }) => login ?? null },
  unusedLogins: { from: ['unusedLogins'], of: ({ unusedLogins }) => unusedLogins?.taken ?? 0 },
  connectionRequestUrl: { from: ['connectionRequest'], of: ({ connectionRequest }) => connectionRequest.url },
  tags: same('tags'),
  site: same('site'),
  overrides: same('overrides'),
  applied: same('applied'),
  openTasks: { from: ['tasks'], of: ({ tasks }) => tasks.length },
  rollout: { from: ['rollout'], of: ({ rollout }) => (rollout ? rolloutView(rollout) : null) },
  faults: same('faults'),
  drift: { from: ['drift'], of: ({ drift }) => drift ?? [] },
  restart: { from: ['restart'], of: ({ restart }) => restart ?? null },
  move: { from: ['move'], of: ({ move }) => move ?? null },
};

export const viewNames = Object.keys(viewFields) as readonly ViewName[];

/** The fields of a row that fields of the view are made from. */
export const sourcesOf = (names: readonly ViewName[]): (keyof DeviceRow)[] => [
  ...new Set(names.flatMap(name => viewFields[name].from)),
];

export const viewOf = (row: DeviceRow, now: number): DeviceView => partOf(row, now, viewNames) as DeviceView;

/** @param row has what these fields of the view are made from */
export const partOf = (row: DeviceRow, now: number, names: readonly ViewName[]): Partial<DeviceView> =>
  Object.fromEntries(names.map(name => [name, viewFields[name].of(row, now)]));

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
