// Messages to the writer thread: what is in a request twice goes once, and comes back whole.
import assert from 'node:assert/strict';
import type { KnownValue } from '../../../acs/device/parameter.ts';
import { writePacking } from '../../../acs/store/sqlite/threads/packing.ts';
import type { WriteRequest } from '../../../acs/store/sqlite/writes/write-request.ts';

describe('messages to the writer thread', () => {
  const list = Array.from({ length: 50 }, (_, at) => ({
    Name: `Device.P${at}`,
    Value: `value ${at}`,
    Type: 'xsd:string',
  }));
  const known: KnownValue[] = list.map(({ Name, Value, Type }) => ({ path: Name, value: Value, type: Type, time: 5 }));
  const settling = (values?: KnownValue[]): WriteRequest => ({
    ...{ do: 'apply', id: 'box', name: 'taskSettled' },
    args: {
      ...{ token: 1, id: 'task', now: 6, outcome: { state: 'done', result: { ParameterList: list } } },
      ...(values ? { known: values } : {}),
    },
  });
  const crossed = (request: WriteRequest): [WriteRequest, number] => {
    const [json, bulk] = writePacking.pack(request);
    return [writePacking.unpack(json, bulk), json.length];
  };

  it('carry the values of a read once', () => {
    const [whole, length] = crossed(settling(known));
    assert.deepEqual(whole, settling(known));
    assert.ok(length < JSON.stringify(list).length + 300, `${length} characters`);
  });

  for (const [what, values] of [
    ['fewer', known.slice(1)],
    ['none', []],
    ['others', known.map((value, at) => (at === 9 ? { ...value, value: 'x' } : value))],
    ['with another time', known.map((value, at) => (at === 9 ? { ...value, time: 4 } : value))],
    ['with attributes', known.map((value, at) => (at === 9 ? { ...value, writable: true } : value))],
    ['absent', undefined],
  ] as const) {
    it(`carry known values as they are where they are not the result: ${what}`, () => {
      const request = settling(values as KnownValue[] | undefined);
      assert.deepEqual(crossed(request)[0], request);
    });
  }
});
