// The TLS preflight: which gateway would keep, and which would lose, its ACS, its file server, its SIP servers by a change. Devices that
// are equal in what counts (settings, CAs, servers) are judged once, so that a fleet costs little more than one of each kind.
import { UserError } from '../../../shared/errors.ts';
import type { Model } from '../../../shared/model/definitions.ts';
import type { DeviceRow } from '../../device/row.ts';
import type { KnownTexts } from '../../store/store.ts';
import type { FleetContext } from '../common/context.ts';
import { portionsOf } from '../common/device-pages.ts';
import type { Models } from '../common/models.ts';
import type { Files } from '../files/files.ts';
import type { StoredFile } from '../files/stored-file.ts';
import {
  type Link,
  type LinkContext,
  type LinkInput,
  type LinkName,
  linksOf,
  reachedSince,
  type Side,
} from './links.ts';
import { settingsIn } from './script-settings.ts';
import { createServers, type Servers } from './servers.ts';
import { acsPaths, type Overlay, overlayOf, paths, settingsOf, type Target } from './tls-settings.ts';
import { createTrust, type TrustRegister, type TrustRow } from './trust.ts';

/** What is looked at of a device beside what its presets and CAs hang on. */
export const preflightFields = ['lastInform', 'absence', 'root', 'applied', 'parameterKey'] as const;
export type FlightRow = TrustRow & Pick<DeviceRow, (typeof preflightFields)[number]>;

/** A device, and what is wanted of it before and after the change. */
export interface Changed {
  row: FlightRow;
  /** The device has taken all of `before`. */
  holds: boolean;
  before: Target;
  after: Target;
}

/** What scripts set, by name and content. */
type Scripts = Map<string, ReadonlyMap<string, string>>;

/** A device as things stand. */
export const unchanged = (row: FlightRow, wanted: Target & { revision: string }): Changed => ({
  row,
  holds: row.parameterKey === wanted.revision,
  before: wanted,
  after: wanted,
});

export interface Totals {
  keeps: number;
  loses: number;
  unknown: number;
  /** Of those that lose it: who does not lose it as things stand. */
  breaks: number;
}

export interface Break extends Pick<Link, 'link' | 'server'> {
  device: string;
  reason: string;
  message: string;
}

export interface FlightReport {
  /** After the change, by link. */
  totals: Partial<Record<LinkName, Totals>>;
  /** The first of those that would lose what they have. */
  breaks: Break[];
}

/** One run over a fleet, or a part of it, at one time. */
export interface Flight {
  /** Rows are needed with what their Informs told. */
  looksInside: boolean;
  /** @returns the links of each device, in order */
  look(changed: readonly Changed[]): Promise<Link[][]>;
  report(): FlightReport;
}

export interface Preflight {
  servers: Servers;
  trust: TrustRegister;
  /** @param limit so many breaks are told one by one */
  begin(limit: number, change?: Pick<LinkContext, 'ownAfter' | 'only'>): Promise<Flight>;
  /** What the ACS itself offers now. */
  own(): Promise<LinkContext['own']>;
}

export function createPreflight(context: FleetContext, { files, models }: { files: Files; models: Models }): Preflight {
  const { store, clock, ports } = context;
  const trust = createTrust(context, files);
  const servers = createServers(context);
  const scripts: Scripts = new Map();
  const none: ReadonlyMap<string, string> = new Map();

  const own = async (): Promise<LinkContext['own']> => {
    const { url, listener } = ports.preflight?.own() ?? {};
    const read = await servers.reader();
    const heard = listener ? await read(listener) : { missing: 'the ACS has no TLS listener' };
    if ('facts' in heard || url === undefined || !url.startsWith('https:')) return { url, facts: heard };
    // Behind a proxy that speaks TLS for it.
    const { hostname, port } = new URL(url);
    const seen = await read({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 443) });
    return { url, facts: 'facts' in seen ? seen : heard };
  };

  /** @returns those of this page, whatever other runs read and forget meanwhile */
  const loadScripts = async (changed: readonly Changed[]): Promise<Scripts> => {
    if (scripts.size >= 200) scripts.clear();
    const found = new Map<string, ReadonlyMap<string, string>>();
    for (const { before, after } of changed)
      for (const { kind, file } of [...before.files, ...after.files]) {
        const id = `${file.name} ${file.sha256}`;
        if (kind !== 'script' || found.has(id)) continue;
        const read = scripts.get(id) ?? (await scriptIn(file));
        scripts.set(id, read);
        found.set(id, read);
      }
    return found;
  };
  /** One that is gone meanwhile, or too large for any gateway, sets nothing. */
  const scriptIn = async (file: StoredFile): Promise<ReadonlyMap<string, string>> => {
    try {
      return await settingsIn(await files.bytesOf(file));
    } catch (error) {
      if (error instanceof UserError) return none;
      throw error;
    }
  };
  const scriptsOf =
    ({ files: wanted }: Target, found: Scripts) =>
    (name: string): ReadonlyMap<string, string> => {
      const file = wanted.find(entry => entry.file.name === name)?.file;
      return (file && found.get(`${name} ${file.sha256}`)) ?? none;
    };

  const begin: Preflight['begin'] = async (limit, change = {}) => {
    const ground: LinkContext = {
      servers: await servers.reader(),
      now: clock.now(),
      own: await own(),
      verdicts: new Map(),
      ...change,
    };
    const trusted = await trust.reader();
    /** Of devices that are equal in what counts, but for when they informed: from when on that says something. */
    const sinces = new Map<string, number>();
    const groups = new Map<string, Link[]>();
    const ids = new Map<string, number>();
    const seen = new WeakMap<KnownTexts, number>();
    const report: FlightReport = { totals: {}, breaks: [] };

    /** A small number for equal values. */
    const idOf = (known: KnownTexts | undefined): number => {
      if (!known) return -1;
      let id = seen.get(known);
      if (id === undefined) {
        const key = JSON.stringify(known);
        id = ids.get(key) ?? ids.size;
        ids.set(key, id);
        seen.set(known, id);
      }
      return id;
    };

    const laid = new WeakMap<Target, { overlay: Overlay; text: string }>();
    const overlayFor = (target: Target, found: Scripts): { overlay: Overlay; text: string } => {
      let made = laid.get(target);
      if (!made) {
        const overlay = overlayOf(target, scriptsOf(target, found));
        made = { overlay, text: textOf(overlay) };
        laid.set(target, made);
      }
      return made;
    };

    const group = async (
      { row, holds, before, after }: Changed,
      known: KnownTexts | undefined,
      model: Model | undefined,
      found: Scripts,
    ): Promise<Link[]> => {
      const overlays = [overlayFor(before, found), overlayFor(after, found)] as const;
      const rootsOf = trusted.of(row);
      const roots = [rootsOf(before), rootsOf(after)] as const;
      const key = [
        model?.name ?? '',
        model?.services.length ?? 0,
        idOf(known),
        ...overlays.map(({ text }) => text),
        ...roots.map(root => root.key),
        row.absence !== undefined,
        holds,
      ].join('\0');
      const inputOf = (): Omit<LinkInput, 'informed'> => {
        const [was, is] = overlays.map(({ overlay }) => overlay) as [Overlay, Overlay];
        // What a device has taken stays with it when it is wanted no more.
        const base: Overlay = holds ? was : new Map();
        const sideOf = (overlay: Overlay, at: 0 | 1): Side => ({
          settings: settingsOf(known, overlay, model),
          roots: roots[at],
        });
        const input = { before: sideOf(was, 0), after: sideOf(new Map([...base, ...is]), 1) };
        const held = settingsOf(known, base, model);
        return { ...input, held, absent: row.absence !== undefined, address: row.address };
      };
      let since = sinces.get(key);
      if (since === undefined) {
        since = await reachedSince(inputOf(), ground);
        sinces.set(key, since);
      }
      const informed = row.lastInform !== undefined && row.lastInform >= since;
      const place = `${key}\0${informed}`;
      const judged = groups.get(place);
      if (judged) return judged;
      const links = await linksOf({ ...inputOf(), informed }, ground);
      groups.set(place, links);
      return links;
    };

    const count = (device: string, links: readonly Link[]): void => {
      for (const { link, server, before, after } of links) {
        if (!after) continue;
        const totals = report.totals[link] ?? { keeps: 0, loses: 0, unknown: 0, breaks: 0 };
        report.totals[link] = totals;
        totals[after.verdict]++;
        if (after.verdict !== 'loses' || before?.verdict === 'loses') continue;
        totals.breaks++;
        const { reason = 'handshake', message = '' } = after;
        if (report.breaks.length < limit) report.breaks.push({ device, link, server, reason, message });
      }
    };

    return {
      looksInside: trusted.looksInside,
      report: () => report,
      look: async changed => {
        if (changed.length === 0) return [];
        const known = await store.knownValues(
          changed.map(({ row }) => row.id),
          change.only === 'acs' ? acsPaths : paths,
        );
        await trusted.load(changed.map(({ row, before, after }) => ({ row, targets: [before, after] })));
        const read = await loadScripts(changed);
        const found: Link[][] = [];
        for await (const portion of portionsOf(changed))
          for (const entry of portion) {
            const links = await group(entry, known.get(entry.row.id), await models.of(entry.row), read);
            count(entry.row.id, links);
            found.push(links);
          }
        return found;
      },
    };
  };
  return { servers, trust, begin, own };
}

const textOf = (overlay: Overlay): string => [...overlay].map(([at, value]) => `${at}=${value}`).join('\n');
