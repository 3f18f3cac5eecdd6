// Reads of many parameters at once in SQLite. Values that were read together have the time of their read in one row, and a value that is
// as it was is not written.
import { hash } from 'node:crypto';
import type { KnownValue } from '../../../device/parameter.ts';
import type { Statements } from '../statements.ts';

/** Values that are read together; fewer are written one by one, each with its time. */
const FEWEST = 20;
/** Reads of different parameters that a device has at most; the values of the oldest get its time themselves. */
const MOST = 8;
/** Devices whose last read is remembered. */
const MAX_REMEMBERED = 2_000;

/** The read that values belong to. */
export interface Read {
  pk: number;
  /** For each part of the values a digest of what this process wrote last, as long as nothing else was written since. */
  written: string[];
}

export class Reads {
  readonly #statements: Statements;
  /** The last write of a device's parameters, by the number of the device. */
  readonly #last = new Map<number, Read>();

  constructor(statements: Statements) {
    this.#statements = statements;
  }

  /**
   * The read of these values: the one of the same parameters before, with the time of now, or a new one.
   * @param paths the numbers of their paths
   * @returns undefined where they are few or of different times
   */
  take(device: number, values: readonly KnownValue[], paths: readonly number[]): Read | undefined {
    const last = this.#last.get(device);
    this.#last.delete(device);
    const [{ time } = { time: 0 }] = values;
    if (values.length < FEWEST || values.some(value => value.time !== time)) return undefined;
    const key = hash('sha1', Buffer.from(Int32Array.from(paths).buffer), 'base64url');
    const known = this.#statements.one<{ pk: number }>(
      'SELECT pk FROM reads WHERE device = ? AND paths = ?',
      device,
      key,
    );
    if (!known) return new Set(paths).size === paths.length ? this.#begin(device, key, time) : undefined;
    this.#statements.run('UPDATE reads SET time = ? WHERE pk = ?', time, known.pk);
    return last?.pk === known.pk ? last : { pk: known.pk, written: [] };
  }

  /** The values of a read are written. */
  remember(device: number, read: Read): void {
    if (this.#last.size >= MAX_REMEMBERED) this.#last.clear();
    this.#last.set(device, read);
  }

  /** Forgets a device: it was removed, or values of it. */
  forgetDevice(device: number): void {
    this.#last.delete(device);
  }

  /** Forgets all after a rollback. */
  forget(): void {
    this.#last.clear();
  }

  #begin(device: number, key: string, time: number): Read {
    const statements = this.#statements;
    const before = statements.all<{ pk: number }>('SELECT pk FROM reads WHERE device = ? ORDER BY time, pk', device);
    for (const { pk } of before.slice(0, Math.max(0, before.length - MOST + 1))) this.#end(device, pk);
    const { lastInsertRowid } = statements
      .prepareChange('INSERT INTO reads (device, paths, time) VALUES (?, ?, ?)')
      .run(device, key, time);
    return { pk: Number(lastInsertRowid), written: [] };
  }

  #end(device: number, pk: number): void {
    this.#statements.run(
      'UPDATE parameters SET time = (SELECT time FROM reads WHERE pk = ?2), read = NULL WHERE device = ?1 AND read = ?2',
      device,
      pk,
    );
    this.#statements.run('DELETE FROM reads WHERE pk = ?', pk);
  }
}

/** A digest of what is stored of some values beside their paths and times. A text holds no NUL. */
export function digestOf(values: readonly KnownValue[]): string {
  let text = '';
  for (const { value, type, writable, notification } of values)
    text += `${value}\0${type}\0${writable}\0${notification}\0`;
  return hash('sha1', text, 'base64url');
}
