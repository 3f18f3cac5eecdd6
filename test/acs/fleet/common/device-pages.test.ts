// Walks over a fleet page by page: an error in a page that is read ahead surfaces where it is awaited, and ends no process.
import assert from 'node:assert/strict';
import type { DeviceRow } from '../../../../acs/device/row.ts';
import { pagesOf, portionsOf } from '../../../../acs/fleet/common/device-pages.ts';

type Devices = Parameters<typeof pagesOf>[0]['devices'];

const rowsOf = (...ids: string[]): DeviceRow[] => ids.map(id => ({ id }) as DeviceRow);
const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve));

describe('Pages of a fleet', () => {
  /** Requested cursors, in order. */
  let asked: (string | undefined)[];
  const store = (pages: Record<string, () => ReturnType<Devices>>): { devices: Devices } => ({
    devices: query => {
      asked.push(query.cursor);
      return pages[query.cursor ?? 'first']!();
    },
  });
  beforeEach(() => {
    asked = [];
  });

  it('yields pages in order, and reads the next one during the work on one', async () => {
    const two = store({
      first: async () => ({ items: rowsOf('a', 'b'), next: 'b' }),
      b: async () => ({ items: rowsOf('c') }),
    });
    const seen: string[] = [];
    for await (const rows of pagesOf(two, { limit: 2, now: 0 })) {
      if (seen.length === 0) assert.deepEqual(asked, [undefined, 'b']);
      seen.push(...rows.map(({ id }) => id));
    }
    assert.deepEqual(seen, ['a', 'b', 'c']);
    assert.deepEqual(asked, [undefined, 'b']);
  });

  it('works through a page in portions, and yields to other work in between', async () => {
    const items = Array.from({ length: 300 }, (_, at) => at);
    const seen: number[][] = [];
    const between: number[] = [];
    for await (const portion of portionsOf(items)) {
      seen.push([...portion]);
      setImmediate(() => between.push(seen.length));
    }
    assert.deepEqual(seen.flat(), items);
    assert.ok(seen.length > 1);
    assert.deepEqual(
      between,
      seen.slice(1).map((_, at) => at + 1),
    );
    for await (const _ of portionsOf([])) assert.fail('there is none');
  });

  const failing = () =>
    store({
      first: async () => ({ items: rowsOf('a'), next: 'a' }),
      a: async () => {
        throw new Error('the store is away');
      },
    });
  /** Unhandled rejections, which would have ended the process. */
  async function unheard(run: () => Promise<void>): Promise<unknown[]> {
    const found: unknown[] = [];
    const others = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection').on('unhandledRejection', error => found.push(error));
    try {
      await run();
      await turn();
    } finally {
      process.removeAllListeners('unhandledRejection');
      for (const other of others) process.on('unhandledRejection', other);
    }
    return found;
  }

  it('throws the error of the next page after the work on the one before', async () => {
    const seen: string[] = [];
    const run = async (): Promise<void> => {
      for await (const rows of pagesOf(failing(), { limit: 1, now: 0 })) {
        await turn();
        seen.push(...rows.map(({ id }) => id));
      }
    };
    assert.deepEqual(await unheard(() => assert.rejects(run, /the store is away/)), []);
    assert.deepEqual(seen, ['a']);
  });

  it('throws the error of the work itself when that fails', async () => {
    const run = async (): Promise<void> => {
      for await (const _ of pagesOf(failing(), { limit: 1, now: 0 })) throw new Error('the work fails');
    };
    assert.deepEqual(await unheard(() => assert.rejects(run, /the work fails/)), []);
  });
});
