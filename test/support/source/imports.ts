// The graph of imports, those of types included: circles in it, and rooms that import each other.
import { dirname, posix } from 'node:path';
import { sources, textOf } from './files.ts';

export interface Import {
  from: string;
  to: string;
}

/** Specifiers that a file imports, as they are written; imports on use too. */
export const importsOf = (file: string): string[] =>
  [...textOf(file).matchAll(/^(?:import|export)\b[^'"]*?from\s+'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/gm)].map(
    found => found[1] ?? found[2] ?? '',
  );

/** The file of the project that a specifier means; undefined for a package. */
export const targetOf = (file: string, specifier: string): string | undefined =>
  specifier.startsWith('.') ? posix.normalize(posix.join(dirname(file), specifier)) : undefined;

/** All imports between the files that `fits` takes. */
export function importGraph(fits: (file: string) => boolean): Import[] {
  const files = sources.filter(fits);
  const known = new Set(files);
  return files.flatMap(from =>
    importsOf(from)
      .map(specifier => targetOf(from, specifier))
      .filter((to): to is string => to !== undefined && known.has(to))
      .map(to => ({ from, to })),
  );
}

/** One circle of each knot of the graph, as the way around it. */
export function circlesIn(graph: readonly Import[]): string[] {
  const next = new Map<string, string[]>();
  for (const { from, to } of graph) next.set(from, [...(next.get(from) ?? []), to]);
  const done = new Set<string>();
  const way: string[] = [];
  const circles: string[] = [];
  const visit = (file: string): void => {
    const at = way.indexOf(file);
    if (at >= 0) circles.push([...way.slice(at), file].join(' → '));
    if (at >= 0 || done.has(file)) return;
    way.push(file);
    for (const to of next.get(file) ?? []) visit(to);
    way.pop();
    done.add(file);
  };
  for (const file of next.keys()) visit(file);
  return circles;
}

/** Rooms directly below `folder` that import each other, with an import of either. A file beside the rooms is a room of its own. */
export function mutualRooms(folder: string): string[] {
  const roomOf = (file: string): string => file.slice(folder.length + 1).split('/')[0] ?? '';
  const between = new Map<string, Import>();
  for (const edge of importGraph(file => file.startsWith(`${folder}/`)))
    if (roomOf(edge.from) !== roomOf(edge.to)) between.set(`${roomOf(edge.from)} ${roomOf(edge.to)}`, edge);
  return [...between]
    .filter(([key]) => {
      const [from = '', to = ''] = key.split(' ');
      return from < to && between.has(`${to} ${from}`);
    })
    .map(([key, { from, to }]) => {
      const [one = '', other = ''] = key.split(' ');
      const back = between.get(`${other} ${one}`);
      return `${from} imports ${to}, ${back?.from} imports ${back?.to}`;
    });
}
