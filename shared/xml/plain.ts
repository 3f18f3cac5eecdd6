// The plain part of XML, read by hand: elements, attributes and printable ASCII, which is nearly all that CWMP carries. What is not
// plain (references, comments, CDATA, other characters) or not well-formed is left to the whole parser, which also says what is wrong.
import { type Attributes, append, elementIn, NO_ATTRIBUTES, type XmlElement } from './element.ts';
import type { XmlLimits } from './read.ts';

const NOT_PLAIN = /[^\t\n -%'-~]/;
const DECLARATION =
  /^<\?xml version=("1\.0"|'1\.0')( encoding=("[A-Za-z][\w.-]*"|'[A-Za-z][\w.-]*'))?( standalone=("(yes|no)"|'(yes|no)'))? ?\?>\s*/;
const NAME = '[A-Za-z_][\\w.-]*(?::[A-Za-z_][\\w.-]*)?';
const TAG = new RegExp(`^(${NAME})((?: +${NAME}=(?:"[^"<\\t\\n]*"|'[^'<\\t\\n]*'))*) ?(/?)$`);
const ATTRIBUTE = new RegExp(`(${NAME})=(?:"([^"]*)"|'([^']*)')`, 'g');

/** What stands between `<` and `>` of a start tag. */
interface Tag {
  text: string;
  /** As written, with its prefix. */
  name: string;
  attributes: Attributes;
  /** Of the attributes. */
  count: number;
  isEmpty: boolean;
  /** Which came after it the last time: most likely it does again, and need not be looked for. */
  next: Tag | undefined;
}

/** Tags by their text: the same ones come in each message. */
const tags = new Map<string, Tag>();
const MAX_TAGS = 1000;
/** Longer ones are not plain. */
const MAX_TAG_LENGTH = 1000;

/** @returns the root element; undefined where the text is not plain, or beyond the limits */
export function readPlain(text: string, limits: Readonly<XmlLimits>): XmlElement | undefined {
  if (NOT_PLAIN.test(text) || text.includes(']]>')) return undefined;
  const start = text.startsWith('<?') ? (DECLARATION.exec(text)?.[0].length ?? -1) : 0;
  return text[start] === '<' ? new Reading(text, limits).rootAt(start) : undefined;
}

class Reading {
  readonly #text: string;
  readonly #limits: Readonly<XmlLimits>;
  readonly #open: XmlElement[] = [];
  readonly #names: string[] = [];
  #root: XmlElement | undefined;
  #elements = 0;
  #last: Tag | undefined;

  constructor(text: string, limits: Readonly<XmlLimits>) {
    this.#text = text;
    this.#limits = limits;
  }

  rootAt(start: number): XmlElement | undefined {
    const text = this.#text;
    for (let at = start; at >= 0; ) {
      const end = text.charCodeAt(at + 1) === SLASH ? this.#close(at + 2) : this.#start(at + 1);
      if (end < 0) return undefined;
      const inside = this.#open.at(-1);
      if (!inside) return end === text.length - 1 ? this.#root : undefined;
      at = text.indexOf('<', end);
      if (at > end + 1) inside.text += text.slice(end + 1, at);
    }
    return undefined;
  }

  /** @returns where its `>` stands; -1 where it is another one */
  #close(at: number): number {
    const name = this.#names.pop();
    this.#open.pop();
    return name !== undefined && this.#text.startsWith(name, at) && this.#text.charCodeAt(at + name.length) === END
      ? at + name.length
      : -1;
  }

  /** @returns where its `>` stands; -1 where it cannot be taken */
  #start(at: number): number {
    const tag = this.#tagAt(at);
    const { depth, elements, attributes } = this.#limits;
    if (!tag || tag.count > attributes || ++this.#elements > elements || this.#open.length >= depth) return -1;
    const parent = this.#open.at(-1);
    const element = elementIn(parent, tag.name, tag.attributes);
    if (parent) append(parent, element);
    else this.#root = element;
    if (!tag.isEmpty) {
      this.#open.push(element);
      this.#names.push(tag.name);
    }
    return at + tag.text.length;
  }

  #tagAt(at: number): Tag | undefined {
    const text = this.#text;
    const guess = this.#last?.next;
    if (guess && text.startsWith(guess.text, at) && text.charCodeAt(at + guess.text.length) === END) {
      this.#last = guess;
      return guess;
    }
    const end = text.indexOf('>', at);
    const tag = end < 0 ? undefined : tagOf(text.slice(at, end));
    if (this.#last) this.#last.next = tag;
    this.#last = tag;
    return tag;
  }
}

const SLASH = '/'.charCodeAt(0);
const END = '>'.charCodeAt(0);

function tagOf(text: string): Tag | undefined {
  if (text.length > MAX_TAG_LENGTH) return undefined;
  const known = tags.get(text);
  if (known) return known;
  // Of a copy: a part of a text keeps all of it in memory.
  const tag = readTag(Buffer.from(text, 'latin1').toString('latin1'));
  if (!tag) return undefined;
  if (tags.size >= MAX_TAGS) tags.clear();
  tags.set(tag.text, tag);
  return tag;
}

function readTag(text: string): Tag | undefined {
  const [, name, list, slash] = TAG.exec(text) ?? [];
  if (name === undefined) return undefined;
  const tag = { text, name, isEmpty: slash === '/', next: undefined };
  if (!list) return { ...tag, attributes: NO_ATTRIBUTES, count: 0 };
  const attributes = Object.create(null) as Record<string, string>;
  let count = 0;
  for (const [, attribute = '', double, single] of list.matchAll(ATTRIBUTE)) {
    if (attribute in attributes) return undefined;
    attributes[attribute] = double ?? single ?? '';
    count++;
  }
  return { ...tag, attributes: Object.freeze(attributes), count };
}
