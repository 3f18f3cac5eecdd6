// The exchange's data in memory and in a journal: what was committed is on disk, and is there again after a kill.
import type { Log } from '../../shared/log.ts';
import {
  type Change,
  defaultSettings,
  type ExchangeTables,
  type Settings,
  type TableName,
  tableNames,
} from './data.ts';
import { Journal } from './journal.ts';

type Rows = Map<string, ExchangeTables[TableName]>;

export class Exchange {
  readonly #tables = new Map<TableName, Rows>(tableNames.map(name => [name, new Map()]));
  #journal: Journal | undefined;
  readonly #listeners = new Set<(changes: readonly Change[]) => void>();

  /** The data of a folder. @throws UserError `damaged-journal` for data that cannot be read */
  static async open(options: { folder: string; log: Log; compactAfter?: number }): Promise<Exchange> {
    const exchange = new Exchange();
    const { journal, entries } = await Journal.open({ ...options, snapshot: () => exchange.snapshot() });
    for (const changes of entries) exchange.#apply(changes);
    exchange.#journal = journal;
    await journal.compact();
    return exchange;
  }

  /** Data in memory alone. */
  static inMemory(changes: readonly Change[] = []): Exchange {
    const exchange = new Exchange();
    exchange.#apply(changes);
    return exchange;
  }

  get<T extends TableName>(table: T, key: string): ExchangeTables[T] | undefined {
    return this.#tables.get(table)?.get(key) as ExchangeTables[T] | undefined;
  }

  /** All rows of a table, by key; numbers by their value. */
  all<T extends TableName>(table: T): ExchangeTables[T][] {
    return sorted([...(this.#tables.get(table) ?? [])] as [string, ExchangeTables[T]][]);
  }

  size(table: TableName): number {
    return this.#tables.get(table)?.size ?? 0;
  }

  get settings(): Settings {
    return this.get('settings', 'system') ?? defaultSettings;
  }

  /**
   * Makes all changes in one step. They hold when they are on disk, which is when the promise resolves.
   * @throws UserError `data-not-written`; then nothing has changed
   */
  async commit(changes: readonly Change[]): Promise<void> {
    if (changes.length === 0) return;
    const apply = (): void => this.#apply(changes);
    if (this.#journal) await this.#journal.append(changes, apply);
    else apply();
  }

  /** All rows as changes: committed to empty tables, they give the same data. For a backup. */
  snapshot(): readonly Change[] {
    return [...this.#tables].flatMap(([table, rows]) => [...rows].map(([key, row]) => ({ table, key, row }) as Change));
  }

  /** Replaces everything by a snapshot. */
  async replace(snapshot: readonly Change[]): Promise<void> {
    const gone = this.snapshot().map(({ table, key }) => ({ table, key }) as Change);
    await this.commit([...gone, ...snapshot]);
  }

  /** Calls the listener after each commit. Returns the function that ends it. */
  onChange(listener: (changes: readonly Change[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    await this.#journal?.close();
  }

  #apply(changes: readonly Change[]): void {
    for (const { table, key, row } of changes) {
      const rows = this.#tables.get(table);
      if (row === undefined) rows?.delete(key);
      else rows?.set(key, row);
    }
    for (const listener of this.#listeners) listener(changes);
  }
}

const sorted = <R>(rows: [string, R][]): R[] => rows.sort(([a], [b]) => byNumber(a, b)).map(([, row]) => row);

function byNumber(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : Number(a > b));
}
