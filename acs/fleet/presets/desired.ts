// The wanted state of one device: the types that the merge makes and that all other parts read.

import type { WantedValue } from '../../device/desired-state.ts';
import type { DeviceRow } from '../../device/row.ts';
import type { StoredFile } from '../files/stored-file.ts';
import type { AcsMove, Preset, WantedObjects } from './preset.ts';
import { identityFields } from './variables.ts';

export interface WantedFile {
  kind: 'certificate' | 'script' | 'firmware';
  file: StoredFile;
  preset: string;
  /** The rollout that wants it in place of a preset; the device's position there says when it is fetched. */
  rollout?: string;
}

/** A wanted thing that the device refuses or that cannot be resolved. It becomes a fault of its preset, which suspends the preset. */
export interface Refusal {
  preset: string;
  code: number | string;
  message: string;
  parameter?: string;
  /** The stored file that the device took without running its version afterwards. */
  file?: string;
}

export interface WantedParameter extends WantedValue {
  preset: string;
  /** Its value is never shown. */
  secret: boolean;
}

export interface WantedTable {
  table: string;
  preset: string;
  wanted: WantedObjects;
  /** Columns whose values are never shown. */
  secrets: string[];
}

export interface Wanted {
  /** 16 hexadecimal digits; '' when nothing is wanted. */
  revision: string;
  set: Map<string, WantedParameter>;
  objects: WantedTable[];
  files: WantedFile[];
  restart: { wish: NonNullable<Preset['restart']>; preset?: string };
  /** The interval of drift checks, milliseconds; absent: no check by time. */
  auditMs?: number;
  /** Presets whose drift is reported and not corrected. */
  reporting: ReadonlySet<string>;
  /** Options for a move to another ACS, by preset. */
  moves: ReadonlyMap<string, AcsMove>;
  /** Tags of the presets that apply, by name. */
  tags: ReadonlyMap<string, string>;
  /** Presets that fit the device but cannot be resolved for it; the other fields leave them out. */
  refused: Refusal[];
  /** The finished rollout whose version a preset names by now. */
  adopted?: string;
}

/** The fields of a device that a merge reads. */
export const mergedFields = [
  ...identityFields,
  'root',
  'address',
  'state',
  'created',
  'tags',
  'site',
  'overrides',
  'told',
  'faults',
  'rollout',
] as const satisfies readonly (keyof DeviceRow)[];

export type MergedRow = Pick<DeviceRow, (typeof mergedFields)[number]>;

/** The inputs of a merge besides the presets and the device. */
export interface MergeInput {
  files: ReadonlyMap<string, StoredFile>;
  now: number;
  /** Tells whether the device has the data model of a DGW. */
  isDgw(row: MergedRow): boolean;
  /** Opens a text that may be sealed. */
  open(text: string): string;
  /** Tells whether a parameter of that path is never shown. */
  isSecret(path: string): boolean;
  /** The key of revisions, which keeps them from revealing secrets. */
  key: Buffer;
}

/** Called for each value that a heavier preset overrides. */
export type OnLost = (lost: {
  kind: 'set' | 'objects' | 'files' | 'restart';
  /** The path, the table, or the kind and name of the file. */
  name: string;
  preset: string;
  /** The value of a parameter, and whether it is never shown. */
  value?: string;
  secret?: boolean;
}) => void;
