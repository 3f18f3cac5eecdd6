// A disk whose power fails: synced data is there; of the rest some is kept, some lost, some torn, by chance.
import { dirname } from 'node:path';
import type { Random } from '../../shared/clock.ts';
import type { DiskRecord } from './recording.ts';

/** Disks write this much whole, or not at all. */
const SECTOR = 512;

type Change = { at: number; bytes: Buffer } | { size: number };

/** Bytes that grow; a gap that nothing was written to reads as zeros. */
class Content {
  #room: Buffer;
  #size: number;

  constructor(bytes: Buffer = Buffer.alloc(0)) {
    this.#room = bytes;
    this.#size = bytes.length;
  }

  get bytes(): Buffer {
    return this.#room.subarray(0, this.#size);
  }

  copy(): Content {
    return new Content(Buffer.from(this.bytes));
  }

  change(change: Change): void {
    const end = 'size' in change ? change.size : Math.max(this.#size, change.at + change.bytes.length);
    if (end > this.#room.length) {
      const room = Buffer.alloc(Math.max(end, this.#room.length * 2));
      this.bytes.copy(room);
      this.#room = room;
    }
    if ('bytes' in change) change.bytes.copy(this.#room, change.at);
    else if (end < this.#size) this.#room.fill(0, end, this.#size);
    this.#size = end;
  }
}

/** A file apart from its name. */
interface Inode {
  /** The bytes that are on the disk for certain. */
  durable: Content;
  /** Since the last sync, in order. */
  pending: Change[];
}

type Naming = { op: 'link'; path: string; inode: Inode } | { op: 'unlink'; path: string };

export interface Disk {
  run(record: DiskRecord): void;
  /** The files by path after a power cut at this point; the disk itself is not changed by it. */
  cut(random: Random): Map<string, Buffer>;
}

export function createDisk(): Disk {
  const current = new Map<string, Inode>();
  const durable = new Map<string, Inode>();
  /** Names made and taken away since the last sync of their directory, in order. */
  let naming: Naming[] = [];

  const of = (path: string): Inode => {
    const inode = current.get(path);
    if (!inode) throw new Error(`the recording has no file ${path}`);
    return inode;
  };
  const link = (path: string, inode: Inode): void => {
    current.set(path, inode);
    naming.push({ op: 'link', path, inode });
  };
  const unlink = (path: string): void => {
    current.delete(path);
    naming.push({ op: 'unlink', path });
  };

  return {
    run: record => {
      switch (record.op) {
        case 'create':
          return link(record.path, { durable: new Content(), pending: [] });
        case 'write':
          return void of(record.path).pending.push({ at: record.at, bytes: record.bytes });
        case 'truncate':
          return void of(record.path).pending.push({ size: record.size });
        case 'sync': {
          const inode = of(record.path);
          for (const change of inode.pending) inode.durable.change(change);
          inode.pending = [];
          return;
        }
        case 'sync-directory':
          for (const change of naming) if (dirname(change.path) === record.path) rename(durable, change);
          naming = naming.filter(change => dirname(change.path) !== record.path);
          return;
        case 'rename': {
          const inode = of(record.path);
          // One step: after a cut the old name or the new one is there, as after its record or before.
          link(record.to, inode);
          return unlink(record.path);
        }
        case 'unlink':
          return unlink(record.path);
        case 'mark':
          return;
      }
    },
    cut: random => {
      const names = new Map(durable);
      // File systems keep the order of names, not how far they came.
      for (const change of naming.slice(0, random.int(0, naming.length))) rename(names, change);
      const files = new Map<string, Buffer>();
      for (const [path, inode] of names) {
        const content = inode.durable.copy();
        for (const change of survivors(inode.pending, random)) content.change(change);
        files.set(path, content.bytes);
      }
      return files;
    },
  };
}

function rename(names: Map<string, Inode>, change: Naming): void {
  if (change.op === 'link') names.set(change.path, change.inode);
  else names.delete(change.path);
}

/** Chooses the changes since the last sync that reach the disk, in one of the ways in which caches lose things. */
function survivors(pending: readonly Change[], random: Random): Change[] {
  const way = random.int(0, 4);
  if (way === 0) return [];
  if (way === 1) return [...pending];
  if (way === 2) return pending.slice(0, random.int(0, pending.length));
  if (way === 3) return pending.filter(() => random.int(0, 1) === 1);
  return pending.flatMap(change => ('size' in change ? (random.int(0, 1) ? [change] : []) : torn(change, random)));
}

/** The sectors of one write, each kept or lost. */
function torn({ at, bytes }: Extract<Change, { at: number }>, random: Random): Change[] {
  const kept: Change[] = [];
  for (let from = 0; from < bytes.length; ) {
    const to = Math.min(bytes.length, from + SECTOR - ((at + from) % SECTOR));
    if (random.int(0, 1) === 1) kept.push({ at: at + from, bytes: bytes.subarray(from, to) });
    from = to;
  }
  return kept;
}
