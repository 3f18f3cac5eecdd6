// The control socket of programs: progress, clients that go away, long paths, files that are in the way, bounds.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { systemClock } from '../../shared/clock.ts';
import { askControl } from '../../shared/control/client.ts';
import { type ControlOptions, serveControl } from '../../shared/control/server.ts';
import { silentLog as log } from '../../shared/log.ts';

const clock = systemClock();

describe('control socket', () => {
  let folder = '';
  const closers: (() => Promise<void>)[] = [];
  const serve = async (path: string, run: ControlOptions['run']): Promise<void> => {
    closers.push(await serveControl({ path, log, run }));
  };
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'control-'));
  });
  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('tells the client what goes on before the answer', async () => {
    const path = join(folder, 'a.sock');
    await serve(path, ({ command, options, progress }) => {
      progress({ half: command });
      return options;
    });
    const seen: unknown[] = [];
    const options = { from: 'x', duration: 2, json: true };
    assert.deepEqual(
      await askControl(path, 'call', [], clock, { options, onProgress: value => seen.push(value) }),
      options,
    );
    assert.deepEqual(seen, [{ half: 'call' }]);
  });

  it('aborts the request of a client that gives up', async () => {
    const path = join(folder, 'b.sock');
    let aborted: () => void = () => undefined;
    const gone = new Promise<void>(resolve => {
      aborted = resolve;
    });
    await serve(path, ({ signal }) => {
      signal.addEventListener('abort', aborted);
      return gone;
    });
    const stop = new AbortController();
    const asked = askControl(path, 'wait', [], clock, { signal: stop.signal, timeoutMs: 0 });
    setTimeout(() => stop.abort(), 50);
    await assert.rejects(asked, /given up/);
    await gone;
  });

  it('is reached at a path that is longer than the system takes', async function () {
    if (process.platform !== 'linux') this.skip();
    const deep = join(folder, 'd'.repeat(120), 'e'.repeat(120));
    await mkdir(deep, { recursive: true });
    const path = join(deep, 'control.sock');
    await serve(path, () => 'here');
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.equal(await askControl(path, 'x', [], clock), 'here');
    await assert.rejects(serveControl({ path, log, run: () => 1 }), /another server is controlled at/);
    await closers.pop()?.();
    await assert.rejects(askControl(path, 'x', [], clock), /no server runs at/);
    await assert.rejects(askControl(join(deep, 'none', 'c.sock'), 'x', [], clock), /no server runs at/);
  });

  it('rejects when the program at the path answers with no JSON object', async () => {
    const path = join(folder, 'other.sock');
    let answer = '';
    const other = createServer(socket => socket.resume().end(answer));
    await new Promise<void>(resolve => other.listen(path, resolve));
    closers.push(() => new Promise(resolve => other.close(() => resolve())));
    for (answer of ['220 mail.test ESMTP\n', 'null\n'])
      await assert.rejects(askControl(path, 'status', [], clock), { code: 'no-server', message: /is no JSON object/ });
  });

  it('leaves a file alone that is no socket', async () => {
    const path = join(folder, 'file');
    await writeFile(path, 'kept');
    await assert.rejects(serveControl({ path, log, run: () => 1 }), /EADDRINUSE/);
    assert.equal(await readFile(path, 'utf8'), 'kept');
  });

  it('answers every line once, whatever stands in it', async () => {
    const path = join(folder, 'd.sock');
    await serve(path, ({ command, args, options }) => ({ command, args, options }));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(fc.json(), fc.string()), { minLength: 1, maxLength: 10 }), async texts => {
        const lines = texts.map(text => text.replace(/\n/g, ' '));
        const socket = connect(path);
        let heard = '';
        socket.setEncoding('utf8').on('data', chunk => {
          heard += chunk;
        });
        socket.write(lines.map(line => `${line}\n`).join(''));
        while (heard.split('\n').length <= lines.length) await once(socket, 'data');
        socket.destroy();
        const answers = heard
          .trimEnd()
          .split('\n')
          .map(line => JSON.parse(line) as { ok: boolean });
        return answers.length === lines.length && answers.every(({ ok }) => typeof ok === 'boolean');
      }),
      { seed: 15, numRuns: 100 },
    );
  });

  it('cuts a client off that has more requests wait than the bound', async () => {
    const path = join(folder, 'c.sock');
    let calls = 0;
    await serve(path, () => {
      calls++;
      return new Promise(() => undefined);
    });
    const socket = connect(path);
    socket.on('error', () => undefined);
    socket.write('{"command":"wait"}\n'.repeat(1000));
    await once(socket, 'close');
    assert.equal(calls, 1);
  });
});
