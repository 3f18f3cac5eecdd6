// The desired state of one device: the types that the merge makes and that everything else reads.

import type { WantedValue } from '../../device/desired-state.ts';
import type { DeviceRow } from '../../device/row.ts';
import type { StoredFile } from '../files/stored-file.ts';
import type { AcsMove, Preset, WantedObjects } from './preset.ts';
import { identityFields } from './variables.ts';

export interface WantedFile {
  kind: 'certificate' | 'script' | 'firmware';
  file: StoredFile;
  preset: string;
  /** A rollout wants it, no preset: it is fetched as the device's position there has it. */
  rollout?: string;
}

/** Why something wanted is not to be had: told as a fault of its preset, which is set aside. */
export interface Refusal {
  preset: string;
  code: number | string;
  message: string;
  parameter?: string;
  /** A stored file that the device took without becoming what it should. */
  file?: string;
}

export interface WantedParameter extends WantedValue {
  preset: string;
  /** Never to be shown. */
  secret: boolean;
}

export interface WantedTable {
  table: string;
  preset: string;
  wanted: WantedObjects;
  /** Columns that are never to be shown. */
  secrets: string[];
}

export interface Wanted {
  /** 16 hexadecimal digits; '' when nothing is wanted. */
  revision: string;
  set: Map<string, WantedParameter>;
  objects: WantedTable[];
  files: WantedFile[];
  restart: { wish: NonNullable<Preset['restart']>; preset?: string };
  /** How often it is looked after whether all this holds, milliseconds; absent: never by time. */
  auditMs?: number;
  /** Presets whose values are left as they are found, and told of. */
  reporting: ReadonlySet<string>;
  /** How presets send devices to another ACS, where they say so. */
  moves: ReadonlyMap<string, AcsMove>;
  /** Tags of the presets that apply. */
  tags: ReadonlyMap<string, string>;
  /** Presets that fit the device and cannot be made out for it: they are left out of the rest. */
  refused: Refusal[];
  /** The rollout whose version presets name too by now. */
  adopted?: string;
}

/** The fields of a device that a merge looks at. */
export const mergedFields = [
  ...identityFields,
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

/** What a merge rests on beside the rules and the device. */
export interface MergeInput {
  files: ReadonlyMap<string, StoredFile>;
  now: number;
  /** Opens a text that may be sealed. */
  open(text: string): string;
  /** Revisions are made with it, so that they tell nothing of the secrets in them. */
  key: Buffer;
}

/** Told of what lost to something heavier, as it loses. */
export type OnLost = (what: {
  kind: 'set' | 'objects' | 'files' | 'restart';
  /** Path, table, or kind and name of the file. */
  name: string;
  preset: string;
  /** Of a parameter: what it would have been, and whether it is never to be shown. */
  value?: string;
  secret?: boolean;
}) => void;
