// The customer profile: factory defaults of a unit for one customer (ACS URL, enrolment login, CAs, settings).
// A JSON file `{"parameters": {name: value}, "certificates": [PEM]}`; names are script names or TR-069 paths. The vendor's
// own format is not public. A profile is a layer below each unit's changes, shared by all units that have it.
import { CwmpFault } from '../shared/cwmp/faults.ts';
import { UserError } from '../shared/errors.ts';
import type { Model } from '../shared/model/definitions.ts';
import { parentPath } from '../shared/model/path.ts';
import { factoryRow } from './services/certificates/factory.ts';
import { asPem, type CertificateFile, certificateFile } from './services/certificates/file.ts';
import { registryOf } from './services/registry.ts';
import { Configuration } from './state/configuration.ts';
import { type Hooks, noHooks } from './state/hooks.ts';
import { emptyLayer, type Layer } from './state/tree/tree.ts';

export interface CustomerProfile {
  parameters: Readonly<Record<string, string>>;
  /** PEM; each entry becomes a file of Cert.OthersCertificatesInfo, one with a private key a host certificate. */
  certificates: readonly string[];
}

export const noProfile: CustomerProfile = { parameters: {}, certificates: [] };

export interface Factory {
  layer: Layer;
  /** Certificate files by blob name. */
  files: ReadonlyMap<string, Buffer>;
}

const wrong = (message: string): UserError => new UserError(400, 'bad-profile', `customer profile: ${message}`);

/** @throws UserError saying what is wrong with it */
export function parseProfile(text: string): CustomerProfile {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw wrong(`not JSON (${(error as Error).message})`);
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw wrong('an object is due');
  const { parameters = {}, certificates = [], ...rest } = json as Record<string, unknown>;
  const unknown = Object.keys(rest)[0];
  if (unknown !== undefined) throw wrong(`'${unknown}' is neither parameters nor certificates`);
  if (typeof parameters !== 'object' || parameters === null || Array.isArray(parameters)) {
    throw wrong('parameters must be an object {name: value}');
  }
  const values: Record<string, string> = {};
  for (const [name, value] of Object.entries(parameters)) {
    if (!['string', 'number', 'boolean'].includes(typeof value)) throw wrong(`the value of ${name} must be a text`);
    values[name] = String(value);
  }
  if (!Array.isArray(certificates) || !certificates.every(entry => typeof entry === 'string')) {
    throw wrong('certificates must be a list of PEM texts');
  }
  return { parameters: values, certificates };
}

/** @returns PEM of certificate and key, as an entry of `certificates` @throws UserError when it is none or lacks its key */
export async function hostCertificate(bytes: Buffer): Promise<string> {
  const file = certificateFile(await asPem(bytes));
  if (file.table !== 'HostCertificatesInfo') throw new UserError(400, 'bad-certificate', 'holds no private key');
  const { cert, key } = JSON.parse(file.bytes.toString()) as { cert: string; key: string };
  return cert + key;
}

const factories = new WeakMap<CustomerProfile, Map<Model, Promise<Factory>>>();

/**
 * The factory defaults of a profile for a model; computed once.
 * @throws UserError naming the parameter or certificate that is not accepted
 */
export function factoryOf(model: Model, profile: CustomerProfile): Promise<Factory> {
  const byModel = factories.get(profile) ?? new Map<Model, Promise<Factory>>();
  factories.set(profile, byModel);
  const factory = byModel.get(model) ?? build(model, profile);
  byModel.set(model, factory);
  return factory;
}

async function build(model: Model, profile: CustomerProfile): Promise<Factory> {
  const { writes } = registryOf(model);
  const hooks: Hooks = {
    ...noHooks,
    write: (draft, template, instances, value) => {
      const write = writes.get(template);
      write?.(draft, value, instances);
      return write !== undefined;
    },
  };
  const configuration = new Configuration(model, emptyLayer(), hooks);
  for (const [name, value] of Object.entries(profile.parameters)) await put(configuration, name, value);
  await addRow(configuration, 'OthersCertificatesInfo', factoryRow);
  const files = await addCertificates(configuration, profile.certificates);
  return { layer: configuration.layers.own, files };
}

async function put(configuration: Configuration, name: string, value: string): Promise<void> {
  try {
    let path = configuration.pathOf(name);
    const variable = path === undefined ? configuration.tree.model.variable(name) : undefined;
    if (variable && Object.keys(variable.keys).length > 0) {
      // The profile names a row that does not exist: it is made.
      await configuration.insert(parentPath(variable.parameter.path).slice(0, -4), variable.keys, 'unit');
      path = configuration.pathOf(name);
    }
    await configuration.set([{ name: path ?? name, value }], 'unit');
  } catch (error) {
    if (error instanceof CwmpFault) throw wrong(`${name}: ${error.parameters[0]?.message ?? error.message}`);
    throw error;
  }
}

async function addCertificates(
  configuration: Configuration,
  certificates: readonly string[],
): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  for (const [at, pem] of certificates.entries()) {
    let file: CertificateFile;
    try {
      file = certificateFile(Buffer.from(pem));
    } catch (error) {
      throw wrong(`certificate ${at + 1}: ${(error as Error).message}`);
    }
    const name = `Profile_${file.table === 'HostCertificatesInfo' ? 'Host' : 'CA'}${at + 1}.crt`;
    files.set(file.blob + name, file.bytes);
    await addRow(configuration, file.table, { FileName: name, ...file.columns });
  }
  return files;
}

async function addRow(
  configuration: Configuration,
  name: CertificateFile['table'],
  columns: Readonly<Record<string, string>>,
): Promise<void> {
  const table = configuration.tree.model.table(`Cert.${name}`);
  if (!table) return;
  await configuration.edit(draft => {
    const path = table.path.slice(0, -4);
    const row = draft.addRow(path);
    for (const [column, value] of Object.entries(columns)) {
      const found = draft.find(`${path}${row}.${column}`);
      if (found) draft.put(`${path}${row}.${column}`, found, value);
    }
  }, 'unit');
}
