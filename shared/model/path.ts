// Names of parameters and objects: TR-069 paths (full, partial, with instances, aliases or wildcards) and DGW script names.

/** One node of a path: a name, an instance number, an alias `[x]`, the wildcard `*` or the template placeholder `{i}`. */
type PathNode =
  | { kind: 'name'; name: string }
  | { kind: 'instance'; number: number }
  | { kind: 'alias'; alias: string }
  | { kind: 'wildcard' }
  | { kind: 'any' };

interface ParsedPath {
  nodes: PathNode[];
  /** Ends with a dot (or is empty): an object or everything below it. */
  partial: boolean;
}

/** TR-106 3.1, TR-069 A.2.2: at most 256 characters. */
export const MAX_PATH = 256;

const NAME = /^[\p{L}_][\p{L}\p{N}\p{M}_.\-·]*$/u;
const INSTANCE = /^[1-9][0-9]{0,9}$/;
/** TR-069 3.6.1: an alias is at most 64 characters and holds no bracket. */
const ALIAS = /^\[[^[\]]{1,64}\]$/;

/** True for the name of an object or a part of the tree, false for that of one parameter. */
export function isPartial(path: string): boolean {
  return path === '' || path.endsWith('.');
}

/** Splits at dots, but not inside an alias: `[cpe.1]` is one node. */
export function splitPath(path: string): string[] {
  if (!path.includes('[')) return path.split('.');
  const parts: string[] = [];
  let start = 0;
  let inside = false;
  for (let at = 0; at < path.length; at++) {
    const c = path[at];
    if (c === '[') inside = true;
    else if (c === ']') inside = false;
    else if (c === '.' && !inside) {
      parts.push(path.slice(start, at));
      start = at + 1;
    }
  }
  parts.push(path.slice(start));
  return parts;
}

/** Reads a path; undefined when it is not one (empty node, leading dot, bad characters, too long). */
export function parsePath(path: string): ParsedPath | undefined {
  if (path === '') return { nodes: [], partial: true };
  if (path.length > MAX_PATH) return undefined;
  const partial = path.endsWith('.');
  const parts = splitPath(partial ? path.slice(0, -1) : path);
  const nodes: PathNode[] = [];
  for (const [at, part] of parts.entries()) {
    const node = parseNode(part);
    if (!node || (at === 0 && node.kind !== 'name')) return undefined;
    nodes.push(node);
  }
  // A parameter has a name of its own: only an object can end in an instance.
  if (!partial && nodes.at(-1)?.kind !== 'name') return undefined;
  return { nodes, partial };
}

function parseNode(part: string): PathNode | undefined {
  if (part === '*') return { kind: 'wildcard' };
  if (part === '{i}') return { kind: 'any' };
  if (INSTANCE.test(part)) {
    const number = Number(part);
    return number <= 0xffffffff ? { kind: 'instance', number } : undefined;
  }
  if (ALIAS.test(part)) return { kind: 'alias', alias: part.slice(1, -1) };
  return NAME.test(part) ? { kind: 'name', name: part } : undefined;
}

/** `Device.A.3.B` → `Device.A.{i}.B` and [3]. Purely by form: no node of a data model is named by a number. */
export function templateOf(path: string): { template: string; instances: number[] } {
  const instances: number[] = [];
  // The common case of a scalar costs one scan.
  if (!/\.[1-9]/.test(path)) return { template: path, instances };
  const template = path
    .split('.')
    .map(part => {
      if (!INSTANCE.test(part)) return part;
      instances.push(Number(part));
      return '{i}';
    })
    .join('.');
  return { template, instances };
}

/** Path of the table whose rows have that template: `Device.A.{i}.` → `Device.A.`. */
export const tableOf = (rowTemplate: string): string => rowTemplate.slice(0, -'{i}.'.length);

/** `Device.A.{i}.B.{i}.C` and [3, 1] → `Device.A.3.B.1.C`. Placeholders beyond the numbers stay. */
export function withInstances(template: string, instances: readonly number[]): string {
  let at = 0;
  return template.replace(/\{i\}/g, placeholder => {
    const number = instances[at++];
    return number === undefined ? placeholder : String(number);
  });
}

/** Path of the object that holds a parameter or an object: `Device.A.3.B` → `Device.A.3.`, `Device.A.3.` → `Device.A.`. */
export function parentPath(path: string): string {
  const bare = path.endsWith('.') ? path.slice(0, -1) : path;
  const dot = bare.lastIndexOf('.');
  return dot < 0 ? '' : bare.slice(0, dot + 1);
}

/**
 * True when a pattern covers a path. A partial pattern covers all below it; `*` and `{i}` match one instance
 * (TR-069 A.3.2.2 wildcards); '' covers everything.
 */
export function matches(pattern: string, path: string): boolean {
  if (pattern === '') return true;
  if (!pattern.includes('*') && !pattern.includes('{')) {
    return isPartial(pattern) ? path.startsWith(pattern) : path === pattern;
  }
  const wanted = splitPath(pattern);
  const given = splitPath(path);
  const partial = isPartial(pattern);
  if (partial) wanted.pop();
  if (partial ? given.length <= wanted.length : given.length !== wanted.length) return false;
  return wanted.every((part, at) => part === given[at] || ((part === '*' || part === '{i}') && isInstance(given[at])));
}

function isInstance(part: string | undefined): boolean {
  return part !== undefined && (INSTANCE.test(part) || part === '{i}' || part === '*' || ALIAS.test(part));
}

/** A DGW script name: `SipEp.Gateway[Name=default].SecurePort` → `SipEp.Gateway.SecurePort` and its keys, in order. */
interface ScriptName {
  /** Without the keys, as spelled. */
  name: string;
  keys: [column: string, value: string][];
}

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Reads a script name; undefined when it is not one. A key's value may be quoted, with `\"` and `\\` inside. */
export function parseScriptName(text: string): ScriptName | undefined {
  const open = text.indexOf('[');
  if (open < 0) return validName(text) ? { name: text, keys: [] } : undefined;
  const rest = /^\[((?:"(?:[^"\\]|\\.)*"|[^\]"])*)\]\.([A-Za-z_][A-Za-z0-9_]*)$/.exec(text.slice(open));
  if (!rest) return undefined;
  const name = `${text.slice(0, open)}.${rest[2]}`;
  const keys = parseKeys(rest[1]!);
  return validName(name) && keys ? { name, keys } : undefined;
}

function validName(name: string): boolean {
  const parts = name.split('.');
  return parts.length >= 2 && parts.every(part => IDENTIFIER.test(part));
}

function parseKeys(text: string): [string, string][] | undefined {
  const keys: [string, string][] = [];
  let rest = text.trim();
  while (rest !== '') {
    const key = /^([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s"]*))(?:\s+|$)/.exec(rest);
    if (!key) return undefined;
    keys.push([key[1]!, key[2] === undefined ? key[3]! : key[2].replace(/\\(.)/g, '$1')]);
    rest = rest.slice(key[0].length);
  }
  return keys.length > 0 ? keys : undefined;
}
