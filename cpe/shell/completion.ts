// Completion by Tab at the console: services, their variables and tables, rows of tables and their columns.
import type { Unit } from '../services/service.ts';
import { ownCommands } from './commands.ts';
import { rowName } from './listing.ts';

/** Candidates of one completion. */
const MOST = 300;

/** @returns candidates for the end of the line, and that end, as readline wants them */
export function complete(unit: Unit, line: string): [string[], string] {
  const start = lastName(line);
  const found = candidates(unit, start, line === start).filter(name =>
    name.toLowerCase().startsWith(start.toLowerCase()),
  );
  return [[...new Set(found)].slice(0, MOST), start];
}

/** The name that a line ends with: a space within its keys is a part of it. */
function lastName(line: string): string {
  let isInKeys = false;
  for (let at = line.length - 1; at >= 0; at--) {
    const mark = line[at];
    if (mark === ']') isInKeys = true;
    else if (mark === '[') isInKeys = false;
    else if (!isInKeys && /[\s=]/.test(mark ?? '')) return line.slice(at + 1);
  }
  return line;
}

function candidates(unit: Unit, start: string, isFirst: boolean): string[] {
  const { model } = unit;
  const dot = start.indexOf('.');
  if (dot < 0) {
    const services = model.services.map(({ name }) => `${name}.`);
    return isFirst ? [...Object.keys(ownCommands), ...services] : services;
  }
  const service = model.services.find(({ name }) => name.toLowerCase() === start.slice(0, dot).toLowerCase())?.name;
  if (service === undefined) return [];
  const row = /^(.*\])\./.exec(start)?.[1];
  const tables = [...model.objects.values()].filter(def => def.multi && def.service === service && def.script);
  const bracket = start.indexOf('[');
  const wanted = (bracket < 0 ? start : start.slice(0, bracket)).toLowerCase();
  if (row !== undefined) {
    const table = tables.find(def => def.script?.toLowerCase() === wanted);
    return table ? model.children(table.path).parameters.map(def => `${row}.${def.name}`) : [];
  }
  const scalars = [...model.parameters.values()].filter(def => def.service === service && !def.path.includes('{i}'));
  const named = bracket < 0 ? [...scalars, ...tables].flatMap(def => def.script ?? []) : [];
  const rows = tables.filter(def => def.script?.toLowerCase() === wanted).flatMap(def => rowsOf(unit, def));
  return [...named, ...rows];
}

function rowsOf({ config, model }: Unit, table: { path: string; script?: string }): string[] {
  const column = model.children(table.path).parameters.find(def => def.script !== undefined);
  const path = table.path.slice(0, -'{i}.'.length);
  return config.tree
    .rows(path)
    .slice(0, MOST)
    .map(row => rowName(config.tree, table.script ?? '', column, row));
}
