// Waits that an AbortSignal ends.
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { unlessAborted } from '../../shared/abort.ts';

describe('unlessAborted', () => {
  const reason = new Error('closing');

  it('resolves and rejects as the work does, and listens no longer', async () => {
    const { signal } = new AbortController();
    assert.equal(await unlessAborted(Promise.resolve('done'), signal), 'done');
    await assert.rejects(unlessAborted(Promise.reject(new Error('work')), signal), /work/);
    await new Promise(resolve => setImmediate(resolve));
    assert.equal(getEventListeners(signal, 'abort').length, 0);
  });

  it('rejects with the reason as soon as the signal aborts', async () => {
    const abort = new AbortController();
    const waiting = unlessAborted(new Promise(() => undefined), abort.signal);
    abort.abort(reason);
    await assert.rejects(waiting, reason);
  });

  it('rejects at once when the signal was aborted before, whatever becomes of the work', async () => {
    await assert.rejects(unlessAborted(Promise.reject(new Error('work')), AbortSignal.abort(reason)), reason);
  });
});
