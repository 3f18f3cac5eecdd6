// The durable state of a unit: acknowledged saves survive any end, and a foreign file is refused by name.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { memoryPersist, openPersist } from '../../../cpe/state/persist.ts';
import { seededRandom } from '../../../shared/clock.ts';
import { UserError } from '../../../shared/errors.ts';

describe('state directory', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'cpe-state-'));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  it('restores the last state and the blobs', async () => {
    const persist = await openPersist(directory);
    assert.equal(persist.found, undefined);
    await persist.save(() => ({ a: 1 }));
    await persist.save(() => ({ a: 'ü"\n' }));
    await persist.put('cert.others/My CA.crt', Buffer.from([0, 1, 2]));
    await persist.put('../../escape', Buffer.from('x'));
    await persist.close();
    const again = await openPersist(directory);
    assert.deepEqual(again.found, { a: 'ü"\n' });
    assert.deepEqual(await again.get('cert.others/My CA.crt'), Buffer.from([0, 1, 2]));
    assert.deepEqual((await again.list()).sort(), ['../../escape', 'cert.others/My CA.crt']);
    assert.deepEqual((await readdir(directory)).sort(), ['files', 'state.json']);
    await again.drop('../../escape');
    assert.equal(await again.get('../../escape'), undefined);
    await again.drop('never there');
  });

  it('keeps any blob names apart', async () => {
    const persist = await openPersist(directory);
    await fc.assert(
      fc.asyncProperty(fc.string({ minLength: 1, maxLength: 12 }), async name => {
        await persist.put(name, Buffer.from(name));
        assert.equal((await persist.get(name))?.toString(), name);
        assert.ok((await persist.list()).includes(name));
      }),
      { numRuns: 30 },
    );
    await assert.rejects(persist.put('x'.repeat(300), Buffer.alloc(0)), UserError);
  });

  it('groups concurrent saves, and each resolves only when its state is written', async () => {
    const persist = await openPersist(directory);
    let value = 0;
    const saves = Array.from({ length: 50 }, async () => {
      const mine = ++value;
      await persist.save(() => ({ value }));
      const written = JSON.parse((await readFile(join(directory, 'state.json'), 'utf8')).split('\n')[1] ?? '') as {
        value: number;
      };
      assert.ok(written.value >= mine);
    });
    await Promise.all(saves);
  });

  it('rejects the saves of a failed write, and continues', async () => {
    const persist = await openPersist(directory);
    const first = persist.save(() => {
      throw new Error('cannot');
    });
    const second = persist.save(() => ({ b: 2 }));
    await assert.rejects(first, /cannot/).catch(() => undefined);
    await second;
    await persist.save(() => ({ c: 3 }));
    assert.deepEqual((await openPersist(directory)).found, { c: 3 });
  });

  it('refuses and leaves a snapshot that is torn, altered, of a later version or foreign', async () => {
    const persist = await openPersist(directory);
    await persist.save(() => ({ a: 1 }));
    const path = join(directory, 'state.json');
    const good = await readFile(path, 'utf8');
    for (const bad of [
      good.slice(0, -3),
      good.slice(0, 20),
      '',
      good.replace('"a":1', '"a":2'),
      good.replace('"version":1', '"version":9'),
      '{"hello": "world"}\n',
      'null\n{}\n',
    ]) {
      await writeFile(path, bad);
      await assert.rejects(openPersist(directory), (error: unknown) => {
        assert.ok(error instanceof UserError);
        assert.match(error.message, /state\.json cannot be used/);
        return true;
      });
      assert.equal(await readFile(path, 'utf8'), bad);
    }
  });

  it('ignores and removes files that a power cut left half-written', async () => {
    const persist = await openPersist(directory);
    await persist.save(() => ({ a: 1 }));
    await writeFile(join(directory, 'state.json.tmp'), 'half');
    await writeFile(join(directory, 'files', 'blob.tmp'), 'half');
    const again = await openPersist(directory);
    assert.deepEqual(again.found, { a: 1 });
    assert.deepEqual(await again.list(), []);
    assert.deepEqual(await readdir(join(directory, 'files')), []);
  });

  it('refuses a path that is not a directory', async () => {
    await writeFile(join(directory, 'file'), '');
    await assert.rejects(openPersist(join(directory, 'file')), UserError);
  });

  it('keeps everything acknowledged after kill -9 at any moment', async function () {
    this.timeout(30_000);
    const random = seededRandom(7);
    const child = fileURLToPath(new URL('../../support/cpe/persist-child.ts', import.meta.url));
    for (let round = 0; round < 4; round++) {
      const home = join(directory, `round${round}`);
      const last = await killAfter(child, home, random.int(3, 60));
      const found = (await openPersist(home)).found as { number: number; padding: string };
      assert.ok(found.number >= last, `state ${found.number}, acknowledged ${last}`);
      assert.equal(found.padding.length, (found.number * 97) % 20_000);
      const persist = await openPersist(home);
      for (const name of await persist.list()) {
        const bytes = await persist.get(name);
        assert.equal(bytes?.length, 5000);
        assert.ok(
          bytes?.every(byte => byte === bytes[0]),
          'a blob is old or new, never both',
        );
      }
    }
  });
});

describe('state in memory', () => {
  it('keeps blobs, and never calls take', async () => {
    const persist = memoryPersist();
    await persist.save(() => assert.fail('not needed'));
    assert.deepEqual(await persist.list(), []);
    const bytes = Buffer.from('x');
    await persist.put('a', bytes);
    assert.equal(await persist.get('a'), bytes);
    await persist.drop('a');
    assert.equal(await persist.get('a'), undefined);
    await persist.close();
  });
});

/** Runs the writer until it has printed `count` numbers, and kills it. @returns the last number printed */
function killAfter(script: string, home: string, count: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', 'tsx', script, home], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', chunk => {
      output += String(chunk);
      if (output.split('\n').length > count) child.kill('SIGKILL');
    });
    child.on('error', reject);
    child.on('close', () => {
      const lines = output.split('\n').slice(0, -1);
      resolve(Number(lines.at(-1)));
    });
  });
}
