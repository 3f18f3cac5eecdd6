// The end of a program whose work can never end.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { fileURLToPath } from 'node:url';
import { settled } from '../../shared/program.ts';

const PROGRAM = new URL('../../shared/program.ts', import.meta.url).href;

describe('program', () => {
  it('F1: ends with 1 and one line when nothing can settle the awaited work', function () {
    this.timeout(30_000);
    const source = `import { settled } from '${PROGRAM}'; process.exitCode = await settled(process, 'x', new Promise(() => undefined));`;
    const { status, stderr } = spawnSync(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '--eval', source],
      { encoding: 'utf8', cwd: fileURLToPath(new URL('../..', import.meta.url)) },
    );
    assert.equal(status, 1);
    assert.match(stderr, /^x: ended early: [^\n]+\n/);
  });

  it('F1: says nothing where the work settles, and hands on how it ended', async () => {
    const written: string[] = [];
    const host = Object.assign(new EventEmitter(), { stderr: { write: (text: string) => written.push(text) } });
    assert.equal(await settled(host, 'x', Promise.resolve(3)), 3);
    await assert.rejects(settled(host, 'x', Promise.reject(new Error('no'))), /no/);
    host.emit('beforeExit');
    assert.deepEqual(written, []);
  });
});
