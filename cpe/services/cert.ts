// Certificate Manager: CA certificates (Others) that peers are checked by, and the unit's own (Host) with their keys.
// The rows are in the tree; the files beside it, by the same name.
import { createHash, type X509Certificate } from 'node:crypto';
import { CwmpFault } from '../../shared/cwmp/faults.ts';
import { messageOf, UserError } from '../../shared/errors.ts';
import { describe, readCertificates, readPrivateKey } from '../../shared/pki/certificates.ts';
import { readPkcs12 } from '../../shared/pki/pkcs12.ts';
import type { TlsService } from '../../shared/tls/profiles.ts';
import { cell, dgwPath, peekSlot, rowsOf, type Service, showTime, slotOf, type Unit } from './service.ts';

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
}

const peek = (unit: Unit): CertState | undefined => peekSlot(unit, cert);
const state = (unit: Unit): CertState => slotOf(unit, cert, () => ({ others: new Map(), hosts: [] }));

/** Equal files of many units in one process are read once. */
const read = new Map<string, readonly X509Certificate[]>();

function certificatesOf(bytes: Buffer): readonly X509Certificate[] {
  const id = createHash('sha256').update(bytes).digest('base64');
  let certificates = read.get(id);
  if (!certificates) {
    certificates = readCertificates(bytes);
    if (read.size >= 64) read.clear();
    read.set(id, certificates);
  }
  return certificates;
}

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

const blob = { others: 'cert.others/', host: 'cert.host/' } as const;

/** Reads the files that the rows name; a file that no row names is what a power cut left. */
async function load(unit: Unit): Promise<void> {
  const others = await namesIn(unit, 'OthersCertificatesInfo', blob.others);
  const hosts = await namesIn(unit, 'HostCertificatesInfo', blob.host);
  if (others.length + hosts.length > 0 || peek(unit)) {
    const own = state(unit);
    delete own.roots;
    own.others = new Map();
    own.hosts = [];
    for (const name of others) {
      const bytes = await fileOf(unit, blob.others + name);
      if (bytes) own.others.set(name, certificatesOf(bytes));
    }
    for (const name of hosts) {
      const bytes = await fileOf(unit, blob.host + name);
      if (!bytes) continue;
      const pair = JSON.parse(bytes.toString()) as { cert: string; key: string };
      own.hosts.push({ name, ...pair, usage: describe(readOne(pair.cert)).usage });
    }
  }
  const named = new Set([...others.map(name => blob.others + name), ...hosts.map(name => blob.host + name)]);
  for (const name of await unit.state.persist.list()) {
    if (name.startsWith('cert.') && !named.has(name)) await unit.state.persist.drop(name);
  }
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

/**
 * Installs a certificate file: PEM or DER certificates go to Others; PEM with a private key, or PKCS#12, to Host.
 * @param name file name; one that exists is replaced
 * @throws CwmpFault 9018 for any other file
 */
export async function installCertificate(unit: Unit, bytes: Buffer, name: string): Promise<void> {
  try {
    const file = certificateFile(bytes);
    const ending = file.table === 'HostCertificatesInfo' ? 'pem' : 'crt';
    const installed = safeName(name, `${file.columns.IssuedTo}.${ending}`);
    await add(unit, file, installed);
    unit.notify('certificateInstalled', { name: installed });
  } catch (error) {
    if (error instanceof UserError) throw new CwmpFault(9018, error.message);
    throw error;
  }
}

const readOne = (pem: string): X509Certificate => readCertificates(pem)[0]!;

function safeName(wanted: string, otherwise: string): string {
  const last = wanted.split(/[\\/]/).at(-1) || otherwise;
  return last.replace(/[^\w.-]+/g, '_').slice(0, 64) || 'certificate';
}

function hostBundle(bytes: Buffer): { cert: string; key: string } | undefined {
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(bytes.toString('latin1'))) {
    const key = readPrivateKey(bytes);
    const certificates = readCertificates(bytes);
    const own = certificates.find(candidate => candidate.checkPrivateKey(key));
    if (!own) throw new UserError(400, 'bad-certificate', 'the key belongs to none of the certificates');
    const chain = [own, ...certificates.filter(other => other !== own)].map(String).join('');
    return { cert: chain, key: key.export({ type: 'pkcs8', format: 'pem' }).toString() };
  }
  try {
    readCertificates(bytes);
    return undefined;
  } catch (error) {
    // Neither PEM nor DER certificates: what is left is a bundle, without a password here (TR-069 has no place for one).
    try {
      const bundle = readPkcs12(bytes, '');
      return { cert: bundle.cert + bundle.others, key: bundle.key };
    } catch {
      throw error;
    }
  }
}

/** The changes that a certificate file makes. */
export interface CertificateFile {
  /** Of `Cert`. */
  table: 'OthersCertificatesInfo' | 'HostCertificatesInfo';
  /** The file is named after its row. */
  blob: string;
  bytes: Buffer;
  /** Of the row, beside FileName; a file with a chain shows its first certificate. */
  columns: Record<string, string>;
}

/** Certificates go to Others, one with its private key to Host. @throws UserError when it is neither */
export function certificateFile(bytes: Buffer): CertificateFile {
  const host = hostBundle(bytes);
  const first = host ? readOne(host.cert) : certificatesOf(bytes)[0]!;
  const columns = { ...rowOf(first), Usage: usageOf(first) };
  if (host)
    return { table: 'HostCertificatesInfo', blob: blob.host, bytes: Buffer.from(JSON.stringify(host)), columns };
  const CertificateAuthority = describe(first).ca ? 'Yes' : 'No';
  return { table: 'OthersCertificatesInfo', blob: blob.others, bytes, columns: { ...columns, CertificateAuthority } };
}

const usageOf = (certificate: X509Certificate): string =>
  describe(certificate)
    .usage.map(role => (role === 'client' ? 'TlsClient' : 'TlsServer'))
    .join(', ');

function rowOf(certificate: X509Certificate): Record<string, string> {
  const about = describe(certificate);
  return {
    IssuedTo: about.subject,
    IssuedBy: about.issuer,
    ValidFrom: showTime(about.notBefore),
    ValidTo: showTime(about.notAfter),
  };
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

export const cert: Service = {
  name: 'Cert',
  start: load,
  async apply(unit, { tables, removed }) {
    // A removed row removes its file: files that no row names are dropped.
    const own = /X_0090F8_Cert\.(Host|Others)CertificatesInfo\./;
    if (removed.some(path => own.test(path)) && tables.length > 0) {
      await load(unit).catch((error: unknown) => {
        unit.log.error('certificates not read', { reason: messageOf(error) });
      });
    }
  },
};
