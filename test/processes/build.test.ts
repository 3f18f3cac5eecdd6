// The compiled tree: plain JavaScript that runs without a loader, store threads and data models included.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { endPrograms, program } from '../support/processes/process.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

describe('the compiled programs', function () {
  this.timeout(120_000);
  let folder: string;
  const main = (room: string): string => join(folder, 'dist', room, 'main.js');

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tandem-build-'));
    // The neighbours of dist/ in the project.
    for (const name of ['node_modules', 'schemas', 'package.json']) await symlink(join(root, name), join(folder, name));
    const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    const project = join(root, 'tsconfig.build.json');
    await promisify(execFile)(process.execPath, [compiler, '-p', project, '--outDir', join(folder, 'dist')]);
    const pages = ['--import', 'tsx', join(root, 'acs/server/pages/main.ts'), join(folder, 'dist/acs/ui')];
    await promisify(execFile)(process.execPath, pages, { cwd: root });
  });
  after(async () => {
    await endPrograms();
    await rm(folder, { recursive: true, force: true });
  });

  it('has each bin of package.json, which answers --help', async () => {
    const { bin } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { bin: Record<string, string> };
    assert.deepEqual(Object.keys(bin), ['tandem-acs', 'tandem-cpe', 'tandem-pbx']);
    for (const [name, path] of Object.entries(bin)) {
      const file = join(folder, path);
      assert.match(await readFile(file, 'utf8'), /^#!\/usr\/bin\/env node\n/, name);
      const { code, out, err } = await program(file, ['--help']).ended;
      assert.deepEqual([code, err], [0, ''], name);
      assert.match(out, /Usage: /, name);
    }
  });

  it('imports no source file by its .ts name', async () => {
    const { stdout } = await promisify(execFile)('grep', ['-rlE', `from '\\..*\\.ts'`, '--include=*.js', folder]).catch(
      (error: { stdout: string; code: number }) => error, // grep exits 1 when it finds nothing.
    );
    assert.equal(stdout, '');
  });

  it('serves a gateway with store threads, data models and TLS', async () => {
    await writeFile(join(folder, 'enrol-secret'), 'enrol:a-shared-secret\n');
    const data = join(folder, 'data');
    const acs = program(main('acs'), [
      ...['--data', data, '--cwmp', 'https://127.0.0.1:0', '--api', 'http://127.0.0.1:0'],
      ...['--enrol', 'auto', '--enrol-secret', join(folder, 'enrol-secret')],
    ]);
    const ready = await acs.ready();
    const shell = await (await fetch(`${ready.api}/ui/devices`)).text();
    const [, script = ''] = /src="([^"]+)"/.exec(shell) ?? [];
    const sent = await fetch(`${ready.api}${script}`);
    assert.match(`${sent.status} ${sent.headers.get('content-type')}`, /^200 text\/javascript/);
    const authorization = `Bearer ${(await readFile(join(data, 'admin-token'), 'utf8')).trim()}`;
    const preset = { set: { 'Device.X_0090F8_Cwmp.PeriodicInformInterval': 777 } };
    const put = await fetch(`${ready.api}/api/v1/presets/base`, {
      method: 'PUT',
      headers: { authorization },
      body: JSON.stringify(preset),
    });
    assert.equal(put.status, 201, await put.text());
    const gateway = await program(main('cpe'), [
      ...['run', '--once', '--serial', '0090F8000001', '--acs', String((ready.cwmp as string[])[0])],
      ...['--ca', String(ready.ca), '--login', join(folder, 'enrol-secret')],
    ]).ended;
    assert.equal(gateway.code, 0, gateway.out + gateway.err);
    const answer = await fetch(`${ready.api}/api/v1/devices?filter=${encodeURIComponent('state = "enrolled"')}`, {
      headers: { authorization },
    });
    const { items } = (await answer.json()) as { items: { parameterKey: string; wantedRevision: string }[] };
    assert.equal(items.length, 1);
    assert.equal(items[0]?.parameterKey, items[0]?.wantedRevision);
    assert.match(items[0]?.parameterKey ?? '', /^[0-9a-f]{16}$/);
    assert.equal((await acs.stop()).code, 0);
  });
});
