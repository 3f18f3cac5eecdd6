// The answers to reads, with only what was asked for: what a device adds of its own is dropped before any other part sees it.
import type { CpeMethod } from '../../../shared/cwmp/methods.ts';
import { type Cpe, OversizedAnswer } from '../common/ports.ts';

interface ReadLimits {
  /** Most entries of one answer. */
  most: number;
  /** Called for each answer with entries that were not asked for. */
  onDropped(method: CpeMethod, counts: { dropped: number; kept: number }): void;
}

interface Entry {
  Name: string;
}

/** Wraps a CPE: the lists of its answers hold each name once, and no name that was not asked for. */
export function askedOnly(cpe: Cpe, { most, onDropped }: ReadLimits): Cpe {
  return {
    call: async (method, args) => {
      const result = await cpe.call(method, args);
      const paths = pathsOf(method, args as object);
      if (!paths) return result;
      const { ParameterList: list } = result as unknown as { ParameterList: readonly Entry[] };
      const kept = entriesOf(list, paths);
      const dropped = list.length - kept.length;
      if (dropped > 0) onDropped(method, { dropped, kept: kept.length });
      if (kept.length > most) throw new OversizedAnswer(method, kept.length, most);
      return dropped > 0 ? { ...result, ParameterList: kept } : result;
    },
  };
}

/** The paths that a read asks for; undefined for any other RPC. */
function pathsOf(method: CpeMethod, args: { ParameterNames?: readonly string[]; ParameterPath?: string }) {
  if (method === 'GetParameterValues' || method === 'GetParameterAttributes') return args.ParameterNames ?? [];
  return method === 'GetParameterNames' ? [args.ParameterPath ?? ''] : undefined;
}

/** The last entry of each name that lies at one of the paths, or below a partial one. */
function entriesOf(list: readonly Entry[], paths: readonly string[]): Entry[] {
  const exact = new Set(paths);
  /** Paths with aliases or wildcards, and all paths: the latter for names with aliases, behind which any row may be. */
  const loose = new Set(paths.filter(path => /[[*]/.test(path)).map(withoutRows));
  let all: Set<string> | undefined;
  const found = new Map<string, Entry>();
  /** The partial path of the entry before, below which the next one lies nearly always. */
  let partial: string | undefined;
  for (const entry of list) {
    const { Name: name } = entry;
    if (partial === undefined || !name.startsWith(partial)) partial = partialOf(name, exact);
    if (partial !== undefined || exact.has(name)) found.set(name, entry);
    else if (loose.size > 0 || name.includes('[')) {
      all ??= new Set(paths.map(withoutRows));
      const form = withoutRows(name);
      const forms = name.includes('[') ? all : loose;
      if (forms.has(form) || partialOf(form, forms) !== undefined) found.set(name, entry);
    }
  }
  return [...found.values()];
}

/** The partial path among these that the name lies below. */
function partialOf(name: string, paths: ReadonlySet<string>): string | undefined {
  if (paths.has('')) return '';
  for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
    const partial = name.slice(0, dot + 1);
    if (paths.has(partial)) return partial;
  }
  return undefined;
}

/** The path with one sign for each instance number, alias (TR-069 3.6.1) and wildcard. */
const withoutRows = (path: string): string => path.replace(/\[[^[\]]*\]|(?<=\.)(?:\d+|\*)(?=\.|$)/g, '#');
