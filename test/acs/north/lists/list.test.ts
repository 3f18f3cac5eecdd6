// Lists: counted where a page does not tell; as CSV read page by page as the client reads, and refused before anything is sent.
import assert from 'node:assert/strict';
import { answerList, type List } from '../../../../acs/north/lists/list.ts';
import type { OperationInput } from '../../../../acs/north/operation.ts';

const input = (query: Record<string, unknown>): OperationInput => ({
  params: {},
  query,
  body: undefined,
  contentType: '',
});

/** A list without an end, which counts the pages that are read. */
function endless(): { list: List<number>; pages: () => number } {
  let pages = 0;
  const list: List<number> = {
    name: 'numbers',
    columns: ['n'],
    isField: name => name === 'n' || name === 'twice',
    page: async ({ limit, cursor = '0' }) => {
      pages++;
      const from = Number(cursor);
      return { items: Array.from({ length: limit }, (_, at) => from + at), next: String(from + limit) };
    },
    view: n => ({ n, twice: 2 * n }),
  };
  return { list, pages: () => pages };
}

describe('a list as CSV', () => {
  it('reads a page only when the client has taken the one before', async () => {
    const { list, pages } = endless();
    const { bytes } = await answerList(input({ format: 'csv', fields: 'twice,n' }), list);
    assert.ok(bytes);
    assert.equal(pages(), 1);
    let taken = 0;
    let first = '';
    for await (const part of bytes) {
      first ||= part.toString();
      assert.ok(pages() <= 1 + taken, `${pages()} pages are read after ${taken} parts`);
      if (++taken === 20) break;
    }
    assert.equal(first, 'twice,n\r\n');
  });

  it('ends after as many entries as asked for', async () => {
    const { list, pages } = endless();
    const { bytes } = await answerList(input({ format: 'csv', limit: 600 }), list);
    let text = '';
    for await (const part of bytes ?? []) text += part.toString();
    assert.equal(text.split('\r\n').length, 602);
    assert.equal(pages(), 3);
  });

  it('is refused before anything is sent', async () => {
    const { list } = endless();
    const failing = { ...list, page: async () => Promise.reject(new Error('no page')) };
    await assert.rejects(answerList(input({ format: 'csv' }), failing), /no page/);
    await assert.rejects(answerList(input({ format: 'csv', fields: 'none' }), list), /no field 'none'/);
  });
});

describe('the number of entries of a list', () => {
  it('is that of a page that has all of them, else it is counted', async () => {
    const known: (number | undefined)[] = [];
    const list = (isWhole: boolean): List<number> => ({
      ...endless().list,
      page: async () => ({ items: [1, 2, 3], next: null, isWhole }),
      count: async number => {
        known.push(number);
        return { total: number ?? 7, exact: true, countedAt: 0 };
      },
    });
    const whole = await answerList(input({ count: true }), list(true));
    const part = await answerList(input({ count: true }), list(false));
    await answerList(input({}), list(false));
    const totals = [whole, part].map(({ body }) => (body as { total: number }).total);
    assert.deepEqual(
      [totals, known],
      [
        [3, 7],
        [3, undefined],
      ],
    );
  });
});
