// XML text → a light tree, for CWMP envelopes: our own prefix map, hard bounds, no DTD. A plain document is scanned by hand (plain.ts); any
// other takes one pass over saxes' events. The hot path of every session: it holds to strings, arrays and few Maps.
import { type SaxesAttributePlain, SaxesParser, type SaxesTagPlain } from 'saxes';
import { clip } from '../clip.ts';
import { decodeText, UnknownCharset } from './charset.ts';
import {
  lookUp,
  NO_ATTRIBUTES,
  NO_CHILDREN,
  ROOT_SCOPE,
  type Scope,
  scopeWithin,
  XmlElement,
  type XmlLimits,
} from './element.ts';
import { readPlain } from './plain.ts';

/** The text is not XML that we take. Line and column count from 1. */
export class XmlError extends Error {
  override readonly name = 'XmlError';
  readonly line: number;
  readonly column: number;

  constructor(message: string, line: number, column: number) {
    super(clip(message));
    this.line = line;
    this.column = column;
  }
}

/** Room for a full read of 100,000 parameters; a CWMP message is ten levels deep. */
const defaultLimits: Readonly<XmlLimits> = {
  size: 32 * 1024 * 1024,
  depth: 64,
  elements: 400_000,
  attributes: 64,
};

/**
 * The root element of a document.
 * A Buffer is read in the encoding that it declares, else in `charset` (of Content-Type), else as UTF-8, whose bad bytes are Latin-1, which is
 * what devices that forget to say so send. White space or NULs around the document are forgiven.
 * @throws XmlError
 */
export function parseXml(source: string | Buffer, limits?: Partial<XmlLimits>, charset?: string): XmlElement {
  const bounds = limits ? { ...defaultLimits, ...limits } : defaultLimits;
  if (source.length > bounds.size) throw new XmlError(`larger than ${bounds.size} bytes`, 1, 1);
  const text = trimEnds(typeof source === 'string' ? source : decodeBytes(source, charset));
  return readPlain(text, bounds) ?? readAny(text, bounds);
}

/** The root element of any document. @throws XmlError */
export function readAny(text: string, bounds: Readonly<XmlLimits> = defaultLimits): XmlElement {
  const builder = spare ?? new Builder();
  spare = undefined;
  const root = builder.build(text, bounds);
  // A reader that threw is not used again: its parser is in the middle of a document.
  spare = builder;
  return root;
}

/** Making a parser costs as much as reading twenty elements. */
let spare: Builder | undefined;

class Builder {
  #limits: Readonly<XmlLimits> = defaultLimits;
  readonly #parser = new SaxesParser({ xmlns: false, position: false });
  readonly #open: XmlElement[] = [];
  #root: XmlElement | undefined;
  #elements = 0;
  #attributes = 0;

  constructor() {
    const parser = this.#parser;
    // Seven handlers and no more: with an eighth V8 keeps the parser's properties in a hash table, and all is 7 times slower.
    parser.on('attribute', (_: SaxesAttributePlain) => {
      if (++this.#attributes > this.#limits.attributes) this.#fail(`more than ${this.#limits.attributes} attributes`);
    });
    parser.on('opentag', tag => this.#opened(tag));
    parser.on('closetag', () => {
      this.#open.pop();
    });
    const text = (chunk: string): void => {
      const element = this.#open.at(-1);
      if (element) element.text = element.text === '' ? chunk : element.text + chunk;
    };
    parser.on('text', text);
    parser.on('cdata', text);
    // SOAP 1.1 3: no DTD. Nothing that a DTD could do (entities, external files) is ever looked at.
    parser.on('doctype', () => this.#fail('a document type declaration is not allowed'));
    parser.on('error', error => this.#fail(error.message));
  }

  build(text: string, limits: Readonly<XmlLimits>): XmlElement {
    this.#limits = limits;
    this.#elements = 0;
    this.#parser.write(text).close();
    const root = this.#root ?? this.#fail('no element');
    this.#root = undefined;
    return root;
  }

  #opened(tag: SaxesTagPlain): void {
    if (++this.#elements > this.#limits.elements) this.#fail(`more than ${this.#limits.elements} elements`);
    const open = this.#open;
    if (open.length >= this.#limits.depth) this.#fail(`nested deeper than ${this.#limits.depth} levels`);
    const parent = open.at(-1);
    const element = newElement(tag, parent ? parent.scope : ROOT_SCOPE, this.#attributes > 0);
    this.#attributes = 0;
    if (!parent) this.#root = element;
    else if (parent.children === NO_CHILDREN) parent.children = [element];
    else (parent.children as XmlElement[]).push(element);
    open.push(element);
  }

  #fail(message: string): never {
    throw new XmlError(message, this.#parser.line, this.#parser.columnIndex + 1);
  }
}

function newElement(tag: SaxesTagPlain, outer: Scope, attributed: boolean): XmlElement {
  const attributes = attributed ? tag.attributes : NO_ATTRIBUTES;
  const scope = attributed ? scopeWithin(outer, attributes) : outer;
  const colon = tag.name.indexOf(':');
  if (colon < 0) return new XmlElement(tag.name, scope.plain, attributes, scope);
  const namespace = lookUp(scope, tag.name.slice(0, colon));
  return new XmlElement(tag.name.slice(colon + 1), namespace, attributes, scope);
}

/** C programs send a trailing NUL, scripts a leading line break: XML allows neither, and neither does harm. */
function trimEnds(text: string): string {
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) === 0) end--;
  return text.slice(0, end).trim();
}

function decodeBytes(bytes: Buffer, charset: string | undefined): string {
  try {
    return decodeText(bytes, charset);
  } catch (error) {
    if (!(error instanceof UnknownCharset)) throw error;
    throw new XmlError(error.message, 1, 1);
  }
}
