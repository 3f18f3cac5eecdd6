// Backup and restore of a unit's configuration as an image. A restore is checked whole when it arrives, and takes effect at the next
// start, before anything runs: it is all there or not begun, whenever power fails.
import { CwmpFault } from '../../../shared/cwmp/faults.ts';
import { templateOf } from '../../../shared/model/path.ts';
import { checkValue } from '../../../shared/model/values.ts';
import type { StoredConfiguration } from '../../state/configuration.ts';
import { dgwPath, type Unit } from '../service.ts';
import { ImageError, type ImageHead, readImage, writeImage } from './image-file.ts';

interface ImageContent {
  configuration: StoredConfiguration;
  /** Certificates and keys, Base64, by blob name. */
  files: [name: string, bytes: string][];
}

/** Blob of an image that the next start restores. */
const BLOB = 'restore';
const isCertificate = (blob: string): boolean => /^cert\.(others|host)\/./.test(blob);
const read = (unit: Unit, name: string): string => unit.config.variable(`Conf.${name}`) ?? '';

/** @throws CwmpFault 9011 where an encrypted image is wanted without a key */
export async function backupImage(unit: Unit): Promise<Buffer> {
  const content = read(unit, 'ImageBackupContent') === 'Config' ? 'Config' : 'ConfigAndCertificates';
  const encrypts = read(unit, 'ImagePrivacyAlgo') === 'DefaultAlgo';
  const secret = read(unit, 'ImageSecretKey');
  if (encrypts && secret === '') throw new CwmpFault(9011, 'the image is to be encrypted, and no key is set');
  const files = content === 'Config' ? [] : await ownFiles(unit);
  const stored = unit.config.stored();
  const configuration = content === 'Config' ? parted(unit, stored).rest : stored;
  const head: ImageHead = { product: unit.identity.productClass, firmware: unit.softwareVersion, content };
  return writeImage(head, { configuration, files }, encrypts ? secret : '', unit.random);
}

/** A configuration without the certificates, and the certificates alone. */
function parted(unit: Unit, all: StoredConfiguration): { rest: StoredConfiguration; own: StoredConfiguration } {
  const below = dgwPath(unit, 'Cert.');
  const pick = (wanted: boolean): StoredConfiguration => ({
    values: all.values.filter(([path]) => path.startsWith(below) === wanted),
    tables: all.tables.filter(([path]) => path.startsWith(below) === wanted),
    attributes: all.attributes.filter(([path]) => path.startsWith(below) === wanted),
  });
  return { rest: pick(false), own: pick(true) };
}

/** Checks an image and keeps it for the next start. @throws CwmpFault 9018 */
export async function takeImage(unit: Unit, bytes: Buffer): Promise<void> {
  try {
    await contentFor(unit, bytes);
  } catch (error) {
    if (error instanceof ImageError) throw new CwmpFault(9018, error.message);
    throw error;
  }
  await unit.state.persist.put(BLOB, bytes);
  await unit.state.remember(facts => {
    facts.restoreDue = { secret: read(unit, 'ImageSecretKey') };
  });
}

/** @throws ImageError */
async function contentFor(unit: Unit, bytes: Buffer, secret = read(unit, 'ImageSecretKey')): Promise<ImageContent> {
  const { head, content } = await readImage(bytes, secret);
  const { productClass } = unit.identity;
  if (head.product !== productClass) {
    throw new ImageError(`the image is of a ${head.product}, this unit is a ${productClass}`);
  }
  if (isNewer(head.firmware, unit.softwareVersion)) {
    throw new ImageError(`the image is of firmware ${head.firmware}, newer than ${unit.softwareVersion}`);
  }
  const image = shaped(content);
  if (head.content === 'ConfigAndCertificates') {
    checkValues(unit, image.configuration);
    return image;
  }
  const merged = joined(parted(unit, image.configuration).rest, parted(unit, unit.config.stored()).own);
  checkValues(unit, merged);
  return { configuration: merged, files: await ownFiles(unit) };
}

const joined = (a: StoredConfiguration, b: StoredConfiguration): StoredConfiguration => ({
  values: [...a.values, ...b.values],
  tables: [...a.tables, ...b.tables],
  attributes: [...a.attributes, ...b.attributes],
});

async function ownFiles(unit: Unit): Promise<ImageContent['files']> {
  const files: ImageContent['files'] = [];
  for (const name of (await unit.state.persist.list()).filter(isCertificate)) {
    const bytes = await unit.state.persist.get(name);
    if (bytes) files.push([name, bytes.toString('base64')]);
  }
  return files;
}

/** `49.2.2941` is newer than `48.5.2718`. */
function isNewer(version: string, than: string): boolean {
  const [a, b] = [version, than].map(text => text.split('.').map(Number));
  for (let at = 0; at < Math.max(a?.length ?? 0, b?.length ?? 0); at++) {
    const difference = (a?.[at] ?? 0) - (b?.[at] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return false;
}

const isText = (value: unknown): value is string => typeof value === 'string';
const isRow = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) > 0;
const each = (list: unknown, fits: (entry: unknown[]) => boolean): boolean =>
  Array.isArray(list) && list.every(entry => Array.isArray(entry) && fits(entry));

/** The content by its shape; the checksum says that it arrived as written, not that this program wrote it. @throws ImageError */
function shaped(content: unknown): ImageContent {
  const { configuration, files } = (content ?? {}) as Partial<ImageContent>;
  const { values, tables, attributes } = (configuration ?? {}) as Partial<StoredConfiguration>;
  const fine =
    each(values, ([path, value]) => isText(path) && isText(value)) &&
    each(tables, ([path, next, rows]) => isText(path) && isRow(next) && Array.isArray(rows) && rows.every(isRow)) &&
    each(attributes, ([path, own]) => isText(path) && typeof own === 'object' && own !== null) &&
    each(files, ([name, bytes]) => isText(name) && isCertificate(name) && isText(bytes));
  if (!fine) throw new ImageError('the content of the image is damaged');
  return content as ImageContent;
}

/** @throws ImageError for a value that this unit could not have */
function checkValues(unit: Unit, configuration: StoredConfiguration): void {
  for (const [path] of configuration.tables) {
    if (!unit.model.objects.has(`${templateOf(path).template}{i}.`)) throw new ImageError(`${path} is no table here`);
  }
  for (const [path, value] of configuration.values) {
    const def = unit.model.parameters.get(templateOf(path).template);
    if (!def) throw new ImageError(`${path} does not exist here`);
    if (value !== '' && !checkValue(def, value).ok) throw new ImageError(`the value of ${path} does not fit`);
  }
}

/** At the start of a unit: carries out the restore that was ordered. @returns whether there was one */
export async function restoreDue(unit: Unit): Promise<boolean> {
  const { persist, unitFacts } = unit.state;
  if (!unitFacts.restoreDue) return false;
  const bytes = await persist.get(BLOB);
  try {
    if (!bytes) throw new ImageError('the image is gone');
    const { configuration, files } = await contentFor(unit, bytes, unitFacts.restoreDue.secret);
    // Files first: rows name them. Should power fail here, the restore begins again.
    for (const [name, text] of files) await persist.put(name, Buffer.from(text, 'base64'));
    unit.config.restore(configuration);
    // The ACS must not take this for the configuration that it left.
    unit.state.facts.parameterKey = '';
    await conclude(unit, 'Success');
    unit.log.info('configuration restored', { values: configuration.values.length, files: files.length });
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    unit.log.warn('configuration not restored', { reason: error.message });
    await conclude(unit, 'ApplyFailed');
  }
  await persist.drop(BLOB);
  return true;
}

const conclude = (unit: Unit, result: 'Success' | 'ApplyFailed'): Promise<void> =>
  unit.state.remember(facts => {
    delete facts.restoreDue;
    facts.imageRestore = { result, isReported: false };
  });
