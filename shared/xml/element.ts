// The light tree of an XML document: elements with their names resolved, attributes and text.

export interface XmlLimits {
  /** Bytes of a Buffer, UTF-16 units of a string. */
  size: number;
  depth: number;
  /** Elements in the whole document. */
  elements: number;
  /** Attributes of one element. */
  attributes: number;
}

const XML_NAMESPACE = 'http://www.w3.org/XML/1998/namespace';
/** By the name as written; without a prototype, so that every key is an attribute. */
export type Attributes = Readonly<Record<string, string>>;
export const NO_ATTRIBUTES: Attributes = Object.freeze(Object.create(null) as Record<string, string>);
export const NO_CHILDREN: readonly XmlElement[] = [];

/** Prefixes declared on one element; other prefixes are looked up in its parent. */
export interface Scope {
  readonly parent: Scope | undefined;
  readonly prefixes: Map<string, string>;
  /** Namespace of names without a prefix: most of all names. */
  readonly plain: string;
}

export const ROOT_SCOPE: Scope = { parent: undefined, prefixes: new Map([['xml', XML_NAMESPACE]]), plain: '' };

/** '' for an undeclared prefix: an error of the sender, judged where the name matters. */
export function lookUp(scope: Scope, prefix: string): string {
  if (prefix === '') return scope.plain;
  for (let at: Scope | undefined = scope; at; at = at.parent) {
    const uri = at.prefixes.get(prefix);
    if (uri !== undefined) return uri;
  }
  return '';
}

export class XmlElement {
  /** Local name. */
  readonly name: string;
  /** Namespace URI, '' for none. */
  readonly namespace: string;
  /** By the name as written (`xsi:type`), xmlns declarations included. */
  readonly attributes: Attributes;
  children: readonly XmlElement[] = NO_CHILDREN;
  /** All character data directly inside, CDATA included, white space kept. */
  text = '';
  readonly scope: Scope;

  constructor(name: string, namespace: string, attributes: Attributes, scope: Scope) {
    this.name = name;
    this.namespace = namespace;
    this.attributes = attributes;
    this.scope = scope;
  }

  /** First child of this local name, whatever its namespace. */
  child(name: string): XmlElement | undefined {
    for (const child of this.children) if (child.name === name) return child;
    return undefined;
  }
}

/** Value of the first attribute with this local name, whatever its prefix. */
export function attributeNamed(element: XmlElement, local: string): string | undefined {
  const { attributes } = element;
  for (const name in attributes) {
    if (name === local || (name.endsWith(local) && name[name.length - local.length - 1] === ':'))
      return attributes[name];
  }
  return undefined;
}

/** The scope inside an element with these attributes. */
export function scopeWithin(outer: Scope, attributes: Attributes): Scope {
  let prefixes: Map<string, string> | undefined;
  for (const name in attributes) {
    if (!name.startsWith('xmlns') || (name.length > 5 && name[5] !== ':')) continue;
    prefixes ??= new Map();
    prefixes.set(name.slice(6), attributes[name] ?? '');
  }
  return prefixes ? { parent: outer, prefixes, plain: prefixes.get('') ?? outer.plain } : outer;
}
