// A unit's configuration as a script, in the vendor's shape: header, a section per service by numeric key, footer.
// Running it on a unit with factory defaults gives the same configuration. Passwords are in clear, as the unit has them.
import {
  isObject,
  type Model,
  type ObjectDef,
  type ParameterDef,
  type ServiceDef,
} from '../../shared/model/definitions.ts';
import { variableAt } from '../state/tree/names.ts';
import type { Found, Tree } from '../state/tree/tree.ts';
import { bareOrQuoted, formatName, quoteValue } from './parse.ts';
import { insertTableOf } from './run.ts';

interface ExportOptions {
  /** Only what differs from the defaults, or everything. */
  content: 'ModifiedConfig' | 'AllConfig';
  /** `All` or a service's name. */
  service: string;
  /** True when a value or the rows of a table differ from the factory defaults. */
  modified(path: string): boolean;
}

const rule = '#'.repeat(50);
const header = [
  rule,
  '# Configuration Script.',
  '# Automatically generated.',
  '#',
  '# Description        : Automatically generated.',
  '#',
  '',
];

export function exportScript(tree: Tree, options: ExportOptions): string {
  const wanted = tree.model.services.filter(
    service => options.service.toLowerCase() === 'all' || options.service.toLowerCase() === service.name.toLowerCase(),
  );
  const lines = [...header, ''];
  for (const service of wanted) lines.push(...section(tree, service, options));
  lines.push('', '# Restarts what waits for a restart', 'Scm.RestartRequiredServices', '');
  lines.push(`${'#'.repeat(22)} END ${'#'.repeat(22)}`, '');
  return lines.join('\n');
}

interface Cell {
  path: string;
  found: Found;
}

function section(tree: Tree, service: ServiceDef, options: ExportOptions): string[] {
  const lines = ['', rule, `# ${service.name} Service`, rule];
  const last: string[] = [];
  const root = [...tree.model.objects.values()].find(def => !def.multi && def.path.endsWith(`_${service.name}.`));
  if (!root) return lines;
  const children = tree.model.children(root.path);
  for (const def of children.parameters) {
    const line = assignment(tree, { path: def.path, found: { def, instances: [] } }, options);
    if (line) (def.name === 'MinSeverity' ? last : lines).push(line);
  }
  for (const table of leadersFirst(tree, children.objects)) lines.push(...tableLines(tree, table, options));
  return [...lines, ...last];
}

/** Rows that follow another table's exist once that table has its rows. */
function leadersFirst(tree: Tree, tables: readonly ObjectDef[]): ObjectDef[] {
  const follows = (def: ObjectDef): number => (tree.index.leaders.has(tree.index.plainPath(def)) ? 1 : 0);
  return tables.filter(def => def.multi).sort((a, b) => follows(a) - follows(b));
}

function tableLines(tree: Tree, table: ObjectDef, options: ExportOptions): string[] {
  const path = tree.index.plainPath(table);
  const rows = tree.rows(path);
  const free = table.writable && !table.fixed && !tree.index.leaders.has(path);
  const rebuilt = free && (options.content === 'AllConfig' || options.modified(path));
  const lines: string[] = [];
  if (rebuilt && table.script) {
    lines.push(`${table.script}.DeleteAllRows`);
    for (const [at, row] of rows.entries()) lines.push(insertion(tree, table, row, at));
  }
  // A rebuilt row has defaults of a new row, so its cells are all compared with those.
  const cells: ExportOptions = rebuilt ? { ...options, modified: cell => differsFromDefault(tree, cell) } : options;
  for (const def of tree.model.children(table.path).parameters) {
    if (def.key) continue;
    for (const row of rows) {
      const line = assignment(tree, { path: `${path}${row}.${def.name}`, found: { def, instances: [row] } }, cells);
      if (line) lines.push(line);
    }
  }
  return lines;
}

function differsFromDefault(tree: Tree, path: string): boolean {
  const found = tree.find(path);
  // Beyond the rows that the model gives, a row has the plain defaults.
  return found !== undefined && tree.value(path, found) !== tree.index.default(found.def, [Number.MAX_SAFE_INTEGER]);
}

function insertion(tree: Tree, table: ObjectDef, row: number, at: number): string {
  const path = tree.index.plainPath(table);
  const keys = table.keys.map((key): [string, string] => {
    const found = tree.find(`${path}${row}.${key}`);
    return [key, found && !isObject(found.def) ? tree.value(`${path}${row}.${key}`, found) : ''];
  });
  const counted = keys.length === 1 && keys[0]?.[1] === String(at + 1);
  const args = counted ? [] : keys.map(([key, value]) => `${key}=${bareOrQuoted(value)}`);
  return [insertCommand(tree.model, table), ...args].join(' ');
}

/** `SipEp.Gateway` → `SipEp.InsertGateway`, `Nlm.Events` → `Nlm.InsertEvent`. */
function insertCommand(model: Model, table: ObjectDef): string {
  const [service, name = ''] = (table.script ?? '').split('.');
  const singular = `${service}.Insert${name.replace(/s$/, '')}`;
  return insertTableOf(model, singular) === table ? singular : `${service}.Insert${name}`;
}

function assignment(tree: Tree, { path, found }: Cell, options: ExportOptions): string | undefined {
  const { def } = found;
  if (!exported(def)) return undefined;
  if (options.content === 'ModifiedConfig' && !options.modified(path)) return undefined;
  const variable = variableAt(tree, def, found.instances[0]);
  if (!variable) return undefined;
  return `${formatName(variable.name, variable.keys)} = ${quoteValue(tree.value(path, found))}`;
}

const exported = (def: ParameterDef): boolean => def.writable && !def.rowCommand && def.script !== undefined;

/** For models that have no script names: one line per stored value. */
export function exportPaths(values: Iterable<[path: string, value: string]>): string {
  const lines = [...values].map(([path, value]) => `${path} = ${quoteValue(value)}`);
  return [...lines.sort(), ''].join('\n');
}
