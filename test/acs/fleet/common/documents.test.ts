// The registry of documents: names, limits, revisions and change events.
import assert from 'node:assert/strict';
import { createEvents } from '../../../../acs/events.ts';
import { type DocumentRules, documentName, documents, retryConflicts } from '../../../../acs/fleet/common/documents.ts';
import { openSqlite } from '../../../../acs/store/sqlite/store.ts';
import { VirtualClock } from '../../../../shared/clock.ts';
import { isConflict, readAt, UserError } from '../../../../shared/errors.ts';

interface Note {
  text: string;
}

const missing = (name: string): UserError => new UserError(404, 'no-such-note', `no note '${name}'`);

async function registry(rules: Partial<DocumentRules<Note>> = {}) {
  const clock = new VirtualClock();
  const store = await openSqlite({ file: ':memory:', clock, inThread: true });
  const events = createEvents();
  const changes: string[] = [];
  events.on('change', ({ what, name, by }) => changes.push(`${what} ${name} ${by}`));
  return { notes: documents<Note>({ store, clock, events }, 'setting', { missing, ...rules }), changes, store };
}

const code = (expected: string) => (error: unknown) => error instanceof UserError && error.code === expected;

describe('documents', () => {
  it('puts, reads and removes a document, with a change event for each write', async () => {
    const { notes, changes, store } = await registry();
    assert.equal(await notes.put('a', { text: 'one' }), true);
    assert.equal(await notes.put('a', { text: 'two' }), false);
    assert.deepEqual((await notes.get('a')).body, { text: 'two' });
    assert.deepEqual(
      (await notes.list()).map(({ name }) => name),
      ['a'],
    );
    await notes.remove('a');
    assert.equal(await notes.find('a'), undefined);
    assert.deepEqual(changes, ['setting a written', 'setting a written', 'setting a deleted']);
    await store.close();
  });

  it('answers 404 for a name that no document has', async () => {
    const { notes, changes, store } = await registry();
    await assert.rejects(notes.get('a'), code('no-such-note'));
    await assert.rejects(notes.remove('a'), code('no-such-note'));
    assert.deepEqual(changes, []);
    await notes.remove('a', true);
    assert.deepEqual(changes, ['setting a deleted']);
    await store.close();
  });

  it('refuses a bad name and an invalid body before it writes', async () => {
    const validate = ({ text }: Note): void => {
      if (text === '') throw new UserError(400, 'bad-note', 'text: is empty');
    };
    const { notes, changes, store } = await registry({ validate });
    await assert.rejects(notes.put('a b', { text: 'one' }), code('bad-name'));
    await assert.rejects(notes.put('a', { text: '' }), code('bad-note'));
    await assert.rejects(
      notes.put('a', () => ({ text: '' })),
      code('bad-note'),
    );
    assert.deepEqual([await notes.list(), changes], [[], []]);
    await store.close();
  });

  it('refuses one more document than the limit and still replaces those that exist', async () => {
    const reached = (count: number): UserError => new UserError(409, 'too-many-notes', `there are ${count} notes`);
    const { notes, store } = await registry({ limit: { most: 1, reached } });
    await notes.put('a', { text: 'one' });
    await assert.rejects(notes.put('b', { text: 'two' }), code('too-many-notes'));
    assert.equal(await notes.put('a', { text: 'three' }), false);
    await store.close();
  });

  it('makes the body from the one before', async () => {
    const { notes, store } = await registry();
    const appended = (before: Note | undefined): Note => ({ text: `${before?.text ?? ''}x` });
    await notes.put('a', appended);
    await notes.put('a', appended);
    assert.equal((await notes.get('a')).body.text, 'xx');
    await store.close();
  });

  it('reports a conflict when the document has changed since it was read', async () => {
    const { notes, store } = await registry();
    const first = await notes.replace('a', { text: 'one' }, undefined);
    await assert.rejects(notes.replace('a', { text: 'two' }, undefined), isConflict);
    const second = await notes.replace('a', { text: 'two' }, first);
    await assert.rejects(notes.replace('a', { text: 'three' }, first), isConflict);
    assert.deepEqual(await notes.get('a'), second);
    await store.close();
  });

  it('repeats conflicting work until no other writer is faster', async () => {
    const { notes, store } = await registry();
    await notes.put('a', { text: 'one' });
    let rivals = 2;
    await retryConflicts(async () => {
      const before = await notes.get('a');
      if (rivals-- > 0) await notes.put('a', { text: `rival ${rivals}` });
      await notes.replace('a', { text: `${before.body.text}, mine` }, before);
    });
    assert.equal((await notes.get('a')).body.text, 'rival 0, mine');
    await assert.rejects(
      retryConflicts(async () => {
        throw new Error('down');
      }),
      /down/,
    );
    await store.close();
  });

  it('announces writes with words of its own, or not at all', async () => {
    const told = await registry({ changeEvent: { put: ({ text }) => text, remove: 'forgotten' } });
    await told.notes.put('a', { text: 'told' });
    await told.notes.remove('a');
    assert.deepEqual(told.changes, ['setting a told', 'setting a forgotten']);
    const silent = await registry({ changeEvent: false });
    await silent.notes.put('a', { text: 'told' });
    assert.deepEqual(silent.changes, []);
    await told.store.close();
    await silent.store.close();
  });

  it('takes names of 1 to 64 letters, digits and . _ -', () => {
    for (const name of ['a', 'A.b_c-9', 'x'.repeat(64)]) assert.equal(documentName(name), name);
    for (const name of ['', 'a b', 'ä', 'a/b', 'x'.repeat(65)])
      assert.throws(() => documentName(name), code('bad-name'));
  });

  it('names the place of an error in the input and passes other errors on', () => {
    const refuse = (): never => {
      throw new UserError(400, 'bad-note', 'is empty', { at: 1 });
    };
    assert.throws(
      () => readAt('text', refuse),
      (error: unknown) =>
        error instanceof UserError &&
        error.message === 'text: is empty' &&
        error.status === 400 &&
        error.code === 'bad-note' &&
        error.detail.at === 1,
    );
    assert.throws(
      () =>
        readAt('text', () => {
          throw new TypeError('a bug');
        }),
      /^TypeError: a bug$/,
    );
    assert.equal(
      readAt('text', () => 7),
      7,
    );
  });
});
