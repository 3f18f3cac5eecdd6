// Plain XML, as devices send it nearly always, scanned by hand at half the cost. A document is read wholly or not at all: one with CDATA,
// comments, a DTD, other references than the five of XML 1.0 4.6, names beyond ASCII or any error is left to saxes, which has the last
// word on what is accepted and words the error. A property test holds both to the same trees.
import { ownText } from '../own-text.ts';
import {
  type Attributes,
  lookUp,
  NO_ATTRIBUTES,
  NO_CHILDREN,
  ROOT_SCOPE,
  type Scope,
  scopeWithin,
  XmlElement,
  type XmlLimits,
} from './element.ts';

const SLASH = 0x2f;
const LESS = 0x3c;

/** A name of an element: the few of CWMP are met again and again. */
interface Name {
  readonly full: string;
  readonly prefix: string;
  readonly local: string;
  /** The name that came after it last time, which nearly always comes after it again. */
  next: Name | undefined;
}

/** Attributes by their text: the same few in every message (`xsi:type="xsd:string"`). */
interface AttributeList {
  readonly attributes: Attributes;
  readonly count: number;
  readonly hasNamespaces: boolean;
}

/** Values by text, of texts up to a length. Texts of peers may be anything: when it is full it begins again. */
class Known<T> {
  readonly #byText = new Map<string, T>();
  readonly #make: (text: string) => T | undefined;
  static readonly #MOST = 500;
  static readonly #LONGEST = 400;

  /** @param make undefined for a text that is not plain */
  constructor(make: (text: string) => T | undefined) {
    this.#make = make;
  }

  of(text: string): T | undefined {
    const known = this.#byText.get(text);
    if (known) return known;
    if (text.length > Known.#LONGEST) return this.#make(text);
    const own = ownText(text);
    const made = this.#make(own);
    if (made === undefined) return undefined;
    if (this.#byText.size >= Known.#MOST) this.#byText.clear();
    this.#byText.set(own, made);
    return made;
  }
}

const NAME = /^[A-Za-z_][\w.-]*(?::[A-Za-z_][\w.-]*)?$/;
const ATTRIBUTE = /\s+([A-Za-z_][\w.-]*(?::[A-Za-z_][\w.-]*)?)\s*=\s*(?:"([^"<&\n\t]*)"|'([^'<&\n\t]*)')/y;
const DECLARATION =
  /^<\?xml\s+version\s*=\s*(?:"1\.0"|'1\.0')(?:\s+encoding\s*=\s*(?:"[A-Za-z][\w.-]*"|'[A-Za-z][\w.-]*'))?\s*\?>\s*/;
/** Characters that XML forbids, or that need a look at their neighbours. */
const ODD = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]/;

const names = new Known<Name>(text => {
  if (!NAME.test(text)) return undefined;
  const colon = text.indexOf(':');
  return { full: text, prefix: text.slice(0, Math.max(0, colon)), local: text.slice(colon + 1), next: undefined };
});

const attributeLists = new Known<AttributeList>(text => {
  const attributes = Object.create(null) as Record<string, string>;
  let count = 0;
  let hasNamespaces = false;
  for (let at = 0; at < text.length; at = ATTRIBUTE.lastIndex) {
    ATTRIBUTE.lastIndex = at;
    const found = ATTRIBUTE.exec(text);
    if (!found && text.slice(at).trim() === '') break;
    const name = found?.[1];
    if (name === undefined || name in attributes) return undefined;
    attributes[name] = found?.[2] ?? found?.[3] ?? '';
    hasNamespaces ||= name.startsWith('xmlns');
    count++;
  }
  return { attributes: Object.freeze(attributes), count, hasNamespaces };
});

const isSpace = (code: number): boolean => code === 0x20 || code === 0x0a || code === 0x09;

/** The name that begins here and ends with the tag or a white space. */
function nameAt(text: string, at: number, end: number, expected: Name | undefined): Name | undefined {
  if (expected && text.startsWith(expected.full, at)) {
    const stop = at + expected.full.length;
    if (stop === end || (stop < end && isSpace(text.charCodeAt(stop)))) return expected;
  }
  let stop = at;
  while (stop < end && !isSpace(text.charCodeAt(stop))) stop++;
  return names.of(text.slice(at, stop));
}

function newElement({ prefix, local }: Name, written: string, outer: Scope, most: number): XmlElement | undefined {
  const list = written === '' ? undefined : attributeLists.of(written);
  if (written !== '' && (!list || list.count > most)) return undefined;
  const attributes = list && list.count > 0 ? list.attributes : NO_ATTRIBUTES;
  const scope = list?.hasNamespaces ? scopeWithin(outer, attributes) : outer;
  return new XmlElement(local, prefix === '' ? scope.plain : lookUp(scope, prefix), attributes, scope);
}

const REFERENCES = new Map([
  ['&lt;', '<'],
  ['&gt;', '>'],
  ['&amp;', '&'],
  ['&quot;', '"'],
  ['&apos;', "'"],
]);

/** Character data with its references resolved; undefined where one is none of the five. */
function resolved(text: string): string | undefined {
  if (!text.includes('&')) return text;
  let isPlain = true;
  const out = text.replace(/&(?:[a-z]{2,4};)?/g, reference => {
    const character = REFERENCES.get(reference);
    isPlain &&= character !== undefined;
    return character ?? '';
  });
  return isPlain ? out : undefined;
}

/** The text with its line ends as XML 1.0 2.11 wants them; undefined where it is not plain. */
function plainText(source: string): string | undefined {
  if (source.includes('<!') || source.includes(']]>') || ODD.test(source)) return undefined;
  return source.includes('\r') ? source.replace(/\r\n?/g, '\n') : source;
}

/** Offset of the root element. */
const rootAt = (text: string): number => (text.startsWith('<?') ? (DECLARATION.exec(text)?.[0].length ?? -1) : 0);

/** The name that comes before the first. */
const START: Name = { full: '', prefix: '', local: '', next: undefined };

/** One pass over a document. */
class Scan {
  readonly #text: string;
  readonly #limits: Readonly<XmlLimits>;
  readonly #open: XmlElement[] = [];
  readonly #openNames: string[] = [];
  #root: XmlElement | undefined;
  #last = START;
  #elements = 0;

  constructor(text: string, limits: Readonly<XmlLimits>) {
    this.#text = text;
    this.#limits = limits;
  }

  /** @param at offset of the root element @returns undefined where the document is not plain */
  root(at: number): XmlElement | undefined {
    const text = this.#text;
    for (let tag = at; text.charCodeAt(tag) === LESS; ) {
      const end = text.indexOf('>', tag + 1);
      const isPlain = text.charCodeAt(tag + 1) === SLASH ? this.#close(tag + 2, end) : this.#begin(tag + 1, end);
      if (!isPlain) return undefined;
      if (this.#open.length === 0) return end + 1 === text.length ? this.#root : undefined;
      tag = this.#takeData(end + 1);
    }
    return undefined;
  }

  /** An end tag; white space in it is left to saxes. @returns false where the document is not plain */
  #close(at: number, end: number): boolean {
    const name = this.#openNames.pop();
    this.#open.pop();
    return name !== undefined && end - at === name.length && this.#text.startsWith(name, at);
  }

  /** A start tag, or that of an empty element. @returns false where the document is not plain */
  #begin(at: number, end: number): boolean {
    if (end < 0 || ++this.#elements > this.#limits.elements || this.#open.length >= this.#limits.depth) return false;
    const isEmpty = this.#text.charCodeAt(end - 1) === SLASH;
    const stop = isEmpty ? end - 1 : end;
    const name = nameAt(this.#text, at, stop, this.#last.next);
    if (!name) return false;
    this.#last.next = name;
    this.#last = name;
    const parent = this.#open.at(-1);
    const written = this.#text.slice(at + name.full.length, stop);
    const element = newElement(name, written, parent ? parent.scope : ROOT_SCOPE, this.#limits.attributes);
    if (!element) return false;
    if (parent) append(parent, element);
    else this.#root = element;
    if (isEmpty) return true;
    this.#open.push(element);
    this.#openNames.push(name.full);
    return true;
  }

  /** Character data. @returns the offset of the next tag; beyond the text where there is none, or the data is not plain */
  #takeData(at: number): number {
    const tag = this.#text.indexOf('<', at);
    if (tag === at) return tag;
    const data = tag < 0 ? undefined : resolved(this.#text.slice(at, tag));
    const element = this.#open.at(-1);
    if (data === undefined || !element) return this.#text.length;
    element.text = element.text === '' ? data : element.text + data;
    return tag;
  }
}

/**
 * The root element of a plain document.
 * @param source without white space around it
 * @returns undefined where the document is not plain
 */
export function readPlain(source: string, limits: Readonly<XmlLimits>): XmlElement | undefined {
  const text = plainText(source);
  return text === undefined ? undefined : new Scan(text, limits).root(rootAt(text));
}

function append(parent: XmlElement, element: XmlElement): void {
  if (parent.children === NO_CHILDREN) parent.children = [element];
  else (parent.children as XmlElement[]).push(element);
}
