// The commit of a draft: it is merged and made durable, or taken back; then the services act on it.
import { CwmpFault } from '../../shared/cwmp/faults.ts';
import type { ParameterAttributes } from './attributes.ts';
import type { Change, Source } from './changes.ts';
import type { Commit, Hooks } from './hooks.ts';
import type { PendingValues } from './pending.ts';
import type { Draft } from './tree/draft.ts';
import type { Layers } from './tree/layers.ts';
import type { Tree } from './tree/tree.ts';
import type { Watchers } from './watchers.ts';

/** The parts of a configuration that a change works on. */
export interface ConfigurationParts {
  readonly layers: Layers;
  readonly attributes: ParameterAttributes;
  readonly pending: PendingValues;
  readonly watchers: Watchers;
  readonly hooks: Hooks;
}

/** A change outside the tree that is saved with a commit, and undone with it when that cannot be saved. */
export interface Note {
  make(): void;
  undo(): void;
}

/** Lets the services check a draft, and commits it. @throws CwmpFault 9003 with one entry per wrong parameter */
export async function commitChecked(
  parts: ConfigurationParts,
  draft: Draft,
  source: Source,
  note?: Note,
): Promise<0 | 1> {
  const problems: { name: string; code: number; message: string }[] = [];
  parts.hooks.check(draft, (name, code, message) => problems.push({ name, code, message }));
  if (problems.length > 0) throw new CwmpFault(9003, problems[0]?.message, problems);
  return commit(parts, draft, source, note);
}

/** @returns 0 applied, 1 some values wait for a restart of their service (TR-069 A.3.2.1) */
export async function commit(parts: ConfigurationParts, draft: Draft, source: Source, note?: Note): Promise<0 | 1> {
  const { layers, attributes, pending, watchers, hooks } = parts;
  const made: Commit = { ...difference(layers.tree, draft), removed: draft.removed, source };
  const before = layers.own;
  const restoreAttributes = attributes.forgetBelow(layers.merge(draft));
  note?.make();
  await saveOr(hooks, () => {
    layers.use(before);
    restoreAttributes();
    note?.undo();
  });
  const waits = pending.hold(made, hooks);
  await hooks.apply(made);
  watchers.announce(made.changes, source);
  return waits ? 1 : 0;
}

/** Makes the state safe; takes the change back when that fails. */
export async function saveOr(hooks: Pick<Hooks, 'save'>, undo: () => void): Promise<void> {
  try {
    await hooks.save();
  } catch (error) {
    undo();
    throw error;
  }
}

function difference(tree: Tree, draft: Draft): Pick<Commit, 'changes' | 'tables'> {
  const changes: Change[] = [];
  for (const [path, value] of draft.touched) {
    const found = draft.find(path);
    if (!found) continue;
    const before = tree.find(path) ? tree.value(path, found) : '';
    if (before !== value) changes.push({ path, before, value });
  }
  const tables = [...draft.changedTables.keys()];
  for (const [counter, table] of tree.index.counters) {
    if (!tables.includes(table)) continue;
    changes.push({ path: counter, before: String(tree.rows(table).length), value: String(draft.rows(table).length) });
  }
  return { changes, tables };
}
