// The tree of a device's parameters, and the rows of it that are shown: what is below a closed branch has none.
import type { ModelItem, Parameter } from '../../../api/device/parameters.ts';

export interface Branch {
  /** With its final dot. */
  path: string;
  name: string;
  branches: Map<string, Branch>;
  leaves: Parameter[];
  /** Values below it. */
  count: number;
  order: (Branch | Parameter)[];
}

const isBranch = (each: Branch | Parameter): each is Branch => 'order' in each;
export const isInstance = (name: string): boolean => /^\d+\.?$/.test(name);
/** The path of the data model: `{i}` in place of instances. */
export const modelPath = (path: string): string =>
  path
    .split('.')
    .map(part => (isInstance(part) ? '{i}' : part))
    .join('.');

const branch = (path: string, name: string): Branch => ({
  ...{ path, name, branches: new Map(), leaves: [], count: 0, order: [] },
});

/**
 * @param list in the order of paths. Objects right below the root are the first level, with their whole path as name
 * @param tables that have no rows yet, and can get some
 */
export function treeOf(list: readonly Parameter[], tables: readonly string[] = []): Branch {
  const root = branch('', '');
  for (const each of list) {
    const way = wayDown(root, each.path);
    for (const step of way) step.count++;
    const last = way.at(-1) ?? root;
    last.leaves.push(each);
    last.order.push(each);
  }
  for (const table of tables) {
    const above = wayDown(root, table).at(-2) ?? root;
    above.order.sort((a, b) => comparePaths(a.path, b.path));
  }
  return root;
}

const collator = new Intl.Collator('en', { numeric: true });
export const comparePaths = (a: string, b: string): number => collator.compare(a, b);

/** The branches from the root to a path, the root with them; those that are not there yet are made. */
function wayDown(root: Branch, path: string): Branch[] {
  const parts = path.split('.');
  const begin = parts.length > 2 ? 2 : 1;
  const steps = [parts.slice(0, begin).join('.'), ...parts.slice(begin)];
  const way = [root];
  let at = root;
  for (const step of steps.slice(0, -1)) {
    let next = at.branches.get(step);
    if (!next) {
      next = branch(`${at.path}${step}.`, `${step}.`);
      at.branches.set(step, next);
      at.order.push(next);
    }
    way.push(next);
    at = next;
  }
  return way;
}

export interface BranchRow {
  kind: 'branch';
  path: string;
  name: string;
  depth: number;
  isOpen: boolean;
  count: number;
  /** Its parts are rows of a table; the number of them. */
  rows?: number;
  /** A name in a row of a table that tells it apart, and its value. */
  about?: { name: string; value: string };
}

export interface LeafRow {
  kind: 'leaf';
  path: string;
  name: string;
  depth: number;
  known: Parameter;
}

export type Row = BranchRow | LeafRow;

const nameOf = (path: string): string => path.slice(path.lastIndexOf('.') + 1);
const rowNames = ['Alias', 'Name', 'GatewayName', 'InterfaceName', 'EpId', 'SSID', 'Host', 'UserName', 'Username'];

/** The first of the usual names of a row that has a value. */
function aboutOf({ leaves }: Branch): BranchRow['about'] {
  for (const wish of rowNames) {
    const found = leaves.find(({ path, value }) => nameOf(path) === wish && value !== '' && value !== '***');
    if (found) return { name: wish, value: found.value };
  }
  return undefined;
}

/** @param isOpen judges a branch by its path */
export function rowsOf(root: Branch, isOpen: (path: string) => boolean): Row[] {
  const rows: Row[] = [];
  const add = (at: Branch, depth: number): void => {
    for (const each of at.order) {
      if (!isBranch(each)) {
        const name = depth === 0 ? each.path : nameOf(each.path);
        rows.push({ kind: 'leaf', path: each.path, name, depth, known: each });
        continue;
      }
      rows.push(branchRow(each, depth, isOpen(each.path)));
      if (isOpen(each.path)) add(each, depth + 1);
    }
  };
  add(root, 0);
  return rows;
}

function branchRow(each: Branch, depth: number, isOpen: boolean): BranchRow {
  const { path, name, count } = each;
  const isTable = each.leaves.length === 0 && [...each.branches.keys()].every(isInstance);
  const about = isInstance(name) ? aboutOf(each) : undefined;
  return {
    ...{ kind: 'branch', path, name, depth, isOpen, count },
    ...(isTable ? { rows: each.branches.size } : {}),
    ...(about ? { about } : {}),
  };
}

/** All values in one list, by their whole paths. */
export const flatRows = (list: readonly Parameter[]): Row[] =>
  list.map(known => ({ kind: 'leaf', path: known.path, name: known.path, depth: 0, known }));

/** The branches that lead to a path. */
export function wayTo(path: string): string[] {
  const way: string[] = [];
  for (let dot = path.indexOf('.'); dot >= 0; dot = path.indexOf('.', dot + 1)) way.push(path.slice(0, dot + 1));
  return way;
}

/** The words of a search. */
export const wordsOf = (find: string): string[] =>
  find
    .toLowerCase()
    .split(/\s+/)
    .filter(word => word !== '');

/** All words are in the path, the value or the description. */
export function isFound(
  { path, value }: Pick<Parameter, 'path' | 'value'>,
  words: readonly string[],
  item: Pick<Partial<ModelItem>, 'text'>,
): boolean {
  if (words.length === 0) return true;
  const text = `${path}\n${value}\n${item.text ?? ''}`.toLowerCase();
  return words.every(word => text.includes(word));
}

/** A name in parts; every other one is a word of the search. */
export function markedParts(name: string, words: readonly string[]): string[] {
  const low = name.toLowerCase();
  const parts: string[] = [];
  let at = 0;
  while (at < name.length) {
    const hits = words.map(word => ({ word, from: low.indexOf(word, at) })).filter(({ from }) => from >= 0);
    const first = hits.reduce<(typeof hits)[number] | undefined>(
      (best, hit) => (best === undefined || hit.from < best.from ? hit : best),
      undefined,
    );
    if (!first) break;
    parts.push(name.slice(at, first.from), name.slice(first.from, first.from + first.word.length));
    at = first.from + first.word.length;
  }
  return [...parts, name.slice(at)];
}
