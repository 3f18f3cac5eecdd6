// Secrets in the files that the programs write on demand, and in their logs.
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endPrograms, program } from '../support/processes/process.ts';

const id = '0090F8-4102S-0090F8000001';
const words = { login: 'SEKRITproc1', cpe: 'SEKRITproc2', preset: 'SEKRITproc3', url: 'SEKRITproc4' };

describe('secrets of the programs', function () {
  this.timeout(90_000);
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tandem-secrets-'));
  });
  afterEach(async () => {
    await endPrograms();
    await rm(folder, { recursive: true, force: true });
  });

  const wired = async (side: string): Promise<string> => {
    const names = await readdir(join(folder, side));
    assert.ok(names.length > 4, side);
    return (await Promise.all(names.map(name => readFile(join(folder, side, name), 'utf8')))).join('\n');
  };

  /** A session in which a preset is applied. @returns what both sides have logged and recorded */
  const play = async (...options: string[]): Promise<Record<'acs' | 'cpe' | 'logs', string>> => {
    await writeFile(join(folder, 'login'), `enrol:${words.login}`, { mode: 0o600 });
    const at = ['--cwmp', 'http://127.0.0.1:0', '--api', 'http://127.0.0.1:0', '--log-level', 'debug'];
    const enrol = ['--enrol', 'auto', '--enrol-secret', join(folder, 'login')];
    const data = join(folder, 'data');
    const acs = program('acs/main.ts', ['--data', data, ...at, ...enrol, '--wire', join(folder, 'acs'), ...options]);
    const ready = await acs.ready();
    const headers = {
      authorization: `Bearer ${(await readFile(join(data, 'admin-token'), 'utf8')).trim()}`,
      'content-type': 'application/json',
    };
    const set = {
      'Device.X_0090F8_Snmp.Community': words.preset,
      'Device.X_0090F8_Moh.Password': words.preset,
      'Device.X_0090F8_Conf.ScriptsTransferUsername': `http://u:${words.url}@h/`,
    };
    const body = JSON.stringify({ set });
    const put = await fetch(`${ready.api}/api/v1/presets/p`, { method: 'PUT', headers, body });
    assert.equal(put.status, 201, await put.text());
    const cpe = program('cpe/main.ts', [
      ...['run', '--once', '--acs', String((ready.cwmp as string[])[0]), '--login', join(folder, 'login')],
      ...['--serial', '0090F8000001', '--log-level', 'debug', '--wire', join(folder, 'cpe')],
      ...['--set', `Snmp.PrivPassword=${words.cpe}`, ...options],
    ]);
    assert.equal((await cpe.ended).code, 0);
    const known = await fetch(`${ready.api}/api/v1/devices/${id}`, { headers });
    assert.equal(known.status, 200);
    await acs.stop('SIGTERM');
    return { acs: await wired('acs'), cpe: await wired('cpe'), logs: acs.text() + cpe.text() };
  };
  const foundIn = (text: string): string[] =>
    Object.entries(words).flatMap(([door, word]) => (text.includes(word) ? [door] : []));

  it('B7: are in no log at any level, and in no wire log of either side', async () => {
    for (const [place, text] of Object.entries(await play())) {
      assert.deepEqual(foundIn(text), [], `${place}: ${text}`);
      if (place !== 'logs') assert.match(text, /Snmp\.Community<\/Name><Value[^>]*>\*\*\*</, place);
    }
  });

  it('B7: are in the wire logs on demand (--wire-secrets), and still in no log', async () => {
    const { acs, cpe, logs } = await play('--wire-secrets');
    assert.ok(acs.includes(words.preset) && cpe.includes(words.preset));
    assert.deepEqual(foundIn(logs), []);
  });
});
