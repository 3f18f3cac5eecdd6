// Kinds of changes in a dry run: devices that would change in the same way are one kind, and presets that want other values are conflicts.
import type { KnownTexts } from '../../store/store.ts';
import type { CompiledPreset, CompiledValue } from '../presets/compiled-preset.ts';
import { isApplied } from '../presets/merge.ts';
import { OVERRIDE } from '../presets/preset.ts';
import type { MergeOutcome, MergeOutcomes, SurveyedRow } from './dry-run-comparison.ts';

export interface ChangedParameter {
  path: string;
  /** Null where it is not known of any device of the kind; absent where it differs between them. */
  known?: string | null;
  /** Absent where it differs between them. */
  wanted?: string;
  secret: boolean;
}

export interface ChangeKind {
  /** Number of devices. */
  count: number;
  set: ChangedParameter[];
  /** Tables of which other rows are wanted. */
  tables: string[];
  files: string[];
  /** Devices of these that lose a TLS connection. */
  breaks: number;
  /** One of the devices. */
  example: string;
}

/** Another preset that wants other values on devices that the changed preset fits. */
export interface PresetConflict {
  /** `override` for values of devices. */
  preset: string;
  paths: string[];
  devices: number;
  /** The preset whose values the devices get. */
  wins: string;
}

/** The changes of a device, before they are counted. */
interface DeviceKind {
  set: ChangedParameter[];
  tables: string[];
  files: string[];
}

/** Kinds with the same paths and different values, beyond which values are left out. */
const MAX_VALUED = 20;
const MAX_KINDS = 200;

export class ChangeKinds {
  readonly #kinds = new Map<string, ChangeKind>();
  readonly #valued = new Map<string, number>();
  /** Devices whose kind is beyond the bound. */
  others = 0;

  /** @param known values of the wanted parameters, in the order of `paths` */
  add(
    { row, outcomes, isBroken }: { row: SurveyedRow; outcomes: MergeOutcomes; isBroken: boolean },
    paths: readonly string[],
    known: KnownTexts | undefined,
    open: (text: string) => string,
  ): void {
    const found = changesOf(row, outcomes, path => {
      const text = known?.[paths.indexOf(path)] ?? null;
      return text === null ? null : open(text);
    });
    const kind = this.#kindOf(found, row.id);
    if (!kind) {
      this.others++;
      return;
    }
    kind.count++;
    if (isBroken) kind.breaks++;
    for (const [at, entry] of kind.set.entries()) {
      const { known: own, wanted } = found.set[at] ?? {};
      if (entry.known !== own) delete entry.known;
      if (entry.wanted !== wanted) delete entry.wanted;
    }
  }

  /** The most frequent first. */
  list(): ChangeKind[] {
    return [...this.#kinds.values()].sort((a, b) => b.count - a.count);
  }

  #kindOf(found: DeviceKind, example: string): ChangeKind | undefined {
    const { set, tables, files } = found;
    const shape = JSON.stringify([set.map(({ path }) => path), tables, files]);
    const exact = `${shape}${JSON.stringify(set.map(({ wanted }) => wanted))}`;
    const known = this.#kinds.get(exact);
    if (known) return known;
    const valued = this.#valued.get(shape) ?? 0;
    const key = valued < MAX_VALUED ? exact : shape;
    const merged = this.#kinds.get(key);
    if (merged) return merged;
    if (this.#kinds.size >= MAX_KINDS) return undefined;
    this.#valued.set(shape, valued + 1);
    const kind = { count: 0, set: set.map(entry => ({ ...entry })), tables, files, breaks: 0, example };
    this.#kinds.set(key, kind);
    return kind;
  }
}

function changesOf(
  row: SurveyedRow,
  { before, after }: MergeOutcomes,
  knownOf: (path: string) => string | null,
): DeviceKind {
  const set = [...after.wanted.set].flatMap(([path, { value, secret }]) => {
    const known = knownOf(path);
    return known === value ? [] : [{ path, known, wanted: value, secret }];
  });
  const tableTexts = new Map(before.wanted.objects.map(({ table, wanted }) => [table, JSON.stringify(wanted)]));
  const tables = after.wanted.objects.filter(({ table, wanted }) => tableTexts.get(table) !== JSON.stringify(wanted));
  const files = after.wanted.files.filter(file => !isApplied(file, row));
  return {
    set: set.sort((a, b) => (a.path < b.path ? -1 : 1)),
    tables: tables.map(({ table }) => table),
    files: files.map(({ file }) => file.name),
  };
}

/** Counts the conflicts of one preset. Those of equal outcomes are found once. */
export class PresetConflicts {
  readonly #name: string;
  readonly #known = new WeakMap<MergeOutcome, PresetConflict[]>();
  readonly #all = new Map<string, PresetConflict>();

  constructor(name: string) {
    this.#name = name;
  }

  add(outcome: MergeOutcome): void {
    let conflicts = this.#known.get(outcome);
    if (!conflicts) {
      conflicts = conflictsIn(outcome, this.#name).flatMap(found => this.#same(found) ?? []);
      this.#known.set(outcome, conflicts);
    }
    for (const conflict of conflicts) conflict.devices++;
  }

  /** Those of most devices first. */
  list(): PresetConflict[] {
    return [...this.#all.values()].sort((a, b) => b.devices - a.devices);
  }

  /** The conflict that is counted already, or the new one; undefined beyond the bound. */
  #same(found: PresetConflict): PresetConflict | undefined {
    const { preset, wins, paths } = found;
    const text = JSON.stringify([preset, wins, paths]);
    if (!this.#all.has(text) && this.#all.size < MAX_KINDS) this.#all.set(text, found);
    return this.#all.get(text);
  }
}

function conflictsIn({ wanted, applying }: MergeOutcome, name: string): PresetConflict[] {
  const changed = applying.find(preset => preset.name === name);
  if (!changed) return [];
  const own = placesOf(changed);
  const place = applying.indexOf(changed);
  const found = applying.flatMap((other, at): PresetConflict[] => {
    if (other === changed) return [];
    const paths = [...placesOf(other)].filter(([path, text]) => own.has(path) && !isEqual(own.get(path), text));
    if (paths.length === 0) return [];
    return [
      { preset: other.name, paths: paths.map(([path]) => path), devices: 0, wins: at > place ? other.name : name },
    ];
  });
  const overridden = [...own.keys()].filter(path => wanted.set.get(path)?.preset === OVERRIDE);
  if (overridden.length > 0) found.push({ preset: OVERRIDE, paths: overridden, devices: 0, wins: OVERRIDE });
  return found;
}

/** Paths and tables of a preset, with the text that all devices get; undefined where that depends on the device. */
function placesOf({ set, tables }: CompiledPreset): Map<string, string | undefined> {
  return new Map([
    ...set.map((value): [string, string | undefined] => [value.name, plainText(value)]),
    ...tables.map(({ table, rows }): [string, string | undefined] => [table, JSON.stringify(rows.map(rowText))]),
  ]);
}

const rowText = (cells: readonly CompiledValue[]): (string | undefined)[] => cells.map(plainText);

const plainText = ({ dgw, other }: CompiledValue): string | undefined =>
  dgw === other && 'plain' in dgw.text ? dgw.text.plain : undefined;

const isEqual = (one: string | undefined, other: string | undefined): boolean => one !== undefined && one === other;
