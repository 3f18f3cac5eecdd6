// Masking of XML by its tree: the text of chosen elements is replaced, all other characters stay as they are. Linear in the text.
import { SaxesParser } from 'saxes';
import { MASK } from '../model/secret-names.ts';
import { XmlError } from './read.ts';

/** A place in the text: the content of one element, without its tags. */
interface Range {
  from: number;
  to: number;
}

interface OpenElement {
  /** Local name. */
  name: string;
  /** Offset of its content. */
  from: number;
  /** Character data directly inside, where it is a name. */
  text: string;
  /** Texts of its children that are names. */
  names: string[];
  /** Contents of its children that are values. */
  values: Range[];
}

export interface MaskRules {
  /** An element of this local name names its siblings `value`. */
  name: string;
  value: string;
  /** The values beside a name like this are masked. */
  isSecretName: (name: string) => boolean;
  /** Local names of elements that are masked wherever they are. */
  always: readonly string[];
}

/** A parameter's name has 256 characters at most (TR-106 3.2). */
const MAX_NAME = 1000;

/** @throws XmlError where the text is not well-formed or has a document type declaration */
export function withMaskedText(xml: string, rules: MaskRules): string {
  const ranges = new Ranges(xml, rules).find();
  let out = '';
  let at = 0;
  for (const { from, to } of ranges) {
    if (from < at) continue;
    out += xml.slice(at, from) + MASK;
    at = to;
  }
  return out + xml.slice(at);
}

const localName = (name: string): string => name.slice(name.indexOf(':') + 1);

class Ranges {
  readonly #xml: string;
  readonly #rules: MaskRules;
  readonly #parser = new SaxesParser({ xmlns: false });
  readonly #open: OpenElement[] = [];
  readonly #found: Range[] = [];

  constructor(xml: string, rules: MaskRules) {
    this.#xml = xml;
    this.#rules = rules;
    const parser = this.#parser;
    parser.on('opentag', tag =>
      this.#open.push({ name: localName(tag.name), from: parser.position, text: '', names: [], values: [] }),
    );
    parser.on('text', text => this.#text(text));
    parser.on('cdata', text => this.#text(text));
    parser.on('closetag', tag => this.#closed(tag.isSelfClosing));
    parser.on('doctype', () => this.#fail('a document type declaration is not allowed'));
    parser.on('error', error => this.#fail(error.message));
  }

  /** In the order of the text. */
  find(): Range[] {
    this.#parser.write(this.#xml).close();
    return this.#found.sort((a, b) => a.from - b.from || b.to - a.to);
  }

  #text(text: string): void {
    const element = this.#open.at(-1);
    if (element?.name === this.#rules.name && element.text.length < MAX_NAME) element.text += text;
  }

  #closed(isSelfClosing: boolean): void {
    const element = this.#open.pop();
    if (!element) return;
    const { name, value, always, isSecretName } = this.#rules;
    // A closing tag holds no other `<` than its first character.
    const to = isSelfClosing ? element.from : this.#xml.lastIndexOf('<', this.#parser.position - 1);
    const content = { from: element.from, to };
    const parent = this.#open.at(-1);
    if (element.name === name) parent?.names.push(element.text);
    if (element.name === value && to > element.from) parent?.values.push(content);
    if (always.includes(element.name) && this.#xml.slice(content.from, to).trim() !== '') this.#found.push(content);
    if (element.values.length > 0 && element.names.some(isSecretName)) this.#found.push(...element.values);
  }

  #fail(message: string): never {
    throw new XmlError(message, this.#parser.line, this.#parser.columnIndex + 1);
  }
}
