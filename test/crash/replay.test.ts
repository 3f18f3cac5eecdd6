// The disk that fails is itself checked: what was synced is there after every cut, what was not may be lost, torn and reordered.
import assert from 'node:assert/strict';
import { seededRandom } from '../../shared/clock.ts';
import { type DiskRecord, parseRecording } from './recording.ts';
import { createDisk } from './replay.ts';

const write = (at: number, text: string): DiskRecord => ({ op: 'write', path: '/d/f', at, bytes: Buffer.from(text) });
const create: DiskRecord = { op: 'create', path: '/d/f' };
const sync: DiskRecord = { op: 'sync', path: '/d/f' };
const syncFolder: DiskRecord = { op: 'sync-directory', path: '/d' };

/** All that a hundred cuts after these records leave of the file. */
function left(records: DiskRecord[], path = '/d/f'): Set<string> {
  const disk = createDisk();
  for (const record of records) disk.run(record);
  return new Set(Array.from({ length: 100 }, (_, seed) => String(disk.cut(seededRandom(seed)).get(path))));
}

describe('the disk of power-cut runs', () => {
  it('keeps synced data whose name was synced too', () => {
    assert.deepEqual(left([create, write(0, 'one'), sync, syncFolder]), new Set(['one']));
    assert.deepEqual(left([create, write(0, 'one'), sync]), new Set(['one', 'undefined']));
  });

  it('keeps, loses and reorders data that was not synced', () => {
    const seen = left([create, syncFolder, write(0, 'a'), write(1, 'b'), write(2, 'c')]);
    assert.deepEqual(seen, new Set(['', 'a', 'ab', 'abc', '\0b', '\0bc', '\0\0c', 'a\0c']));
  });

  it('tears a write at the borders of sectors', () => {
    const [whole, gap] = ['x'.repeat(512), '\0'.repeat(512)];
    const seen = left([create, syncFolder, write(0, whole + whole)]);
    for (const text of ['', whole, whole + whole, gap + whole]) assert.ok(seen.has(text));
    assert.equal(seen.size, 4);
    const crossing = left([create, syncFolder, write(0, gap + gap), sync, write(500, 'y'.repeat(24))]);
    for (const text of crossing) assert.ok(/^\0{500}(\0{12}|y{12})(\0{12}|y{12})\0{500}$/.test(text));
    assert.equal(crossing.size, 4);
  });

  it('truncates a file, which grows again by zeros', () => {
    const shorter: DiskRecord = { op: 'truncate', path: '/d/f', size: 1 };
    const longer: DiskRecord = { op: 'truncate', path: '/d/f', size: 3 };
    assert.deepEqual(left([create, syncFolder, write(0, 'abc'), shorter, longer, sync]), new Set(['a\0\0']));
    assert.deepEqual(left([create, syncFolder, write(0, 'abc'), sync, shorter]), new Set(['abc', 'a']));
  });

  it('has the old file or the new one until a rename was synced', () => {
    const fresh: DiskRecord[] = [
      { op: 'create', path: '/d/new' },
      { op: 'write', path: '/d/new', at: 0, bytes: Buffer.from('new') },
      { op: 'sync', path: '/d/new' },
      { op: 'rename', path: '/d/new', to: '/d/f' },
    ];
    const before = [create, write(0, 'old'), sync, syncFolder, ...fresh];
    assert.deepEqual(left(before), new Set(['old', 'new']));
    assert.deepEqual(left([...before, syncFolder]), new Set(['new']));
    assert.deepEqual(left([...before, syncFolder, { op: 'unlink', path: '/d/f' }]), new Set(['new', 'undefined']));
  });

  it('reads a recording up to its last whole record', () => {
    const record = (op: string, path: string, number: number, data: string): Buffer => {
      const head = Buffer.alloc(17);
      head.write(op);
      head.writeUInt32LE(path.length, 1);
      head.writeUInt32LE(data.length, 5);
      head.writeBigUInt64LE(BigInt(number), 9);
      return Buffer.concat([head, Buffer.from(path + data)]);
    };
    const log = Buffer.concat([
      record('C', '/d/f', 0, ''),
      record('W', '/d/f', 7, 'text'),
      record('R', '/d/f', 0, '/d/g'),
      record('M', '/d/marks', 0, 'fact'),
      record('W', '/d/f', 7, 'cut').subarray(0, -1),
    ]);
    assert.deepEqual(parseRecording(log), [
      create,
      write(7, 'text'),
      { op: 'rename', path: '/d/f', to: '/d/g' },
      { op: 'mark', text: 'fact' },
    ]);
  });
});
