// Changes of a unit's configuration: each all or nothing, one after another.
import { CwmpFault } from '../../shared/cwmp/faults.ts';
import type { AttributeItem } from './attributes.ts';
import type { SetItem, Source } from './changes.ts';
import { type ConfigurationParts, commit, commitChecked, type Note, saveOr } from './commit.ts';
import { type RowCommand, SetValues } from './set-values.ts';
import { checkAliases } from './tree/alias.ts';
import { Draft } from './tree/draft.ts';
import { checkKeys } from './tree/keys.ts';
import { type Columns, deleteRow, insertNamedRow } from './tree/rows.ts';

export interface NewRow {
  instance: number;
  /** As Configuration.set returns it. */
  status: 0 | 1;
}

const idle: Promise<unknown> = Promise.resolve();
const nothing = (): void => undefined;

export class Transactions {
  readonly #parts: ConfigurationParts;
  /** The change under way. */
  #last = idle;

  constructor(parts: ConfigurationParts) {
    this.#parts = parts;
  }

  async set(items: readonly SetItem[], source: Source, note?: Note): Promise<0 | 1> {
    const { layers, hooks, attributes } = this.#parts;
    let commands: readonly RowCommand[] = [];
    const status = await this.#exclusive(async () => {
      const values = new SetValues(layers.tree, hooks);
      values.put(items, source, attributes);
      commands = values.serviceCommands;
      return commit(this.#parts, values.draft, source, note);
    });
    for (const { template, path } of commands) await hooks.rowCommand(template, path);
    return status;
  }

  insert(table: string, columns: Columns, source: Source, note?: Note): Promise<NewRow> {
    return this.#exclusive(async () => {
      const draft = new Draft(this.#parts.layers.tree);
      const instance = insertNamedRow(draft, table, columns);
      checkAliases(draft, (name, code, message) => {
        throw new CwmpFault(code === 9007 ? 9005 : code, message, [{ name, code, message }]);
      });
      checkKeys(draft, (name, code, message) => {
        throw new CwmpFault(9003, message, [{ name, code, message }]);
      });
      return { instance, status: await commitChecked(this.#parts, draft, source, note) };
    });
  }

  edit(change: (draft: Draft) => void, source: Source, note?: Note): Promise<0 | 1> {
    return this.#exclusive(async () => {
      const draft = new Draft(this.#parts.layers.tree);
      change(draft);
      return commitChecked(this.#parts, draft, source, note);
    });
  }

  remove(path: string, source: Source, note?: Note): Promise<0 | 1> {
    return this.edit(draft => deleteRow(draft, path), source, note);
  }

  setAttributes(items: readonly AttributeItem[]): Promise<void> {
    const { hooks, attributes } = this.#parts;
    return this.#exclusive(() => saveOr(hooks, attributes.set(items)));
  }

  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work, work);
    // The caller sees a failure; the next in line only waits for the end.
    this.#last = result.then(nothing, nothing);
    return result;
  }
}
