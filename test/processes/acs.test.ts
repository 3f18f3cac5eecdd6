// The ACS as a process: what it says at its start, what it keeps, how it ends, and how it refuses.
import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { DatabaseSync } from '@photostructure/sqlite';
import { acsOptions } from '../../acs/config.ts';
import { start } from '../../acs/server/start.ts';
import { openSqlite } from '../../acs/store/sqlite/store.ts';
import { seededRandom, systemClock } from '../../shared/clock.ts';
import { readOptions, UsageError } from '../../shared/config.ts';
import { createCa } from '../../shared/pki/authority.ts';
import { endPrograms, type Line, npmScript, openAcs, type Program, program } from '../support/processes/process.ts';

const clock = systemClock();
const MAIN = 'acs/main.ts';
const PLAIN = ['--cwmp', 'http://127.0.0.1:0', '--api', 'http://127.0.0.1:0'];

describe('the ACS as a process', function () {
  this.timeout(60_000);
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tandem-acs-'));
  });
  afterEach(async () => {
    await endPrograms();
    await rm(folder, { recursive: true, force: true });
  });

  const data = (): string => join(folder, 'data');
  const token = async (): Promise<string> => (await readFile(join(data(), 'admin-token'), 'utf8')).trim();
  const call = async (ready: Line, path: string, init: RequestInit = {}): Promise<Response> =>
    await fetch(`${ready.api}/api/v1${path}`, { ...init, headers: { authorization: `Bearer ${await token()}` } });
  const run = (...args: string[]): Program => program(MAIN, ['--data', data(), ...args]);

  /** The program refuses: exit code, and one line on stderr that says why. */
  const refused = async (acs: Program, code: number, reason: RegExp): Promise<void> => {
    const ended = await acs.ended;
    assert.match(ended.err, reason);
    assert.equal(ended.err.trimEnd().split('\n').length, 1, ended.err);
    assert.equal(ended.code, code);
  };

  it('passes a signal of npm start on and leaves no process behind', async () => {
    const acs = npmScript('start', openAcs(data()));
    await acs.ready();
    // Its output is closed when the last process that holds it has ended.
    await acs.stop('SIGTERM');
    assert.equal(acs.lines.at(-1)?.msg, 'server stopping');
  });

  it('logs a link that makes the first user, and none where there is one', async () => {
    const first = run(...PLAIN);
    const link = new URL(String((await first.line(({ msg }) => msg === 'first user awaited')).url));
    const page = await fetch(link);
    assert.equal(link.pathname, '/ui/first');
    assert.match(await page.text(), /<div id="app">/);
    const headers = { 'content-type': 'application/json' };
    const user = { code: link.hash.slice(1), name: 'ann', password: 'correct horse battery' };
    const made = await fetch(new URL('/api/v1/session/first', link), {
      ...{ method: 'POST', headers },
      body: JSON.stringify(user),
    });
    assert.equal(made.status, 204);
    await first.stop();
    const second = run(...PLAIN);
    const ready = await second.ready();
    assert.equal((await call(ready, '/users')).status, 200);
    await second.stop();
    assert.ok(!second.lines.some(({ msg }) => msg === 'first user awaited'));
  });

  it('B7: keeps the store readable by its owner alone, also one of an earlier version', async () => {
    const modeOf = async (file: string): Promise<number> => (await stat(join(data(), file))).mode & 0o777;
    const modes = (): Promise<number[]> =>
      Promise.all(['', '-wal', '-shm', '-lock'].map(end => modeOf(`tandem.db${end}`)));
    const first = run(...PLAIN);
    await first.ready();
    assert.deepEqual(await modes(), [0o600, 0o600, 0o600, 0o600]);
    assert.ok(!first.lines.some(({ msg }) => msg === 'file permissions tightened'));
    await first.stop('SIGTERM');
    for (const file of ['tandem.db', 'tandem.db-lock', 'server-key']) await chmod(join(data(), file), 0o644);
    const second = run(...PLAIN);
    await second.ready();
    assert.deepEqual([...(await modes()), await modeOf('server-key')], [0o600, 0o600, 0o600, 0o600, 0o600]);
    const told = second.lines.filter(({ msg }) => msg === 'file permissions tightened').map(({ files }) => files);
    assert.deepEqual(told, [[join(data(), 'server-key')], ['', '-lock'].map(end => join(data(), `tandem.db${end}`))]);
    await second.stop('SIGTERM');
  });

  it('logs its addresses, keeps token, CA and devices over a restart, exits 0 on SIGTERM', async () => {
    const args = ['--cwmp', 'https://127.0.0.1:0', '--api', 'http://127.0.0.1:0'];
    const first = run(...args);
    const ready = await first.ready();
    assert.match(String((ready.cwmp as string[])[0]), /^https:\/\/127\.0\.0\.1:[1-9]\d*$/);
    assert.match(String(ready.api), /^http:\/\/127\.0\.0\.1:[1-9]\d*$/);
    assert.equal(ready.ca, join(data(), 'pki', 'ca.pem'));
    assert.equal(ready.admin, join(data(), 'admin-token'));
    for (const file of ['admin-token', 'server-key', 'pki/ca.key'])
      assert.equal((await stat(join(data(), file))).mode & 0o777, 0o600, file);
    assert.equal((await stat(data())).mode & 0o777, 0o700);
    const kept = [await token(), await readFile(join(data(), 'pki/ca.pem'), 'utf8')];
    const id = '0090F8-4102S-0090F8000001';
    const body = JSON.stringify({ id, credentials: { username: 'u', password: 'secret-password' } });
    assert.equal((await call(ready, '/devices', { method: 'POST', body })).status, 201);
    assert.deepEqual(await first.stop('SIGTERM'), { ...(await first.ended), code: 0, signal: null });
    const log = await stat(join(data(), 'tandem.db-wal')).catch(() => undefined);
    assert.equal(log?.size ?? 0, 0, 'the store was closed: its file is whole by itself');

    const second = run(...args);
    const again = await second.ready();
    assert.deepEqual([await token(), await readFile(join(data(), 'pki/ca.pem'), 'utf8')], kept);
    assert.equal(((await (await call(again, `/devices/${id}`)).json()) as { username: string }).username, 'u');
    assert.equal((await second.stop('SIGINT')).code, 0);
    assert.ok(!(first.text() + second.text()).includes('secret-password'));
    assert.ok(!(first.text() + second.text()).includes(kept[0] ?? '?'), 'the token is not logged');
  });

  it('answers --help without starting anything', async () => {
    const { code, out } = await run('--help').ended;
    assert.equal(code, 0);
    assert.match(out, /--enrol HOW .*\(one of approve, auto; default approve\)/);
    assert.match(
      out,
      /\nEnvironment:\n {2}TANDEM_ADMIN_TOKEN .*\n {2}TANDEM_ADMIN_PASSWORD .*\n {2}TANDEM_OIDC_CLIENT_SECRET .*\n$/,
    );
    await assert.rejects(stat(data()));
  });

  it('refuses wrong options with exit code 2 and one line that names the option', async () => {
    const wrong: [string[], RegExp][] = [
      [['--tls-min', 'SSLv3'], /--tls-min: 'SSLv3' is not one of TLSv1, TLSv1\.1, TLSv1\.2, TLSv1\.3/],
      [['--nonsense'], /Unknown option '--nonsense'/],
      [['stray'], /'stray' is not expected/],
      [['--api', 'http://0.0.0.0:0'], /--api: http:\/\/0.0.0.0:0 would send tokens unencrypted; .*--api-plain/],
      [['--enrol-secret', 'none'], /--enrol-secret: none: ENOENT/],
      [['--oidc-issuer', 'https://id.example'], /--oidc-issuer, --oidc-client-id: both are needed/],
      [
        ['--oidc-issuer', 'http://id.example', '--oidc-client-id', 'x'],
        /--oidc-issuer: http:\/\/id\.example would be asked unencrypted; use https/,
      ],
      [['--config', 'README.md'], /--config: README.md: .*JSON/],
    ];
    await Promise.all(wrong.map(([args, reason]) => refused(run(...args), 2, reason)));
    await refused(program(MAIN, PLAIN, { TANDEM_ENROL: 'x' }), 2, /--enrol: 'x' is not one of approve, auto/);
    await assert.rejects(stat(data()), 'nothing was made');
  });

  it('names each checked option and the values that it takes', async () => {
    const wrong: [string[], RegExp][] = [
      [['--enrol', 'perhaps'], /--enrol: 'perhaps' is not one of approve, auto/],
      [['--cpe-auth', 'some'], /--cpe-auth: 'some' is not one of required, none/],
      [['--log-level', 'loud'], /--log-level: 'loud' is not one of debug, info, warn, error, silent/],
      [['--cwmp', 'ftp://127.0.0.1'], /--cwmp: 'ftp:\/\/127.0.0.1' must begin with https: or http:/],
      [['--cwmp', 'here'], /--cwmp: 'here' is not a URL like/],
      [['--store', 'oracle:x'], /--store: 'oracle:x' must be sqlite:FILE/],
      [['--trusted-proxy', '10.0.0.0/8x'], /--trusted-proxy: '10.0.0.0\/8x' is not an address or network/],
      [['--trusted-proxy', '10.0.0.0/33'], /--trusted-proxy: '10.0.0.0\/33' is not an address or network/],
      [['--cert', 'only.pem'], /--cert and --key must be given in pairs: 1 certificates, 0 keys/],
      [['--cert', 'none.pem', '--key', 'none.key'], /--cert: none.pem: ENOENT/],
      [['--client-ca', 'package.json'], /--client-ca: package.json: contains no PEM certificate/],
      [['--tls-ciphers', 'NOT-A-SUITE'], /--tls-ciphers NOT-A-SUITE: no cipher match/],
    ];
    for (const [args, message] of wrong) {
      const starting = (async () => {
        const { values } = readOptions(acsOptions, { argv: ['--data', data(), ...args] });
        const { acs } = await start(values, { pretty: false, write: () => undefined });
        await acs.close();
      })();
      await assert.rejects(starting, error => error instanceof UsageError && message.test(error.message), `${args}`);
    }
    await assert.rejects(stat(data()), 'nothing was made');
  });

  it('reads --config, which the environment and the command line override', async () => {
    const file = join(folder, 'acs.json');
    await writeFile(
      file,
      JSON.stringify({ data: data(), cwmp: ['http://127.0.0.1:0'], api: 'http://127.0.0.1:0', enrol: 'nope' }),
    );
    await refused(program(MAIN, ['--config', file]), 2, /--enrol: 'nope' is not one of/);
    const acs = program(MAIN, ['--config', file, '--enrol', 'auto'], {
      TANDEM_ADMIN_TOKEN: 'token-from-outside',
      TANDEM_CPE_AUTH: 'none',
    });
    const ready = await acs.ready();
    assert.equal(ready.data, data());
    assert.equal(ready.ca, undefined, 'no TLS, no CA');
    const weak = acs.lines.filter(line => line.msg === 'weak setting').map(line => String(line.weakness));
    assert.deepEqual(weak.length, 3);
    const answer = await fetch(`${ready.api}/api/v1/devices`, {
      headers: { authorization: 'Bearer token-from-outside' },
    });
    assert.equal(answer.status, 200);
    await assert.rejects(stat(join(data(), 'admin-token')));
    assert.equal((await acs.stop()).code, 0);
    await writeFile(file, JSON.stringify({ colour: 'red' }));
    await refused(program(MAIN, ['--config', file]), 2, /'colour' is not an option/);
  });

  it('names an address that is in use in one line and exits 1', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise(resolve => taken.once('listening', resolve));
    const { port } = taken.address() as { port: number };
    const there = new RegExp(`127.0.0.1:${port}: another program listens there already`);
    try {
      await refused(run('--cwmp', 'http://127.0.0.1:0', '--api', `http://127.0.0.1:${port}`), 1, there);
      await refused(run('--cwmp', `http://127.0.0.1:${port}`, '--api', 'http://127.0.0.1:0'), 1, there);
    } finally {
      await new Promise(resolve => taken.close(resolve));
    }
  });

  it('names the problem of its data directory in one line and exits 1', async () => {
    await writeFile(data(), 'a file');
    await refused(run(...PLAIN), 1, /--data: .*data: (EEXIST|ENOTDIR)/);
    await rm(data());
    await mkdir(join(data(), 'server-key'), { recursive: true });
    await refused(run(...PLAIN), 1, /--data: .*server-key: EISDIR/);
    await rm(join(data(), 'server-key'), { recursive: true });
    await writeFile(join(data(), 'server-key'), 'short');
    await refused(run(...PLAIN), 1, /--data: .*server-key: not 32 bytes/);
    await rm(join(data(), 'server-key'));
    await mkdir(join(data(), 'pki'), { recursive: true });
    await writeFile(join(data(), 'pki/ca.pem'), 'no certificate');
    await writeFile(join(data(), 'pki/ca.key'), 'no key');
    await refused(run('--cwmp', 'https://127.0.0.1:0', '--api', 'http://127.0.0.1:0'), 1, /--data: .*ca\.pem/);
  });

  it('names the problem of its database in one line and exits 1', async () => {
    await mkdir(data());
    const file = join(data(), 'tandem.db');
    await writeFile(file, 'this is no database '.repeat(100));
    await refused(run(...PLAIN), 1, /tandem\.db: it is no database/);
    await rm(file);
    await (await openSqlite({ file, clock, inThread: true })).close();
    const db = new DatabaseSync(file);
    db.exec('PRAGMA user_version = 999');
    db.close();
    await refused(run(...PLAIN), 1, /tandem\.db was written by a newer version/);
    await refused(run(...PLAIN, '--store', `sqlite:${join(folder, 'none', 'x.db')}`), 1, /x\.db.* cannot be opened/);
  });

  it('refuses a data directory that another process uses', async () => {
    const first = run(...PLAIN);
    await first.ready();
    await refused(run(...PLAIN), 1, /another program holds it/);
    assert.equal((await first.stop()).code, 0);
  });

  it('serves the given certificate and reloads it when its files change', async () => {
    const random = seededRandom(3);
    const ca = await createCa({ name: 'Given CA', key: 'ec', clock, random });
    const [cert, key] = [join(folder, 'server.pem'), join(folder, 'server.key')];
    const put = async (commonName: string): Promise<void> => {
      const issued = await ca.issue({ commonName, ips: ['127.0.0.1'], usage: ['server'], key: 'ec' });
      await writeFile(key, issued.key);
      await writeFile(cert, issued.chain);
    };
    const nameAt = (url: string): Promise<string> =>
      new Promise((resolve, reject) => {
        const { hostname, port } = new URL(url);
        const socket = connect({ host: hostname, port: Number(port), ca: ca.cert, maxVersion: 'TLSv1.2' }, () => {
          resolve(String(socket.getPeerCertificate().subject.CN));
          socket.end();
        });
        socket.on('error', reject);
      });

    await put('first');
    const other = await ca.issue({ commonName: 'other', usage: ['server'], key: 'ec' });
    await writeFile(join(folder, 'other.key'), other.key);
    const mixed = ['--cert', cert, '--key', join(folder, 'other.key')];
    await refused(run(...PLAIN, ...mixed), 2, /--cert .*server\.pem, --key .*other\.key: key values mismatch/i);
    const acs = run('--cwmp', 'https://127.0.0.1:0', '--api', 'https://127.0.0.1:0', '--cert', cert, '--key', key);
    const ready = await acs.ready();
    assert.equal(ready.ca, undefined);
    const urls = [String((ready.cwmp as string[])[0]), String(ready.api)];
    assert.deepEqual(await Promise.all(urls.map(nameAt)), ['first', 'first']);
    await put('second');
    await acs.line(line => line.msg === 'certificates renewed');
    assert.deepEqual(await Promise.all(urls.map(nameAt)), ['second', 'second']);
    await writeFile(cert, 'half a cert');
    await acs.line(line => line.msg === 'certificates not renewed');
    assert.deepEqual(await Promise.all(urls.map(nameAt)), ['second', 'second'], 'the old one goes on serving');
    assert.equal((await acs.stop()).code, 0);
  });
});
