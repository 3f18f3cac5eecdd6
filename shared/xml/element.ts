// The light tree into which XML is read: elements with names in their namespaces, by a prefix map of our own.
// The hot path of every session: it holds to strings, arrays and few Maps.

const XML_NAMESPACE = 'http://www.w3.org/XML/1998/namespace';
/** By the name as written; without a prototype, so that every key is an attribute. */
export type Attributes = Readonly<Record<string, string>>;
export const NO_ATTRIBUTES: Attributes = Object.freeze(Object.create(null) as Record<string, string>);
const NO_CHILDREN: readonly XmlElement[] = [];

/** Prefixes declared on one element; what it does not know, its parent's may. */
interface Scope {
  readonly parent: Scope | undefined;
  readonly prefixes: Map<string, string>;
  /** Namespace of names without a prefix: most of all names. */
  readonly plain: string;
}

const ROOT_SCOPE: Scope = { parent: undefined, prefixes: new Map([['xml', XML_NAMESPACE]]), plain: '' };

/** '' for a prefix that nobody declared: a sloppy sender, judged where the name matters. */
function lookUp(scope: Scope, prefix: string): string {
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

/** A QName in an attribute's value or in text (`xsd:string`), by the prefixes in force at `element`. */
export function resolveName(element: XmlElement, qname: string): { namespace: string; name: string } {
  const name = qname.trim();
  const colon = name.indexOf(':');
  if (colon < 0) return { namespace: lookUp(element.scope, ''), name };
  return { namespace: lookUp(element.scope, name.slice(0, colon)), name: name.slice(colon + 1) };
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

/** A new element inside `parent`, not among its children yet. @param name as written, with its prefix */
export function elementIn(parent: XmlElement | undefined, name: string, attributes: Attributes): XmlElement {
  const outer = parent ? parent.scope : ROOT_SCOPE;
  const scope = attributes === NO_ATTRIBUTES ? outer : scopeWithin(outer, attributes);
  const colon = name.indexOf(':');
  if (colon < 0) return new XmlElement(name, scope.plain, attributes, scope);
  return new XmlElement(name.slice(colon + 1), lookUp(scope, name.slice(0, colon)), attributes, scope);
}

export function append(parent: XmlElement, child: XmlElement): void {
  if (parent.children === NO_CHILDREN) parent.children = [child];
  else (parent.children as XmlElement[]).push(child);
}

function scopeWithin(outer: Scope, attributes: Attributes): Scope {
  let prefixes: Map<string, string> | undefined;
  for (const name in attributes) {
    if (!name.startsWith('xmlns') || (name.length > 5 && name[5] !== ':')) continue;
    prefixes ??= new Map();
    prefixes.set(name.slice(6), attributes[name] ?? '');
  }
  return prefixes ? { parent: outer, prefixes, plain: prefixes.get('') ?? outer.plain } : outer;
}
