// The names that count as asked for in the answer to a read.
import assert from 'node:assert/strict';
import type { Cpe } from '../../../../acs/fleet/common/ports.ts';
import { askedOnly } from '../../../../acs/fleet/session/asked-only.ts';
import { CwmpFault } from '../../../../shared/cwmp/faults.ts';
import type { CpeMethod } from '../../../../shared/cwmp/methods.ts';

const answering = (names: readonly string[]): Cpe => ({
  call: async () =>
    ({ ParameterList: names.map((Name, at) => ({ Name, Value: String(at), Type: 'xsd:string' })) }) as never,
});

async function kept(method: CpeMethod, args: object, names: string[], most = 100): Promise<string[]> {
  const cpe = askedOnly(answering(names), { most, onDropped: () => undefined });
  const { ParameterList } = (await cpe.call(method, args as never)) as {
    ParameterList: { Name: string; Value: string }[];
  };
  return ParameterList.map(({ Name }) => Name);
}
const read = (asked: string[], names: string[]) => kept('GetParameterValues', { ParameterNames: asked }, names);

describe('B3: names that were asked for', () => {
  it('keeps what is named, and what lies below a partial path', async () => {
    const names = ['Device.A', 'Device.A.B', 'Device.AB', 'Device.C.1.D', 'Other.X'];
    assert.deepEqual(await read(['Device.A'], names), ['Device.A']);
    assert.deepEqual(await read(['Device.A.', 'Device.C.1.'], names), ['Device.A.B', 'Device.C.1.D']);
    assert.deepEqual(await read([''], names), names);
    assert.deepEqual(await read([], names), []);
  });

  it('keeps one entry of each name: the last', async () => {
    const cpe = askedOnly(answering(['Device.A', 'Device.B', 'Device.A']), { most: 2, onDropped: () => undefined });
    const { ParameterList } = await cpe.call('GetParameterValues', { ParameterNames: ['Device.'] });
    assert.deepEqual(
      ParameterList.map(({ Name, Value }) => [Name, Value]),
      [
        ['Device.A', '2'],
        ['Device.B', '1'],
      ],
    );
  });

  it('takes instance numbers for aliases and wildcards, and aliases for numbers', async () => {
    const names = ['Device.T.1.V', 'Device.T.[cpe-2].V', 'Device.U.1.V', 'Device.T.1.W'];
    assert.deepEqual(await read(['Device.T.[x.y].V'], names), ['Device.T.1.V', 'Device.T.[cpe-2].V']);
    assert.deepEqual(await read(['Device.T.*.V'], names), ['Device.T.1.V', 'Device.T.[cpe-2].V']);
    assert.deepEqual(await read(['Device.T.1.'], names), ['Device.T.1.V', 'Device.T.[cpe-2].V', 'Device.T.1.W']);
    assert.deepEqual(await read(['Device.T.2.V'], names), ['Device.T.[cpe-2].V']);
  });

  it('looks at names and attributes too, and at no other answer', async () => {
    const names = ['Device.A.', 'Device.A.B', 'Device.C'];
    assert.deepEqual(await kept('GetParameterNames', { ParameterPath: 'Device.A.', NextLevel: false }, names), [
      'Device.A.',
      'Device.A.B',
    ]);
    assert.deepEqual(await kept('GetParameterAttributes', { ParameterNames: ['Device.C'] }, names), ['Device.C']);
    assert.deepEqual(await kept('GetRPCMethods', {}, names), names);
  });

  it('refuses more entries than a device may have', async () => {
    const names = ['Device.A', 'Device.B', 'Device.C'];
    const isRefusal = (error: unknown): boolean => error instanceof CwmpFault && error.code === 8004;
    await assert.rejects(kept('GetParameterValues', { ParameterNames: ['Device.'] }, names, 2), isRefusal);
    assert.deepEqual(await kept('GetParameterValues', { ParameterNames: ['Device.A'] }, names, 2), ['Device.A']);
  });
});
