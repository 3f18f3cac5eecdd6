// The values of a device that its TLS connections depend on: the known ones, overlaid by the wanted ones.
import type { Model } from '../../../shared/model/definitions.ts';
import { acsUrlOf, acsVariables, type Place, placesOf, placeVariables } from '../../../shared/tls/places.ts';
import { plainPolicy, policyFor, services, type TlsPolicy, type TlsService } from '../../../shared/tls/profiles.ts';
import type { KnownTexts } from '../../store/store.ts';
import { isSealedText } from '../common/secrets.ts';
import type { StoredFile } from '../files/stored-file.ts';

/** The part of a device's wanted state that TLS depends on; `Wanted` of the presets is one. */
export interface WantedTls {
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

/** The parameters that the link to the ACS depends on. */
export const acsTlsPaths: readonly string[] = [
  ...[...variablesOf('Cwmp'), ...acsVariables].map(name => DGW + name),
  URL_PATH,
  TIME_PATH,
];
const others: readonly TlsService[] = ['Conf', 'Fpu', 'Cert', 'SipEp'];
const trustVariables = others.flatMap(service => services[service].trust ?? []);

/** All parameters that are read of a device: the variables of a DGW and those of any device, the ones of the ACS link first. */
export const tlsPaths: readonly string[] = [
  ...acsTlsPaths,
  ...[...others.flatMap(variablesOf), ...placeVariables, ...trustVariables].map(name => DGW + name),
];
const indexOfPath = new Map(tlsPaths.map((path, index) => [path, index]));

/** Values that take the place of known ones, by their index in `tlsPaths`. */
export type Overlay = ReadonlyMap<number, string>;

/** Reads the overlay out of a wanted state. @param scripts gives the assignments of a script, by path */
export function overlayOf(wanted: WantedTls, scripts: (name: string) => ReadonlyMap<string, string>): Overlay {
  const overlay = new Map<number, string>();
  const put = (path: string, value: string): void => {
    const index = indexOfPath.get(path);
    if (index !== undefined) overlay.set(index, value);
  };
  for (const { kind, file } of wanted.files)
    if (kind === 'script') for (const [path, value] of scripts(file.name)) put(path, value);
  // Assumes that the table holds its rows in this order, numbered from 1.
  for (const { table, wanted: objects } of wanted.objects)
    for (const [index, row] of objects.rows.entries())
      for (const [column, value] of Object.entries(row)) put(`${table}${index + 1}.${column}`, String(value));
  for (const [path, { value }] of wanted.set) put(path, value);
  return overlay;
}

const MAX_KNOWN_PARTS = 20_000;

/** Makes a function that reduces a wanted state to what TLS depends on, and returns the same object for equal parts. */
export function tlsParts(): (wanted: WantedTls) => WantedTls {
  const known = new Map<string, WantedTls>();
  return ({ set, objects, files }) => {
    const values: [string, { value: string }][] = [];
    for (const entry of set) if (indexOfPath.has(entry[0])) values.push(entry);
    const rest = {
      objects: objects.filter(({ table }) => affectsTls(table)),
      files: files.filter(({ kind }) => kind === 'certificate' || kind === 'script'),
    };
    const key = JSON.stringify([
      values.map(([path, { value }]) => [path, value]),
      rest.objects.map(({ table, wanted }) => [table, wanted.rows]),
      rest.files.map(({ kind, file }) => [kind, file.name, file.sha256]),
    ]);
    const found = known.get(key);
    if (found) return found;
    const part = { set: new Map(values), ...rest };
    if (known.size >= MAX_KNOWN_PARTS) known.clear();
    known.set(key, part);
    return part;
  };
}

/** Tells whether a change of this parameter, or in this table, can change the outcome of a TLS handshake. */
export function affectsTls(path: string): boolean {
  return indexOfPath.has(path) || (path.endsWith('.') && tlsPaths.some(known => known.startsWith(path)));
}

export interface Settings {
  policy(service: TlsService): TlsPolicy;
  /** Variables of the service without a known value: each counts as the vendor's default. */
  assumed(service: TlsService): string[];
  acsUrl: string | undefined;
  places: Place[];
  /** A wanted value names this host, so the operator does, and not the device alone. */
  isWanted(host: string): boolean;
  /** The unit reports that it does not know the time (TR-069 3.3). */
  clockUnset: boolean;
  isDgw: boolean;
}

/** A text that is sealed, such as a URL with a login, counts as unknown. */
const plainOf = (text: string | null | undefined): string | undefined =>
  text === null || text === undefined || isSealedText(text) ? undefined : text;

/** The TLS settings of a device by its known values, its overlay, and the data model that it follows. */
export function settingsOf(known: KnownTexts | undefined, overlay: Overlay, model: Model | undefined): Settings {
  const at = (path: string): string | undefined => {
    const index = indexOfPath.get(path);
    return index === undefined ? undefined : (overlay.get(index) ?? plainOf(known?.[index]));
  };
  const read = (name: string): string | undefined => at(DGW + name);
  const isDgw = (model?.services.length ?? 0) > 0;
  const wantedUrl = overlay.get(indexOfPath.get(URL_PATH)!);
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
