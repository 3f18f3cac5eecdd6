// Reads that are too large for a device.
import assert from 'node:assert/strict';
import type { Cpe } from '../../../../acs/fleet/common/ports.ts';
import { splitting } from '../../../../acs/fleet/session/split-reads.ts';
import { CwmpFault } from '../../../../shared/cwmp/faults.ts';

/** Makes a device that answers a read with at most `most` values. */
function narrow(paths: string[], most: number): { cpe: Cpe; calls: string[] } {
  const calls: string[] = [];
  const below = (path: string): string[] =>
    paths.filter(name => (path === '' || path.endsWith('.') ? name.startsWith(path) : name === path));
  const cpe: Cpe = {
    call: async (method, args) => {
      calls.push(method);
      if (method === 'GetParameterNames') {
        const path = (args as unknown as { ParameterPath: string }).ParameterPath;
        const next = below(path).map(name => {
          const dot = name.indexOf('.', path.length);
          return dot < 0 ? name : name.slice(0, dot + 1);
        });
        return { ParameterList: [...new Set(next)].map(Name => ({ Name, Writable: false })) } as never;
      }
      const found = (args as unknown as { ParameterNames: string[] }).ParameterNames.flatMap(below);
      if (found.length > most) throw new CwmpFault(9004);
      return { ParameterList: found.map(Name => ({ Name, Value: '', Type: 'xsd:string' })) } as never;
    },
  };
  return { cpe, calls };
}

const tree = ['A', 'B', 'C'].flatMap(object =>
  Array.from({ length: 20 }, (_, at) => `Device.${object}.${at % 3 ? '' : 'X.'}P${at}`),
);
const read = async (cpe: Cpe, names: string[]): Promise<string[]> =>
  (await splitting(cpe).call('GetParameterValues', { ParameterNames: names })).ParameterList.map(({ Name }) => Name);

describe('a read that is too large (fault 9004)', () => {
  it('is split for a whole tree, and returns each value once', async () => {
    for (const most of [1, 3, 10, 59]) {
      const { cpe } = narrow(tree, most);
      assert.deepEqual((await read(cpe, ['Device.'])).sort(), [...tree].sort(), String(most));
      assert.deepEqual((await read(narrow(tree, most).cpe, [''])).sort(), [...tree].sort(), String(most));
    }
  });

  it('keeps the order of a list of names', async () => {
    const names = tree.slice(5, 25);
    assert.deepEqual(await read(narrow(tree, 3).cpe, names), names);
  });

  it('costs no further RPC when all values fit', async () => {
    const { cpe, calls } = narrow(tree, 100);
    await read(cpe, ['Device.']);
    assert.deepEqual(calls, ['GetParameterValues']);
  });

  it('fails when one value is too large or nothing lies below, or with another fault', async () => {
    const tooMuch = (error: unknown): boolean => error instanceof CwmpFault && error.code === 9004;
    await assert.rejects(read(narrow(tree, 0).cpe, ['Device.']), tooMuch);
    const hollow: Cpe = {
      call: async method => {
        if (method === 'GetParameterNames') return { ParameterList: [] } as never;
        throw new CwmpFault(9004);
      },
    };
    await assert.rejects(read(hollow, ['Device.']), tooMuch);
    const other: Cpe = { call: async () => Promise.reject(new CwmpFault(9005)) };
    await assert.rejects(
      read(other, ['a', 'b']),
      (error: unknown) => error instanceof CwmpFault && error.code === 9005,
    );
  });

  it('ends for a device that always returns names below', async () => {
    let calls = 0;
    const endless: Cpe = {
      call: async (method, args) => {
        calls++;
        if (method === 'GetParameterValues') throw new CwmpFault(9004);
        const path = (args as unknown as { ParameterPath: string }).ParameterPath;
        return {
          ParameterList: [
            { Name: `${path}x.`, Writable: false },
            { Name: path, Writable: false },
          ],
        } as never;
      },
    };
    await assert.rejects(read(endless, ['Device.']));
    assert.ok(calls < 10_000);
  });
});
