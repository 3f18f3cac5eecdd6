// The model of one product: what its devices have told, given documents, and the built-in models, the closest first.
import type { Model, ObjectDef, ParameterDef, ValueType } from '../../../shared/model/definitions.ts';
import { isObject } from '../../../shared/model/definitions.ts';
import { templateOf } from '../../../shared/model/path.ts';
import { anyText } from '../common/wanted-values.ts';
import type { LearnedEntries, LearnedEntry, Product } from './learned-model.ts';

/** All that is known of a parameter of a product. */
export interface KnownParameter {
  /** Its definition, where a document has it or its type was told. */
  def?: ParameterDef;
  /** Undefined where nothing tells. */
  writable?: boolean;
  /** Devices have refused the name. */
  absent: boolean;
  /** Only a standard has it: devices of the product have told other names, but not this one. */
  isUnseen: boolean;
  /** Digests of values that devices have refused. */
  refused: readonly string[];
}

export interface KnownTable {
  writable?: boolean;
  absent: boolean;
  isUnseen: boolean;
}

/** The sources of a product's model, each with the closest first. */
export interface ModelSources {
  learned: readonly LearnedEntries[];
  /** Documents of the product itself. */
  documents: readonly Model[];
  /** Documents of a standard, of which a product implements a part. */
  standards: readonly Model[];
}

const valueTypes: Readonly<Record<string, ValueType>> = {
  string: 'string',
  int: 'int',
  unsignedInt: 'unsignedInt',
  long: 'long',
  unsignedLong: 'unsignedLong',
  boolean: 'boolean',
  dateTime: 'dateTime',
  base64: 'base64',
  base64Binary: 'base64',
  hexBinary: 'hexBinary',
};

export class ProductModel {
  readonly product: Product;
  /** Devices of the product that are meant. */
  readonly devices: number;
  /** A built-in model has all parameters of the product: other names are wrong. */
  readonly isComplete: boolean;
  readonly #sources: ModelSources;

  constructor(product: Product, devices: number, isComplete: boolean, sources: ModelSources) {
    this.product = product;
    this.devices = devices;
    this.isComplete = isComplete;
    this.#sources = sources;
  }

  /** Undefined where neither a device nor a document has named it. */
  parameter(path: string): KnownParameter | undefined {
    const learned = this.#told(path);
    const documented = this.#defined(path);
    const def = documented && 'type' in documented ? documented : undefined;
    if (!learned && !def) return undefined;
    const writable = learned?.writable ?? def?.writable;
    const checkedBy = definitionOf(path, def, learned?.type);
    return {
      ...(checkedBy ? { def: checkedBy } : {}),
      ...(writable === undefined ? {} : { writable }),
      absent: learned?.absent ?? false,
      isUnseen: !learned && this.#isUnseen(path),
      refused: learned?.refused ?? [],
    };
  }

  /** @param path ends with a dot. Undefined where neither a device nor a document has named it or a row of it */
  table(path: string): KnownTable | undefined {
    const row = this.#told(`${path}1.`);
    const table = this.#told(path);
    const documented = this.#defined(`${path}1.`);
    const def: ObjectDef | undefined = documented && isObject(documented) && documented.multi ? documented : undefined;
    if (!row && !table && !def) return undefined;
    const writable = row?.writable ?? table?.writable ?? def?.writable;
    return {
      ...(writable === undefined ? {} : { writable }),
      absent: table?.absent ?? false,
      isUnseen: !row && !table && this.#isUnseen(path),
    };
  }

  /** @param path of an object or a row, ends with a dot. Undefined where neither a device nor a document has named it */
  object(path: string): Pick<KnownTable, 'writable' | 'absent'> | undefined {
    const told = this.#told(path);
    const def = this.#defined(path);
    if (!told && !def) return undefined;
    const writable = told?.writable ?? def?.writable;
    return { ...(writable === undefined ? {} : { writable }), absent: told?.absent ?? false };
  }

  /** Neither a device nor a document of the product has the name: a standard does, of which the product implements a part. */
  readonly isOfStandard = (path: string): boolean =>
    !this.#told(path) && definedIn(this.#sources.documents, path) === undefined;

  /** The names below a partial path, with `{i}` in place of instance numbers; some come more than once. */
  readonly names = (prefix: string): Iterable<string> => namesIn(this.#sources, prefix);

  #told(path: string): LearnedEntry | undefined {
    const { template } = templateOf(path);
    for (const entries of this.#sources.learned) if (Object.hasOwn(entries, template)) return entries[template];
    return undefined;
  }

  #defined(path: string): ParameterDef | ObjectDef | undefined {
    const { documents, standards } = this.#sources;
    return definedIn(documents, path) ?? definedIn(standards, path);
  }

  /** @param path is in a document */
  #isUnseen(path: string): boolean {
    const { learned, documents } = this.#sources;
    return learned.length > 0 && definedIn(documents, path.endsWith('.') ? `${path}1.` : path) === undefined;
  }
}

function* namesIn({ learned, documents, standards }: ModelSources, prefix: string): Iterable<string> {
  for (const entries of learned) for (const path in entries) if (path.startsWith(prefix)) yield path;
  for (const model of [...documents, ...standards])
    for (const names of [model.objects, model.parameters])
      for (const path of names.keys()) if (path.startsWith(prefix) && model.resolve(path)) yield path;
}

function definedIn(models: readonly Model[], path: string): ParameterDef | ObjectDef | undefined {
  for (const model of models) {
    const found = model.resolve(path)?.def;
    if (found) return found;
  }
  return undefined;
}

/** The definition that values are checked by: a device that tells another type than the document is right. */
function definitionOf(path: string, def: ParameterDef | undefined, told: string | undefined): ParameterDef | undefined {
  const type = told === undefined ? undefined : valueTypes[told.slice(told.indexOf(':') + 1)];
  if (type === undefined || def?.type === type || (def?.list && type === 'string')) return def;
  // Many devices send each value as a string.
  if (def && type === 'string') return def;
  return { ...anyText, path, type };
}
