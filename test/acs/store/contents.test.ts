// Contents of files in every store.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { seededRandom } from '../../../shared/clock.ts';
import { contractSuite, rejectsWith } from '../../support/acs/store-contract.ts';
import { bytesOf, inPieces, putBytes, whole } from '../../support/contents.ts';

const noRetention = { endedTasks: { before: 0, keep: 1000 }, audit: { before: 0, keep: 1000 } };

contractSuite('contents of files', subject => {
  const random = seededRandom(1);
  const sumOf = (bytes: Buffer) => ({
    size: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
  });

  it('returns a content whole or in ranges, in chunks of at most 256 KB', async () => {
    const bytes = random.bytes(700_001);
    assert.deepEqual(await subject.store.putContent('firmware.bin', inPieces(bytes)), sumOf(bytes));
    assert.ok((await bytesOf(subject.store, 'firmware.bin'))?.equals(bytes));
    const ranges = [
      [0, 1],
      [65_535, 65_537],
      [65_536, 131_072],
      [123_456, 600_000],
      [700_000, 700_001],
      [699_999, 9_999_999],
      [5, 5],
    ] as const;
    for (const [start, end] of ranges) {
      const part = await bytesOf(subject.store, 'firmware.bin', { start, end });
      assert.ok(part?.equals(bytes.subarray(start, end)), `${start} to ${end}`);
    }
    for await (const chunk of (await subject.store.content('firmware.bin')) ?? []) assert.ok(chunk.length <= 262_144);
    await subject.store.putContent('empty', inPieces(Buffer.alloc(0)));
    assert.equal((await bytesOf(subject.store, 'empty'))?.length, 0);
    assert.deepEqual(await subject.store.contents(), [
      { name: 'empty', ...sumOf(Buffer.alloc(0)), changed: subject.clock.now() },
      { name: 'firmware.bin', ...sumOf(bytes), changed: subject.clock.now() },
    ]);
    const pageAfter = async (after: string, limit: number): Promise<string[]> =>
      (await subject.store.contents({ after, limit })).map(({ name }) => name);
    assert.deepEqual(await pageAfter('', 1), ['empty'], 'in pages by name');
    assert.deepEqual(await pageAfter('empty', 5), ['firmware.bin']);
    assert.equal(await subject.store.deleteContent('firmware.bin'), true);
    assert.equal(await subject.store.deleteContent('firmware.bin'), false);
    assert.equal(await subject.store.content('firmware.bin'), undefined);
    await rejectsWith(subject.store.putContent('a\0b', inPieces(bytes)), 400, 'nul-in-text');
  });

  it('stores contents of any length, however the source cuts them', async () => {
    const lengths = fc.oneof(fc.integer({ min: 0, max: 300_000 }), fc.constantFrom(65_536, 131_072, 262_144));
    await fc.assert(
      fc.asyncProperty(lengths, fc.integer({ min: 1000, max: 300_000 }), async (length, piece) => {
        const bytes = random.bytes(length);
        assert.deepEqual(await subject.store.putContent('any', inPieces(bytes, piece)), sumOf(bytes));
        assert.ok((await bytesOf(subject.store, 'any'))?.equals(bytes));
      }),
      { numRuns: 12 },
    );
  });

  it('reads a content to its end while it is replaced or deleted', async () => {
    const [first, second] = [random.bytes(400_000), random.bytes(400_000)];
    await putBytes(subject.store, 'a', first);
    const reading = (await subject.store.content('a'))?.[Symbol.asyncIterator]();
    const start = await reading?.next();
    await putBytes(subject.store, 'a', second);
    await subject.store.prune(noRetention);
    const after = (await subject.store.content('a'))?.[Symbol.asyncIterator]();
    const begun = await after?.next();
    await subject.store.deleteContent('a');
    await subject.store.prune(noRetention);
    for (const [head, rest, bytes] of [
      [start, reading, first],
      [begun, after, second],
    ] as const) {
      const tail = await whole({ [Symbol.asyncIterator]: () => rest! });
      assert.ok(Buffer.concat([head?.value ?? Buffer.alloc(0), tail]).equals(bytes));
    }
    assert.equal(await subject.store.content('a'), undefined);
  });

  it('deletes a replaced content once no reader can be left', async () => {
    await putBytes(subject.store, 'a', random.bytes(200_000));
    const stalled = (await subject.store.content('a'))?.[Symbol.asyncIterator]();
    await stalled?.next();
    await putBytes(subject.store, 'a', random.bytes(100));
    await subject.clock.advance(3_600_001);
    await subject.store.prune(noRetention);
    await assert.rejects(async () => stalled?.next(), { status: 410, code: 'content-gone' });
    assert.equal((await bytesOf(subject.store, 'a'))?.length, 100, 'what stands stays');
  });

  it('keeps the old content, and nothing of the new one, when an upload breaks off', async () => {
    const bytes = random.bytes(300_000);
    await putBytes(subject.store, 'a', bytes);
    async function* broken(): AsyncIterable<Uint8Array> {
      yield random.bytes(600_000);
      throw new Error('the line went dead');
    }
    await assert.rejects(subject.store.putContent('a', broken()), /the line went dead/);
    assert.ok((await bytesOf(subject.store, 'a'))?.equals(bytes));
    assert.equal((await subject.store.contents()).length, 1);
  });

  it('keeps one of several contents that are stored under one name at once', async () => {
    const all = [random.bytes(300_000), random.bytes(500_000), random.bytes(10)];
    await Promise.all(all.map(bytes => putBytes(subject.store, 'a', bytes)));
    const stored = await bytesOf(subject.store, 'a');
    assert.ok(all.some(bytes => stored?.equals(bytes)));
  });
});
