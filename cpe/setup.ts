// The preparation that `run` and `fleet` share: model, customer profile, identities, the address to connect from.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { messageOf, UserError } from '../shared/errors.ts';
import { builtinModel, loadModel } from '../shared/model/datamodel.ts';
import type { Model } from '../shared/model/definitions.ts';
import { standalone } from '../shared/model/standalone.ts';
import { readCertificates } from '../shared/pki/certificates.ts';
import { type CustomerProfile, hostCertificate, noProfile, parseProfile } from './profile.ts';
import type { UnitIdentity } from './state/device.ts';

async function readFor(option: string, file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new UserError(400, 'no-file', `${option}: ${messageOf(error)}`);
  }
}

/** @param name `dgw`, `device`, or a Broadband Forum document */
export async function chooseModel(name: string): Promise<Model> {
  if (name === 'dgw' || name === 'device') return builtinModel(name);
  return standalone(await loadModel(await readFor('--model', name)), await builtinModel('device'));
}

export interface FactoryOptions {
  acs?: string | undefined;
  username?: string | undefined;
  password?: string | undefined;
  login?: string | undefined;
  ca: readonly string[];
  hostCert?: string | undefined;
  profile?: string | undefined;
  /** DHCP is asked for the ACS. */
  dhcp: boolean;
}

/** The profile file with the additions of the options: both are factory defaults, to which a factory reset returns. */
export async function chooseProfile(model: Model, options: FactoryOptions): Promise<CustomerProfile> {
  const file = options.profile;
  const base = file === undefined ? noProfile : parseProfile((await readFor('--profile', file)).toString('utf8'));
  const isDgw = model.services.length > 0;
  const name = (variable: string, standard: string): string =>
    isDgw ? `Cwmp.${variable}` : `${model.root}ManagementServer.${standard}`;
  const parameters: Record<string, string> = { ...base.parameters };
  if (options.acs !== undefined) {
    parameters[name('AcsStaticUrl', 'URL')] = options.acs;
    if (isDgw) parameters['Cwmp.AcsUrlConfigSource'] = options.dhcp ? 'DhcpWithFailover' : 'Static';
  }
  const login = options.login === undefined ? {} : await readLogin(options.login);
  const { username = options.username, password = options.password } = login;
  if (username !== undefined) parameters[name('Username', 'Username')] = username;
  if (password !== undefined) parameters[name('Password', 'Password')] = password;
  const certificates = [...base.certificates];
  for (const path of options.ca) certificates.push(caOf(path, await readFor('--ca', path)));
  if (options.hostCert !== undefined)
    certificates.push(await hostOf(options.hostCert, await readFor('--host-cert', options.hostCert)));
  return { parameters, certificates };
}

/** The same form as the ACS's --enrol-secret, so that both sides can share one file. */
async function readLogin(file: string): Promise<{ username?: string; password?: string }> {
  const found = /^([^:\n]+):([^\n]+)\n?$/.exec((await readFor('--login', file)).toString('utf8'));
  if (!found) throw new UserError(400, 'bad-login', `--login: ${file}: must hold one line USERNAME:PASSWORD`);
  return { username: found[1] ?? '', password: found[2] ?? '' };
}

/** A pre-shared key of MIKEY. No variable of the DGW sets one: the option is ours. @throws UserError */
export async function readMikeyKey(file: string): Promise<Buffer> {
  const found = /^([0-9a-f]{32})\n?$/i.exec((await readFor('--mikey-key', file)).toString('utf8'));
  if (!found) throw new UserError(400, 'bad-mikey-key', `--mikey-key: ${file}: must hold 32 hexadecimal digits`);
  return Buffer.from(found[1] ?? '', 'hex');
}

/** @returns PEM @throws UserError naming the file when it is no certificate */
function caOf(file: string, bytes: Buffer): string {
  try {
    readCertificates(bytes);
  } catch (error) {
    throw new UserError(400, 'bad-certificate', `--ca: ${file}: ${messageOf(error)}`);
  }
  const text = bytes.toString('latin1');
  if (text.includes('-----BEGIN ')) return text;
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

/** @returns PEM @throws UserError naming the file when it is no certificate with its key */
async function hostOf(file: string, bytes: Buffer): Promise<string> {
  try {
    return await hostCertificate(bytes);
  } catch (error) {
    throw new UserError(400, 'bad-certificate', `--host-cert: ${file}: ${messageOf(error)}`);
  }
}

export interface IdentityOptions {
  serial?: string | undefined;
  mac?: string | undefined;
  oui: string;
  productClass: string;
  manufacturer: string;
}

/** A serial number of 12 hexadecimal digits is the MAC address; another one is hashed into one under the OUI. */
export function identityOf(options: IdentityOptions): UnitIdentity {
  const { serial, manufacturer, productClass } = options;
  const oui = options.oui.toUpperCase();
  const hashed = createHash('sha256')
    .update(serial ?? '')
    .digest('hex')
    .slice(0, 6);
  const made =
    serial !== undefined && /^[0-9A-F]{12}$/i.test(serial)
      ? serial
      : `${oui}${serial === undefined ? '000001' : hashed}`;
  const mac = (options.mac?.replaceAll(':', '') ?? made).toLowerCase();
  return { manufacturer, oui, productClass, serialNumber: serial ?? mac.toUpperCase(), mac };
}

/** An address from which a host can be reached: loopback for loopback, else the first of a network. */
export function addressFor(host: string): string {
  if (host === '' || host === 'localhost' || host === '::1' || host === '[::1]' || /^127\./.test(host))
    return '127.0.0.1';
  for (const addresses of Object.values(networkInterfaces())) {
    for (const entry of addresses ?? []) if (!entry.internal && entry.family === 'IPv4') return entry.address;
  }
  return '127.0.0.1';
}
