// The one judgement of what is wanted of devices: values and table rows of presets and dry runs, overrides, and arguments of tasks.
import { checkValue } from '../../../shared/model/values.ts';
import type { WantedValue } from '../../device/desired-state.ts';
import { type CodeOf, UserError } from '../../errors.ts';
import { anyText, checkText } from '../common/wanted-values.ts';
import { refusedDigest } from './learned-model.ts';
import type { KnownParameter, KnownTable, ProductModel } from './product-model.ts';

/** The models that a wish is judged by. */
export interface Judges {
  models: readonly ProductModel[];
  /** No device is known yet that is meant: a wish is refused only where each model that knows the name refuses it. */
  isOpen: boolean;
  /** The devices that are meant are not known: unknown names are taken. */
  isVague?: boolean;
}

/** One value that is wanted of devices. */
export interface Wish {
  /** Its place in the input, for messages. */
  place: string;
  path: string;
  wanted: WantedValue;
  /** The texts of the value that are known before a device fills its variables. */
  texts: () => readonly string[];
  /** It only finds an existing row: it need not be writable. */
  isKey?: boolean;
}

/** A parameter's name is a string(256) (TR-069 A.3.2.1). */
const MAX_PATH = 256;
const MAX_WARNINGS = 100;
/** The types that a value may be sent with (TR-069 A.2). */
const types = new Set(
  ['string', 'int', 'long', 'unsignedInt', 'unsignedLong', 'boolean', 'dateTime', 'base64', 'base64Binary', 'hexBinary']
    .map(name => `xsd:${name}`)
    .concat('soap-enc:base64'),
);

/** Names below another root than the built-in models' (TR-098), and vendors' own: no built-in model can have them. */
const isBeyond = (path: string): boolean =>
  path.startsWith('InternetGatewayDevice.')
    ? isName(path)
    : path.startsWith('Device.') && path.split('.').some(isForeignNode) && isName(path);

/** The node has a vendor's prefix (TR-106 3.3), and not that of the DGW's maker. */
const isForeignNode = (node: string): boolean => node.startsWith('X_') && !node.startsWith('X_0090F8_');
const isName = (path: string): boolean => path.split('.').every(node => /^[\w-]+$/.test(node));

const refused = (code: CodeOf<400>, message: string): UserError => new UserError(400, code, message);

/** Gathers the warnings of several judgements. */
export class Judgement {
  readonly warnings: string[] = [];
  readonly #judges: Judges;

  constructor(judges: Judges) {
    this.#judges = judges;
  }

  /** @throws UserError 400 that names the place */
  value(wish: Wish): void {
    const { place, path, wanted } = wish;
    if (path.length > MAX_PATH) throw refused('bad-path', `${place}: longer than ${MAX_PATH} characters`);
    const known = knownBy(this.#judges, model => model.parameter(path));
    this.#checkName(place, path, known, path);
    if (wanted.type !== undefined && !types.has(wanted.type))
      throw refused('bad-type', `${place}: '${wanted.type}' is not a type (one of ${[...types].join(', ')})`);
    const texts = wish.texts();
    eachModel(this.#judges, known, ({ model, found }) => this.#checkOne(wish, texts, found, this.#on(model)));
    if (known.length === 0) for (const text of texts) checkText(place, anyText, text, wanted.type);
  }

  /** @param table its path, with the final dot @param exclusive its other rows are deleted @throws UserError 400 */
  table(table: string, exclusive: boolean): void {
    const known = knownBy(this.#judges, model => model.table(table));
    this.#checkName(`objects: ${table}`, table, known, `the table ${table}`);
    if (!exclusive) return;
    eachModel(this.#judges, known, ({ model, found }) => {
      if (found.writable === false)
        throw refused('read-only', `objects: ${table} exclusive: its rows cannot be deleted${this.#on(model)}`);
    });
  }

  /** A name that no model has is refused where all models that count are complete, else it is a warning. */
  #checkName(
    place: string,
    path: string,
    known: readonly { model: ProductModel; found: KnownParameter | KnownTable }[],
    what: string,
  ): void {
    const { models, isOpen, isVague } = this.#judges;
    const has = new Set(known.filter(({ found }) => !found.absent && !found.isUnseen).map(({ model }) => model));
    const canBeBeyond = isBeyond(path.endsWith('.') ? `${path}x` : path);
    const isClosed = !isVague && (isOpen || models.every(({ isComplete }) => isComplete));
    if (known.length === 0 && isClosed && !canBeBeyond)
      throw refused('unknown-parameter', `${place}: no known data model has ${what}`);
    if (isOpen) {
      if (has.size === 0 && !canBeBeyond)
        this.#warn(`${place}: no device fits yet, and no known data model has ${what}`);
      return;
    }
    for (const model of models) if (!has.has(model)) this.#warn(`${place}: ${lacking(model, known)}`);
  }

  #checkOne({ place, path, wanted, isKey }: Wish, texts: readonly string[], found: KnownParameter, on: string): void {
    if (found.writable === false && !isKey) throw refused('read-only', `${place}: ${path} is read-only${on}`);
    for (const text of texts) {
      readAtProduct(on, () => checkText(place, found.def ?? anyText, text, wanted.type));
      if (found.refused.length === 0) continue;
      const digests = [text, canonical(found, text)].map(each => refusedDigest(path, each));
      if (digests.some(digest => found.refused.includes(digest)))
        this.#warn(`${place}: this value was refused by a device before (9007)${on}`);
    }
  }

  #warn(text: string): void {
    if (this.warnings.length < MAX_WARNINGS) this.warnings.push(text);
  }

  /** Names the product, where several are meant. */
  #on(model: ProductModel): string {
    return this.#judges.isOpen || this.#judges.models.length < 2 ? '' : ` on ${devicesOf(model)}`;
  }
}

const canonical = ({ def }: KnownParameter, text: string): string => {
  const checked = def ? checkValue(def, text) : undefined;
  return checked?.ok ? checked.value : text;
};

/** Adds the product to the message of a refusal. */
function readAtProduct(on: string, check: () => void): void {
  try {
    check();
  } catch (error) {
    if (!(error instanceof UserError) || on === '') throw error;
    throw refused('bad-value', `${error.message}${on}`);
  }
}

/** Calls `check` for each model; where no device is known, one that is content is enough. */
function eachModel<T>({ isOpen }: Judges, known: readonly T[], check: (each: T) => void): void {
  let first: unknown;
  for (const each of known) {
    try {
      check(each);
      if (isOpen) return;
    } catch (error) {
      if (!isOpen) throw error;
      first ??= error;
    }
  }
  if (first !== undefined) throw first;
}

/** The models that know something of a name, and what it is. */
function knownBy<T>(
  { models }: Judges,
  find: (model: ProductModel) => T | undefined,
): { model: ProductModel; found: T }[] {
  return models.flatMap(model => {
    const found = find(model);
    return found ? [{ model, found }] : [];
  });
}

const nameOf = ({ oui, productClass, softwareVersion }: ProductModel['product']): string =>
  [oui, productClass, softwareVersion].filter(Boolean).join(' ');

const devicesOf = ({ devices, product }: ProductModel): string =>
  `${devices} ${devices === 1 ? 'device' : 'devices'} of ${nameOf(product)}`;

function lacking(
  model: ProductModel,
  known: readonly { model: ProductModel; found: KnownParameter | KnownTable }[],
): string {
  const { devices, product } = model;
  const isRefused = known.some(entry => entry.model === model && entry.found.absent);
  if (isRefused) return `a device of this product (${nameOf(product)}) has refused the name as unknown (9005)`;
  const of = devices === 1 ? 'the one device' : `any of ${devices} devices`;
  return `not seen on ${of} of this product (${nameOf(product)})`;
}
