// Certificate Manager: CA certificates (Others) that peers are checked by, and the unit's own (Host) with their keys.
// The rows are in the tree; the files beside it, by the same name.
import type { X509Certificate } from 'node:crypto';
import type { Timer } from '../../shared/clock.ts';
import { CwmpFault } from '../../shared/cwmp/faults.ts';
import { messageOf, UserError } from '../../shared/errors.ts';
import { describe, readPrivateKey } from '../../shared/pki/certificates.ts';
import type { TlsService } from '../../shared/tls/profiles.ts';
import type { Notify } from '../notifications.ts';
import { type Dated, noteDates } from './certificates/expiry.ts';
import { FACTORY_NAME, factoryCertificate } from './certificates/factory.ts';
import {
  asPem,
  blobs,
  type CertificateFile,
  type CertificateType,
  certificateFile,
  certificatesOf,
  readOne,
  safeName,
} from './certificates/file.ts';
import { dropRequest, findRequest, REQUEST_BLOB, waitingRequest } from './certificates/request.ts';
import {
  type Applied,
  cell,
  dgwPath,
  localOf,
  localTime,
  peekSlot,
  type ReadValue,
  rowsOf,
  type Service,
  slotOf,
  type Unit,
  X,
} from './service.ts';

type Role = 'client' | 'server';

interface Host {
  name: string;
  cert: string;
  key: string;
  /** The roles that the certificate allows. */
  usage: readonly Role[];
}

interface CertState {
  others: Map<string, readonly X509Certificate[]>;
  hosts: Host[];
  roots?: X509Certificate[];
  /** The phase that was reported last, by certificate. */
  phases?: Map<string, string>;
  /** Until the next date to report. */
  timer?: Timer | undefined;
}

const peek = (unit: Unit): CertState | undefined => peekSlot(unit, cert);
const state = (unit: Unit): CertState => slotOf(unit, cert, () => ({ others: new Map(), hosts: [] }));

const columns: Partial<Record<TlsService, string>> = { SipEp: 'Sip', ConfImage: 'Conf' };

/**
 * The host certificate that a service presents to its peers. A server needs one whose usage is TlsServer; a client
 * presents one for TlsClient first, and otherwise what it has.
 */
export function hostOf(unit: Unit, service: TlsService, role: Role = 'client'): Host | undefined {
  const column = columns[service] ?? service;
  const associated = (peek(unit)?.hosts ?? []).filter(({ name }) => {
    const allowed = unit.config.variable(`Cert.HostCertificateAssociation[FileName="${name}"].${column}`);
    return allowed === undefined || allowed === 'Enable';
  });
  const fitting = associated.find(({ usage }) => usage.includes(role));
  return role === 'server' ? fitting : (fitting ?? associated[0]);
}

export function rootsOf(unit: Unit): X509Certificate[] {
  const own = peek(unit);
  if (!own) return [];
  own.roots ??= [...own.others.values()].flat();
  return own.roots;
}

/** Installed certificates of authorities by the names of their files. */
export const authorityFiles = (unit: Unit): ReadonlyMap<string, readonly X509Certificate[]> =>
  peek(unit)?.others ?? new Map();

/** Reads the files that the rows name; a file that no row names is what a power cut left. */
async function load(unit: Unit): Promise<void> {
  const rows = await namesIn(unit, 'OthersCertificatesInfo', blobs.OthersCertificatesInfo);
  const stored = new Set(await unit.state.persist.list());
  // The factory's own certificate has no file: it is expired, and no peer is judged by it.
  const others = rows.filter(name => name !== FACTORY_NAME || stored.has(blobs.OthersCertificatesInfo + name));
  const hosts = await namesIn(unit, 'HostCertificatesInfo', blobs.HostCertificatesInfo);
  if (others.length + hosts.length > 0 || peek(unit)) {
    const own = state(unit);
    delete own.roots;
    own.others = new Map();
    own.hosts = [];
    for (const name of others) {
      const bytes = await fileOf(unit, blobs.OthersCertificatesInfo + name);
      if (bytes) own.others.set(name, certificatesOf(bytes));
    }
    for (const name of hosts) {
      const bytes = await fileOf(unit, blobs.HostCertificatesInfo + name);
      if (!bytes) continue;
      const pair = JSON.parse(bytes.toString()) as { cert: string; key: string };
      own.hosts.push({ name, ...pair, usage: describe(readOne(pair.cert)).usage });
    }
  }
  const named = new Set([
    ...others.map(name => blobs.OthersCertificatesInfo + name),
    ...hosts.map(name => blobs.HostCertificatesInfo + name),
  ]);
  for (const name of stored) {
    if (name.startsWith('cert.') && name !== REQUEST_BLOB && !named.has(name)) await unit.state.persist.drop(name);
  }
  if (stored.has(REQUEST_BLOB)) await findRequest(unit);
  watchDates(unit);
}

/** A model without the tables (a plain device) knows its files only. */
async function namesIn(unit: Unit, table: string, prefix: string): Promise<string[]> {
  if (unit.model.table(`Cert.${table}`)) return rowsOf(unit, `Cert.${table}`, ['FileName']).map(row => row.FileName);
  const files = [...unit.factoryFiles.keys(), ...(await unit.state.persist.list())];
  return [...new Set(files)].filter(name => name.startsWith(prefix)).map(name => name.slice(prefix.length));
}

async function fileOf(unit: Unit, name: string): Promise<Buffer | undefined> {
  const bytes = (await unit.state.persist.get(name)) ?? unit.factoryFiles.get(name);
  if (!bytes) unit.log.error('certificate file missing', { name });
  return bytes;
}

/** Rows that each table holds at most; the vendor's limit is not public. */
const MAX_ROWS = 64;

interface Installation {
  /** Absent: the content decides. */
  type?: CertificateType | undefined;
  /** Of a PKCS#12 bundle or an encrypted key. */
  password?: string | undefined;
  /** Refuses a name that the table has already, rather than replacing the file. */
  isNew?: boolean | undefined;
}

/**
 * Installs a certificate file: PEM or DER certificates go to Others; PEM with a private key, or PKCS#12, to Host, and so
 * does the certificate of a key that the unit has made itself.
 * @returns the name it has in its table
 * @throws UserError for any other file; nothing is changed then
 */
export async function installCertificateFile(
  unit: Unit,
  bytes: Buffer,
  name: string,
  { type, password, isNew }: Installation = {},
): Promise<string> {
  const request = await waitingRequest(unit);
  const waiting = request && [readPrivateKey(request.key)];
  const file = certificateFile(await asPem(bytes, password), { type, password, waiting });
  const ending = file.table === 'HostCertificatesInfo' ? 'pem' : 'crt';
  const installed = safeName(name, `${file.columns.IssuedTo}.${ending}`);
  const names = await namesIn(unit, file.table, file.blob);
  if (names.includes(installed)) {
    if (isNew) throw new UserError(409, 'certificate-exists', `there is a certificate ${installed} already`);
  } else if (names.length >= MAX_ROWS) {
    throw new UserError(409, 'too-many-certificates', `there are ${MAX_ROWS} certificates already`);
  }
  await add(unit, file, installed);
  if (request && file.bytes.includes(JSON.stringify(request.key).slice(1, -1))) await dropRequest(unit);
  unit.notify('certificateInstalled', { name: installed });
  return installed;
}

/** The same for a transfer of an ACS, which may replace a file. @throws CwmpFault 9018 */
export async function installCertificate(unit: Unit, bytes: Buffer, name: string): Promise<void> {
  try {
    await installCertificateFile(unit, bytes, name);
  } catch (error) {
    if (error instanceof UserError) throw new CwmpFault(9018, error.message);
    throw error;
  }
}

/** The certificate of a row without any key, as it is handed out. */
export async function certificateBytes(unit: Unit, table: CertificateFile['table'], name: string): Promise<Buffer> {
  const own = peek(unit);
  if (table === 'HostCertificatesInfo') {
    const host = own?.hosts.find(entry => entry.name === name);
    if (host) return Buffer.from(host.cert);
  } else if (own?.others.has(name)) {
    const bytes = await fileOf(unit, blobs[table] + name);
    if (bytes) return bytes;
  } else if (name === FACTORY_NAME && (await namesIn(unit, table, blobs[table])).includes(name)) {
    return factoryCertificate(unit);
  }
  throw new UserError(404, 'no-certificate', `there is no certificate ${name}`);
}

/** Reports certificates whose dates ask for it, now and when the next one is due. */
function watchDates(unit: Unit): void {
  const own = peek(unit);
  if (!own) return;
  own.timer?.cancel();
  own.timer = undefined;
  const now = unit.now();
  if (now === undefined) return;
  const dated: Dated[] = [
    ...[...own.others].flatMap(([name, all]) => all.slice(0, 1).map(certificate => ({ name, certificate }))),
    ...own.hosts.map(({ name, cert: pem }) => ({ name, certificate: readOne(pem) })),
  ];
  own.phases ??= new Map();
  const notify: Notify = (name, facts) => unit.notify(name, facts);
  const wait = noteDates(dated, now, own.phases, notify, instant => localTime(unit, instant));
  if (wait !== undefined) own.timer = unit.clock.after(wait, () => watchDates(unit));
}

async function add(unit: Unit, file: CertificateFile, name: string): Promise<void> {
  await unit.state.persist.put(file.blob + name, file.bytes);
  await addRow(unit, file.table, name, file.columns);
  await load(unit);
}

async function addRow(unit: Unit, table: string, name: string, values: Record<string, string>): Promise<void> {
  const path = dgwPath(unit, `Cert.${table}.`);
  if (!unit.config.tree.findObject(path)) return;
  await unit.config.edit(draft => {
    const old = draft.rows(path).find(row => cell(draft, `${path}${row}.FileName`) === name);
    const row = old ?? draft.addRow(path);
    for (const [column, value] of Object.entries({ FileName: name, ...values })) {
      const found = draft.find(`${path}${row}.${column}`);
      if (found) draft.put(`${path}${row}.${column}`, found, value);
    }
  }, 'unit');
}

/** The unit's own pages take their certificate when they are opened. */
function notePages(unit: Unit, { changes, tables, removed }: Applied): void {
  if (!unit.lab.pages || !unit.services.started('Web')) return;
  const paths = [...changes.map(({ path }) => path), ...tables, ...removed];
  if (paths.some(path => path.includes('X_0090F8_Cert.HostCertificate'))) unit.config.pending.wait('Web');
}

function stopWatching(unit: Unit): void {
  peek(unit)?.timer?.cancel();
}

/** The rows keep UTC; what is shown follows the unit's time zone. */
const shownDate =
  (table: string, column: string): ReadValue =>
  (unit, [row = 0]) => {
    const path = dgwPath(unit, `Cert.${table}.${row}.${column}`);
    const found = unit.config.tree.find(path);
    return localOf(unit, found && unit.config.tree.stored(path, found));
  };

const dates = ['HostCertificatesInfo', 'OthersCertificatesInfo'].flatMap(table =>
  ['ValidFrom', 'ValidTo'].map(column => [`${X}Cert.${table}.{i}.${column}`, shownDate(table, column)] as const),
);

export const cert: Service = {
  name: 'Cert',
  values: Object.fromEntries(dates),
  start: load,
  stop: stopWatching,
  clockSet: watchDates,
  async apply(unit, commit) {
    const { tables, removed } = commit;
    notePages(unit, commit);
    // A removed row removes its file: files that no row names are dropped.
    const own = /X_0090F8_Cert\.(Host|Others)CertificatesInfo\./;
    if (removed.some(path => own.test(path)) && tables.length > 0) {
      await load(unit).catch((error: unknown) => {
        unit.log.error('certificates not read', { reason: messageOf(error) });
      });
    }
  },
};
