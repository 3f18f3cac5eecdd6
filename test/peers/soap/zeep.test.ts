// zeep, the SOAP client of Python, judges the description and every operation by it: it knows no more than the WSDL.
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { operations } from '../../../acs/north/operations.ts';
import { wsdlOf } from '../../../acs/north/soap/wsdl.ts';
import { TOKEN } from '../../support/acs/api.ts';
import { hasProgram, peerSuite, run } from '../../support/servers/peers.ts';
import { pjsua2Python as python } from '../../support/servers/pjsua2.ts';
import { assertValid } from '../../support/soap/schema.ts';
import { mayFail, type ServedApi, servedApi } from '../../support/soap/served.ts';

interface Told {
  operation: string;
  whole: boolean;
  ok: boolean;
  status?: number;
  code?: string;
  detail?: string;
}

const script = fileURLToPath(new URL('./calls.py', import.meta.url));

peerSuite('SOAP by zeep', { files: [python] }, () => {
  let served: ServedApi;
  let folder: string;
  let told: Told[];
  before(async function () {
    this.timeout(300_000);
    served = await servedApi();
    folder = await mkdtemp(join(tmpdir(), 'tandem-zeep-'));
    const calls = run(python, [script, `${served.url}?wsdl`, TOKEN, JSON.stringify(served.hints), folder], {
      maxBuffer: 1 << 26,
    });
    const { stdout } = await served.whileTimePasses(calls);
    told = stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as Told);
  });
  after(async () => {
    await served.close();
    await rm(folder, { recursive: true });
  });

  it('calls every operation, with all fields and with the needed ones', () => {
    const names = (whole: boolean): string[] => told.filter(each => each.whole === whole).map(each => each.operation);
    const expected = operations.map(({ name }) => name).sort();
    assert.deepEqual([names(true).sort(), names(false).sort()], [expected, expected]);
  });

  it('gets answers and faults that it can read, and no server error', () => {
    const wrong = told.filter(
      ({ ok, operation, status = 0 }) => !ok && (status < 400 || (status >= 500 && !mayFail.has(operation))),
    );
    assert.deepEqual(wrong, []);
  });

  it('succeeds with most operations, and with every list', () => {
    const good = new Set(told.filter(({ ok }) => ok).map(({ operation }) => operation));
    const bad = told
      .filter(({ operation }) => !good.has(operation))
      .map(({ operation, code }) => `${operation} ${code}`);
    assert.ok(good.size > operations.length / 2, `${good.size} of ${operations.length}: ${bad.join(', ')}`);
    for (const { path, method, name } of operations)
      if (method === 'GET' && /^\/[a-z]+$/.test(path)) assert.ok(good.has(name) || mayFail.has(name), name);
  });

  it('gets answers that the schema of the description allows', async function () {
    if (!hasProgram('xmllint')) this.skip();
    const files = (await readdir(folder)).map(name => join(folder, name));
    assert.ok(files.length > operations.length);
    await assertValid(wsdlOf(operations), await Promise.all(files.map(file => readFile(file, 'utf8'))));
  });
});
