// The Broadband Forum's data-model document (TR-106 Annex A) → definitions. Read once per model, so xml2js serves.

import { Parser, processors } from 'xml2js';
import { messageOf, UserError } from '../errors.ts';
import { Turns } from '../turns.ts';
import {
  type ActiveNotify,
  effects,
  type LoadOptions,
  type ModelDocument,
  type ObjectDef,
  type ParameterDef,
  type ServiceDef,
} from './definitions.ts';
import { attribute, type Element, elements } from './element.ts';
import { applySyntax, type DataTypes, readDataTypes } from './syntax.ts';

/** Our own attributes and elements in a document: script names, keys that follow, first rows, RPCs, services. */
const EXTENSION = 'urn:tandem:datamodel-extension';

const MAX_BYTES = 32 * 1024 * 1024;
const MAX_NESTING = 8;
/** Components may name each other: the definitions that they add up to are bounded. */
const MAX_DEFINITIONS = 50_000;

const bad = (message: string): UserError => new UserError(400, 'bad-model', `data model: ${message}`);

/** Objects that are read without a break: some milliseconds. */
const PORTION = 20;

/** @param turns counts the objects read @throws UserError 400 `bad-model` */
export async function readDocument(
  source: string | Buffer,
  options: LoadOptions,
  turns = new Turns(PORTION),
): Promise<ModelDocument> {
  if (source.length > MAX_BYTES) throw bad(`larger than ${MAX_BYTES} bytes`);
  const document = await parse(source.toString());
  const models = elements(document, 'model');
  const model = chooseModel(models, options.model);
  const full = attribute(model, 'name') ?? '';
  const [name = '', version = ''] = full.split(':');
  const reader: Reader = {
    types: readDataTypes(document),
    components: new Map(elements(document, 'component').map(c => [attribute(c, 'name') ?? '', c])),
    models: new Map(models.map(m => [attribute(m, 'name') ?? '', m])),
    extension: extensionPrefix(document),
    objects: new Map(),
    parameters: new Map(),
    read: 0,
  };
  // A service object hangs below the root's Services object (TR-106 2.2).
  const prefix = attribute(model, 'isService') === 'true' ? 'Device.Services.' : '';
  for (const count of readModel(reader, model, prefix, 0)) await turns.spent(count);
  if (reader.parameters.size === 0) throw bad(`model ${full} has no parameter`);
  nameCounters(reader);
  return {
    name,
    version,
    objects: [...reader.objects.values()],
    parameters: [...reader.parameters.values()],
    methods: elements(model, 'rpc').map(rpc => attribute(rpc, 'name') ?? ''),
    services: elements(model, 'service').map(readService),
  };
}

async function parse(source: string): Promise<Element> {
  const parser = new Parser({ tagNameProcessors: [processors.stripPrefix], explicitRoot: true, async: true });
  let parsed: Record<string, unknown> | null;
  try {
    parsed = (await parser.parseStringPromise(source)) as Record<string, unknown> | null;
  } catch (error) {
    throw bad(messageOf(error).replaceAll('\n', ' '));
  }
  const document = parsed?.document;
  if (typeof document !== 'object' || document === null) throw bad('the root element is not <dm:document>');
  return document as Element;
}

function chooseModel(models: Element[], wanted: string | undefined): Element {
  const names = models.map(model => attribute(model, 'name') ?? '');
  if (wanted !== undefined) {
    const model = models[names.indexOf(wanted)];
    if (!model) throw bad(`no model ${wanted}; there is ${names.join(', ') || 'none'}`);
    return model;
  }
  const model = models.findLast(each => attribute(each, 'isService') !== 'true') ?? models.at(-1);
  if (!model) throw bad('the document holds no model');
  return model;
}

function extensionPrefix(document: Element): string {
  const found = Object.entries(document.$ ?? {}).find(
    ([name, value]) => name.startsWith('xmlns:') && value === EXTENSION,
  );
  return found ? `${found[0].slice('xmlns:'.length)}:` : '\0';
}

interface Reader {
  types: DataTypes;
  components: Map<string, Element>;
  models: Map<string, Element>;
  /** Prefix of our own attributes, with its colon. */
  extension: string;
  objects: Map<string, ObjectDef>;
  parameters: Map<string, ParameterDef>;
  /** Definitions and uses of components read so far. */
  read: number;
}

function countRead(reader: Reader): void {
  if (++reader.read > MAX_DEFINITIONS) throw bad(`more than ${MAX_DEFINITIONS} definitions`);
}

/** The reading functions yield the objects read since the last time, so that their caller can take breaks. */
type Reading = Generator<number, void>;

function* readModel(reader: Reader, model: Element, prefix: string, depth: number): Reading {
  const base = attribute(model, 'base');
  if (base !== undefined) {
    const extended = reader.models.get(base);
    if (!extended || depth > MAX_NESTING) {
      throw bad(
        `${attribute(model, 'name')} only extends ${base}, which is not in the document: load the full document`,
      );
    }
    yield* readModel(reader, extended, prefix, depth + 1);
  }
  yield* readMembers(reader, model, prefix, depth);
}

/** The common content of a model and a component: components, parameters and objects. */
function* readMembers(reader: Reader, holder: Element, prefix: string, depth: number): Reading {
  yield* readParameters(reader, holder, prefix, depth);
  for (const object of elements(holder, 'object')) {
    countRead(reader);
    if (attribute(object, 'status') === 'deleted') continue;
    const path = prefix + (attribute(object, 'name') ?? attribute(object, 'base') ?? '');
    if (!path.endsWith('.')) throw bad(`object name ${JSON.stringify(path)} does not end with a dot`);
    reader.objects.set(path, readObject(reader, object, path));
    yield* readParameters(reader, object, path, depth);
    yield 1;
  }
}

function* readParameters(reader: Reader, holder: Element, prefix: string, depth: number): Reading {
  for (const use of elements(holder, 'component')) {
    countRead(reader);
    const name = attribute(use, 'ref');
    if (name === undefined) continue;
    const component = reader.components.get(name);
    if (!component) throw bad(`component ${name} is not in the document`);
    if (depth > MAX_NESTING) throw bad(`component ${name} nests too deeply`);
    yield* readMembers(reader, component, prefix + (attribute(use, 'path') ?? ''), depth + 1);
  }
  const owner = reader.objects.get(prefix);
  for (const parameter of elements(holder, 'parameter')) {
    countRead(reader);
    const name = attribute(parameter, 'name') ?? attribute(parameter, 'base');
    // A <parameter ref> belongs to a profile or a key.
    if (name === undefined || attribute(parameter, 'status') === 'deleted') continue;
    const path = prefix + name;
    reader.parameters.set(path, readParameter(reader, parameter, path, name, owner));
  }
}

function readObject(reader: Reader, element: Element, path: string): ObjectDef {
  const own = (name: string): string | undefined => attribute(element, reader.extension + name);
  const before = reader.objects.get(path);
  const max = attribute(element, 'maxEntries') ?? '1';
  const multi = path.endsWith('.{i}.');
  const writable = multi && attribute(element, 'access') === 'readWrite';
  const key = elements(element, 'uniqueKey')[0];
  const rows = elements(element, 'row').map(row => ({ ...row.$ }));
  const counter = attribute(element, 'numEntriesParameter');
  return {
    ...before,
    path,
    multi,
    fixed: multi && !writable,
    writable,
    minEntries: Number(attribute(element, 'minEntries') ?? 1),
    maxEntries: max === 'unbounded' ? Number.POSITIVE_INFINITY : Number(max),
    keys: key ? elements(key, 'parameter').map(each => attribute(each, 'ref') ?? '') : (before?.keys ?? []),
    ...optional('rows', rows.length > 0 ? rows : undefined),
    ...optional('follows', own('follows')),
    ...optional('shownBy', own('shownBy')),
    ...optional('script', own('script')),
    ...optional('service', own('service') ?? own('script')?.split('.')[0]),
    ...optional('numberOfEntries', counter && path.replace(/(?<![^.])[^.]+\.\{i\}\.$/, counter)),
    ...optional('description', descriptionOf(element)),
  };
}

function readParameter(
  reader: Reader,
  element: Element,
  path: string,
  name: string,
  owner: ObjectDef | undefined,
): ParameterDef {
  const own = (each: string): string | undefined => attribute(element, reader.extension + each);
  const before = reader.parameters.get(path);
  const def: ParameterDef = {
    ...(before ?? { type: 'string', hidden: false }),
    path,
    name,
    writable: attribute(element, 'access') === 'readWrite',
    forcedInform: attribute(element, 'forcedInform') === 'true',
    activeNotify: (attribute(element, 'activeNotify') ?? 'normal') as ActiveNotify,
    needsRestart: own('needsRestart') === 'true',
    ...optional('service', owner?.service),
    ...optional('script', own('script') ?? scriptName(owner, name)),
    ...optional('sameAs', own('sameAs')),
    ...optional(
      'effect',
      effects.find(effect => effect === own('effect')),
    ),
    ...optional('form', own('form')),
    ...(own('rowCommand') === 'true' && { rowCommand: true }),
    ...(owner?.keys.includes(name) && { key: true }),
    ...optional('description', descriptionOf(element)),
  };
  const syntax = elements(element, 'syntax')[0];
  if (syntax) applySyntax(reader.types, syntax, def);
  return def;
}

function scriptName(owner: ObjectDef | undefined, name: string): string | undefined {
  if (!owner?.script) return undefined;
  const keys = owner.keys.length > 0 ? `[${owner.keys.map(key => `${key}=`).join(' ')}]` : '';
  return `${owner.script}${keys}.${name}`;
}

function readService(element: Element): ServiceDef {
  return {
    name: attribute(element, 'name') ?? '',
    id: Number(attribute(element, 'id') ?? 0),
    title: attribute(element, 'title') ?? '',
    class: attribute(element, 'class') === 'System' ? 'System' : 'User',
  };
}

/** Forgets counters that the document names but does not define. */
function nameCounters(reader: Reader): void {
  for (const def of reader.objects.values()) {
    if (def.numberOfEntries !== undefined && !reader.parameters.has(def.numberOfEntries)) delete def.numberOfEntries;
  }
}

function descriptionOf(element: Element): string | undefined {
  const text = elements(element, 'description')[0]?._;
  return text === undefined ? undefined : text.replace(/\s+/g, ' ').trim() || undefined;
}

/** An optional field as `exactOptionalPropertyTypes` wants it: absent rather than undefined. */
function optional<K extends string, V>(name: K, value: V | undefined | ''): { [P in K]?: V } {
  return (value === undefined || value === '' ? {} : { [name]: value }) as { [P in K]?: V };
}
