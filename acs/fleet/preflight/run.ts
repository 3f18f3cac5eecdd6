// One preflight run over a fleet, or over a part of it, at one time: the links of each device, and how many devices keep or lose them.
import type { Model } from '../../../shared/model/definitions.ts';
import type { DeviceRow } from '../../device/row.ts';
import type { KnownTexts, Store } from '../../store/store.ts';
import { portionsOf } from '../common/device-pages.ts';
import type { Models } from '../common/models.ts';
import { KnownTextNumbers, Overlays } from './device-groups.ts';
import type { DeviceRoots, Roots, TrustRow } from './device-roots.ts';
import {
  type DeviceLink,
  type LinkContext,
  type LinkInput,
  type LinkName,
  linksOf,
  reachedSince,
  type Side,
} from './links.ts';
import type { ScriptReader, Scripts } from './script-settings.ts';
import { acsTlsPaths, type Overlay, settingsOf, tlsPaths, type WantedTls } from './tls-settings.ts';

/** The fields of a device that a run reads besides those that its presets and CAs depend on. */
export const preflightFields = ['lastInform', 'absence', 'root', 'applied', 'parameterKey'] as const;
export type PreflightRow = TrustRow & Pick<DeviceRow, (typeof preflightFields)[number]>;

/** A device with its wanted state before and after a change. */
export interface DeviceChange {
  row: PreflightRow;
  /** The device has taken all of `before`. */
  holds: boolean;
  before: WantedTls;
  after: WantedTls;
}

/** A device whose wanted state stays as it is. */
export const unchangedDevice = (row: PreflightRow, wanted: WantedTls & { revision: string }): DeviceChange => ({
  row,
  holds: row.parameterKey === wanted.revision,
  before: wanted,
  after: wanted,
});

export interface LinkTotals {
  keeps: number;
  loses: number;
  unknown: number;
  /** Devices that lose the link by the change: they are among `loses`, and do not lose it without the change. */
  breaks: number;
}

export interface LinkBreak extends Pick<DeviceLink, 'link' | 'server'> {
  device: string;
  reason: string;
  message: string;
}

export interface PreflightReport {
  /** After the change, by link. */
  totals: Partial<Record<LinkName, LinkTotals>>;
  /** The first devices that lose a link by the change. */
  breaks: LinkBreak[];
}

/** The parts that all runs share, and the context of this one. */
export interface RunParts {
  store: Pick<Store, 'knownValues'>;
  models: Models;
  scripts: ScriptReader;
  roots: DeviceRoots;
  context: LinkContext;
  /** The number of breaks that are reported one by one. */
  limit: number;
}

/** The input of `linksOf` for a device, made only where no equal device was judged before. */
interface DeviceCase {
  key: string;
  input(): Omit<LinkInput, 'informed'>;
}

export class PreflightRun {
  readonly #parts: RunParts;
  readonly #numbers = new KnownTextNumbers();
  readonly #overlays = new Overlays();
  /** The result of `reachedSince`, by the key of the case. */
  readonly #reachedSince = new Map<string, number>();
  readonly #links = new Map<string, DeviceLink[]>();
  /** Grows with each call of `check`. */
  readonly report: PreflightReport = { totals: {}, breaks: [] };

  constructor(parts: RunParts) {
    this.#parts = parts;
  }

  /** Rows are needed with the values of their Informs. */
  get needsInformValues(): boolean {
    return this.#parts.roots.needsInformValues;
  }

  /** Judges the links of these devices and adds them to the report. @returns the links of each device, in order */
  async check(changes: readonly DeviceChange[]): Promise<DeviceLink[][]> {
    if (changes.length === 0) return [];
    const { store, models, scripts, roots, context } = this.#parts;
    const ids = changes.map(({ row }) => row.id);
    const known = await store.knownValues(ids, context.only === 'acs' ? acsTlsPaths : tlsPaths);
    await roots.load(changes.map(({ row, before, after }) => ({ row, wanted: [before, after] })));
    const loaded = await scripts.load(changes.flatMap(({ before, after }) => [before, after]));
    const found: DeviceLink[][] = [];
    for await (const portion of portionsOf(changes))
      for (const change of portion) {
        const { row } = change;
        const links = await this.#linksOf(change, this.#case(change, known.get(row.id), await models.of(row), loaded));
        countLinks(this.report, row.id, links, this.#parts.limit);
        found.push(links);
      }
    return found;
  }

  async #linksOf({ row }: DeviceChange, { key, input }: DeviceCase): Promise<DeviceLink[]> {
    const { context } = this.#parts;
    let since = this.#reachedSince.get(key);
    if (since === undefined) {
      since = await reachedSince(input(), context);
      this.#reachedSince.set(key, since);
    }
    const informed = row.lastInform !== undefined && row.lastInform >= since;
    const fullKey = `${key}\0${informed}`;
    const known = this.#links.get(fullKey);
    if (known) return known;
    const links = await linksOf({ ...input(), informed }, context);
    this.#links.set(fullKey, links);
    return links;
  }

  #case(change: DeviceChange, known: KnownTexts | undefined, model: Model | undefined, scripts: Scripts): DeviceCase {
    const { row, holds, before, after } = change;
    const [was, is] = [this.#overlays.of(before, scripts), this.#overlays.of(after, scripts)];
    const rootsOf = this.#parts.roots.of(row);
    const roots = { before: rootsOf(before), after: rootsOf(after) };
    const key = [
      model?.name ?? '',
      model?.services.length ?? 0,
      this.#numbers.of(known),
      was.key,
      is.key,
      roots.before.key,
      roots.after.key,
      row.absence !== undefined,
      holds,
    ].join('\0');
    const overlays = { before: was.overlay, after: is.overlay };
    return { key, input: () => inputOf(change, overlays, roots, overlay => settingsOf(known, overlay, model)) };
  }
}

/** Adds the links of a device to a report. @param limit the number of breaks that the report lists */
function countLinks(
  { totals, breaks }: PreflightReport,
  device: string,
  links: readonly DeviceLink[],
  limit: number,
): void {
  for (const { link, server, before, after } of links) {
    if (!after) continue;
    const total = totals[link] ?? { keeps: 0, loses: 0, unknown: 0, breaks: 0 };
    totals[link] = total;
    total[after.verdict]++;
    if (after.verdict !== 'loses' || before?.verdict === 'loses') continue;
    total.breaks++;
    const { reason = 'handshake', message = '' } = after;
    if (breaks.length < limit) breaks.push({ device, link, server, reason, message });
  }
}

type BothSides<T> = Record<'before' | 'after', T>;

function inputOf(
  { row, holds }: DeviceChange,
  overlays: BothSides<Overlay>,
  roots: BothSides<Roots>,
  settings: (overlay: Overlay) => Side['settings'],
): Omit<LinkInput, 'informed'> {
  // A device keeps what it has taken, also when that is wanted no more.
  const taken: Overlay = holds ? overlays.before : new Map();
  return {
    before: { settings: settings(overlays.before), roots: roots.before },
    after: { settings: settings(new Map([...taken, ...overlays.after])), roots: roots.after },
    held: settings(taken),
    absent: row.absence !== undefined,
    address: row.address,
  };
}
