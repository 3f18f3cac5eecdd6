// An import of 100 MB: previewed over sockets, with the store in a file and on threads of its own.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { openSqlite } from '../../acs/store/sqlite/store.ts';
import { VirtualClock } from '../../shared/clock.ts';
import { type Json, type TestApi, TOKEN, testApi } from '../support/acs/api.ts';

const MB = 1024 * 1024;
const LINE = 1000;
const COUNT = Math.ceil((100 * MB) / LINE / 100) * 100;
const idOf = (at: number): string => `0A0001-Box-${String(at).padStart(6, '0')}`;

async function writeCsv(file: string): Promise<void> {
  const lines = function* (): Generator<string> {
    yield 'id,site.note\n';
    for (let at = 0; at < COUNT; at++) yield `${idOf(at)},${'n'.repeat(LINE - 22)}\n`;
  };
  await pipeline(Readable.from(lines()), createWriteStream(file));
}

/** Sends the file from a process of its own, so that memory and turns are those of the server. @returns the answer */
async function sendFile(url: string, file: string): Promise<Json> {
  const script = `
    const headers = { 'content-type': 'text/csv', authorization: 'Bearer ${TOKEN}' };
    const request = require('node:http').request('${url}', { method: 'POST', headers }, answer => answer.pipe(process.stdout));
    require('node:fs').createReadStream('${file}').pipe(request);`;
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', script]);
  return JSON.parse(stdout) as Json;
}

describe('a preview of 100 MB of devices', () => {
  let api: TestApi;
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tandem-import-'));
    const clock = new VirtualClock();
    api = await testApi({ beside: { clock, store: await openSqlite({ file: join(folder, 'acs.db'), clock }) } });
  });
  afterEach(async () => {
    await api.close();
    await api.acs.store.close();
    await rm(folder, { recursive: true });
  });

  it('takes little memory and no long turn of the event loop', async function () {
    this.timeout(300_000);
    const file = join(folder, 'devices.csv');
    await writeCsv(file);
    const server = await api.rest.listen({ host: '127.0.0.1', port: 0 });
    const used = (): number => process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
    const before = used();
    let most = before;
    const late: number[] = [];
    let last = performance.now();
    const timer = setInterval(() => {
      late.push(performance.now() - last - 5);
      last = performance.now();
      most = Math.max(most, used());
    }, 5);
    const report = await sendFile(`${server}/api/v1/devices?dryRun=true`, file);
    clearInterval(timer);
    assert.equal(report.new, COUNT);
    late.sort((a, b) => b - a);
    const grown = Math.round((most - before) / MB);
    console.log(`      ${grown} MB more, longest turns ${late.slice(0, 5).map(Math.round).join(' ')} ms`);
    assert.ok(grown < 80, `${grown} MB`);
    assert.ok((late[Math.floor(late.length / 1000)] ?? 0) < 100, `turns of ${late.slice(0, 5).join(' ')} ms`);
  });
});
