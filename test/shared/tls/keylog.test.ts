// The key log: its file, its warning, and the programs that write it: both ends of a connection log the same secrets.
import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import { BlockList } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPoster } from '../../../acs/north/webhook-sender.ts';
import { systemClock, systemRandom } from '../../../shared/clock.ts';
import { UsageError } from '../../../shared/config.ts';
import { createLog, silentLog } from '../../../shared/log.ts';
import { createCa } from '../../../shared/pki/authority.ts';
import { openKeyLog } from '../../../shared/tls/keylog.ts';
import { endPrograms, openAcs, program } from '../../support/processes/process.ts';
import { startVoice } from '../../support/processes/voice-units.ts';

const env = { clock: systemClock(), random: systemRandom() };
/** Secrets by client random. */
const secretsIn = async (file: string): Promise<string[]> =>
  (await readFile(file, 'utf8'))
    .split('\n')
    .filter(line => /^(CLIENT_RANDOM|CLIENT_TRAFFIC_SECRET_0) [0-9a-f]{64} [0-9a-f]+$/.test(line))
    .sort();

describe('TLS key log', function () {
  this.timeout(60_000);
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'keylog-'));
  });
  afterEach(endPrograms);
  after(() => rm(folder, { recursive: true, force: true }));

  it('appends to a file for its owner alone, and warns once', async () => {
    const file = join(folder, 'a.log');
    await writeFile(file, 'before\n');
    await chmod(file, 0o644);
    const lines: string[] = [];
    const log = createLog({ clock: env.clock, level: 'debug', write: line => lines.push(line), pretty: false });
    const keys = openKeyLog(file, log);
    keys.write(Buffer.from('CLIENT_RANDOM 1 2\n'));
    keys.write(Buffer.from('CLIENT_RANDOM 3 4\n'));
    keys.close();
    keys.write(Buffer.from('late\n'));
    assert.equal(await readFile(file, 'utf8'), 'before\nCLIENT_RANDOM 1 2\nCLIENT_RANDOM 3 4\n');
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? '', /"level":"warn".*"TLS key log opened"/);
  });

  it('refuses a file that cannot be opened, and logs a full disk once', () => {
    assert.throws(() => openKeyLog(join(folder, 'none', 'x'), silentLog), UsageError);
    const lines: string[] = [];
    const log = createLog({ clock: env.clock, level: 'error', write: line => lines.push(line), pretty: false });
    const keys = openKeyLog('/dev/full', log);
    for (let at = 0; at < 3; at++) keys.write(Buffer.from('x\n'));
    keys.close();
    assert.equal(lines.filter(line => line.includes('TLS keys not written')).length, 1);
  });

  it('has the same secrets at the ACS and at the gateway', async () => {
    const data = join(folder, 'acs');
    const [ours, theirs] = [join(folder, 'acs.log'), join(folder, 'unit.log')];
    const [, , , , ...open] = openAcs(data);
    const acs = program('acs/main.ts', ['--data', data, '--cwmp', 'https://127.0.0.1:0', ...open, '--keylog', ours]);
    const ready = await acs.ready();
    const [url = ''] = ready.cwmp as string[];
    const ca = ['--ca', join(data, 'pki', 'ca.pem')];
    const unit = program('cpe/main.ts', ['run', '--acs', url, ...ca, '--once', '--keylog', theirs]);
    assert.equal((await unit.ended).code, 0, unit.text());
    assert.deepEqual(await secretsIn(ours), await secretsIn(theirs));
    assert.ok((await secretsIn(ours)).length >= 1);
  });

  it('has the same secrets at the SIP server and at the unit', async () => {
    const ours = join(folder, 'pbx.log');
    const theirs = join(folder, 'sip.log');
    const voice = await startVoice('--keylog', ours);
    await voice.unit('100', '--keylog', theirs);
    assert.deepEqual(await secretsIn(ours), await secretsIn(theirs));
    assert.equal((await secretsIn(ours)).length, 1);
    await voice.stop();
  });

  it('has the secrets of a webhook', async () => {
    const authority = await createCa({ name: 'Test CA', key: 'ec', ...env });
    const { chain, key } = await authority.issue({ commonName: '127.0.0.1', ips: ['127.0.0.1'], usage: ['server'] });
    const server = createServer({ cert: chain, key }, (_request, response) => response.end());
    const theirs: string[] = [];
    server.on('keylog', line => theirs.push(String(line)));
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const allowed = new BlockList();
    allowed.addAddress('127.0.0.1');
    const ours: string[] = [];
    const poster = createPoster(allowed, line => ours.push(String(line)));
    const url = `https://127.0.0.1:${(server.address() as { port: number }).port}/`;
    // The sender does not know the CA: the handshake ends there, and its keys are logged nevertheless.
    await assert.rejects(poster.post(url, { headers: {}, body: '', signal: AbortSignal.timeout(5000) }));
    assert.ok(ours.some(line => theirs.includes(line)));
    await poster.close();
    server.close();
  });
});
