// The values of a device that its TLS hangs on: what is known of it, and over that what is wanted of it.
import type { Model } from '../../../shared/model/definitions.ts';
import { acsUrlOf, acsVariables, type Place, placesOf, placeVariables } from '../../../shared/tls/places.ts';
import { plainPolicy, policyFor, services, type TlsPolicy, type TlsService } from '../../../shared/tls/profiles.ts';
import type { KnownTexts } from '../../store/store.ts';
import type { StoredFile } from '../files/stored-file.ts';

/** What is wanted of a device, as far as it matters here; `Wanted` of the presets is one. */
export interface Target {
  set: ReadonlyMap<string, { value: string }>;
  objects: readonly { table: string; wanted: { rows: readonly Readonly<Record<string, unknown>>[] } }[];
  files: readonly { kind: string; file: StoredFile }[];
}

const DGW = 'Device.X_0090F8_';
const URL_PATH = 'Device.ManagementServer.URL';
const TIME_PATH = 'Device.Time.CurrentLocalTime';
const variablesOf = (service: TlsService): string[] => {
  const { validation, suite, version } = services[service];
  return [...(validation ? [validation] : []), suite, version];
};

/** What the link to the ACS hangs on. */
export const acsPaths: readonly string[] = [
  ...[...variablesOf('Cwmp'), ...acsVariables].map(name => DGW + name),
  URL_PATH,
  TIME_PATH,
];
const others: readonly TlsService[] = ['Conf', 'Fpu', 'Cert', 'SipEp'];

/** All that is read of a device: the variables of a DGW, and what any device has. Those of the ACS come first. */
export const paths: readonly string[] = [
  ...acsPaths,
  ...[...others.flatMap(variablesOf), ...placeVariables].map(name => DGW + name),
];
const placeOf = new Map(paths.map((path, at) => [path, at]));

/** Values that stand over what is known, by their place in `paths`. */
export type Overlay = ReadonlyMap<number, string>;

/** What is wanted of the values that matter. `scripts` gives what a script sets, by path. */
export function overlayOf(target: Target, scripts: (name: string) => ReadonlyMap<string, string>): Overlay {
  const overlay = new Map<number, string>();
  const put = (path: string, value: string): void => {
    const at = placeOf.get(path);
    if (at !== undefined) overlay.set(at, value);
  };
  for (const { kind, file } of target.files)
    if (kind === 'script') for (const [path, value] of scripts(file.name)) put(path, value);
  // Rows are taken to be in the order in which the table holds them.
  for (const { table, wanted } of target.objects)
    for (const [at, row] of wanted.rows.entries())
      for (const [column, value] of Object.entries(row)) put(`${table}${at + 1}.${column}`, String(value));
  for (const [path, { value }] of target.set) put(path, value);
  return overlay;
}

const MAX_TARGETS = 20_000;

/** As much of what is wanted as matters here: one and the same object for what is equal. */
export function narrowing(): (target: Target) => Target {
  const known = new Map<string, Target>();
  return ({ set, objects, files }) => {
    const values: [string, { value: string }][] = [];
    for (const entry of set) if (placeOf.has(entry[0])) values.push(entry);
    const narrow = {
      objects: objects.filter(({ table }) => matters(table)),
      files: files.filter(({ kind }) => kind === 'certificate' || kind === 'script'),
    };
    const key = JSON.stringify([
      values.map(([path, { value }]) => [path, value]),
      narrow.objects.map(({ table, wanted }) => [table, wanted.rows]),
      narrow.files.map(({ kind, file }) => [kind, file.name, file.sha256]),
    ]);
    const found = known.get(key);
    if (found) return found;
    const target = { set: new Map(values), ...narrow };
    if (known.size >= MAX_TARGETS) known.clear();
    known.set(key, target);
    return target;
  };
}

/** Whether a change of these values, tables or files can change what TLS comes to. */
export function matters(path: string): boolean {
  return placeOf.has(path) || (path.endsWith('.') && paths.some(known => known.startsWith(path)));
}

export interface Settings {
  policy(service: TlsService): TlsPolicy;
  /** Variables of the service that nobody knows: each counts as the vendor's default. */
  assumed(service: TlsService): string[];
  acsUrl: string | undefined;
  places: Place[];
  /** The operator names this host, not the device alone. */
  isWanted(host: string): boolean;
  /** Told by the unit itself that it does not know the time (TR-069 3.3). */
  clockUnset: boolean;
  isDgw: boolean;
}

export function settingsOf(known: KnownTexts | undefined, overlay: Overlay, model: Model | undefined): Settings {
  const at = (path: string): string | undefined => {
    const place = placeOf.get(path);
    return place === undefined ? undefined : (overlay.get(place) ?? known?.[place] ?? undefined);
  };
  const read = (name: string): string | undefined => at(DGW + name);
  const isDgw = (model?.services.length ?? 0) > 0;
  const wantedUrl = overlay.get(placeOf.get(URL_PATH)!);
  return {
    policy: service => (isDgw ? policyFor(service, read) : plainPolicy),
    assumed: service => (isDgw ? variablesOf(service).filter(name => read(name) === undefined) : []),
    acsUrl: wantedUrl ?? ((isDgw ? acsUrlOf(read) : undefined) || at(URL_PATH) || undefined),
    places: isDgw ? placesOf(read) : [],
    isWanted: host => [...overlay.values()].some(value => value.toLowerCase().includes(host)),
    clockUnset: at(TIME_PATH)?.startsWith('0001-') ?? false,
    isDgw,
  };
}
