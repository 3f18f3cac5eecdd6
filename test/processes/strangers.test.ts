// An ACS with a heap of 512 MB, attacked by senders that have proved nothing: a device beside them is served throughout.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { MAX_PER_CONNECTION } from '../../acs/south/admission/session-places.ts';
import { systemRandom } from '../../shared/clock.ts';
import { answerChallenge, chooseDigest, parseChallenges } from '../../shared/net/digest.ts';
import { DialectCpe } from '../support/cpe/dialect-cpe.ts';
import { dialects, writer } from '../support/cpe/dialects.ts';
import { type RawAnswer, RawConnection } from '../support/cpe/raw-cpe.ts';
import { eventually } from '../support/eventually.ts';
import { endPrograms, type Program, program } from '../support/processes/process.ts';

const ATTACK_MS = 8000;
const id = '00D0D0-Box-A%2D1';

/** An Inform that claims the id of the device, with parts of the attacker's choice. */
function informOf(serial: string, name: string): string {
  const write = writer(dialects[0]!);
  const list = write.list('ParameterList', 'cwmp:ParameterValueStruct', [
    `<ParameterValueStruct><Name>${name}</Name><Value>x</Value></ParameterValueStruct>`,
  ]);
  const identity = `<Manufacturer>M</Manufacturer><OUI>00D0D0</OUI><ProductClass>Box</ProductClass><SerialNumber>${serial}</SerialNumber>`;
  const events = write.list('Event', 'cwmp:EventStruct', []);
  return write.envelope(write.message('Inform', `<DeviceId>${identity}</DeviceId>${events}${list}`), '1');
}

/** Asks for 300 s of silence. */
const PATIENT = '<t:SessionTimeout xmlns:t="urn:dslforum-org:cwmp-1-2">300</t:SessionTimeout>';

const residentMb = ({ child }: Program): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1024;

describe('strangers at a process', function () {
  this.timeout(120_000);
  let folder = '';
  afterEach(async () => {
    await endPrograms();
    await rm(folder, { recursive: true, force: true });
  });

  const start = async (enrol = 'auto'): Promise<{ acs: Program; cwmp: string; api: string }> => {
    folder = await mkdtemp(join(tmpdir(), 'tandem-strangers-'));
    await writeFile(join(folder, 'enrol'), 'enrol:factory', { mode: 0o600 });
    const addresses = ['--cwmp', 'http://127.0.0.1:0', '--api', 'http://127.0.0.1:0'];
    const enrolment = ['--enrol', enrol, '--enrol-secret', join(folder, 'enrol')];
    const acs = program('acs/main.ts', ['--data', folder, ...addresses, ...enrolment], {
      NODE_OPTIONS: '--max-old-space-size=512',
      TANDEM_ADMIN_TOKEN: 'token-of-this-test-1234567890',
    });
    const { cwmp, api } = (await acs.ready()) as unknown as { cwmp: string[]; api: string };
    return { acs, cwmp: cwmp[0] ?? '', api };
  };

  const attack = async (cwmp: string, until: number): Promise<number> => {
    const bomb = gzipSync(informOf('-'.repeat(15 * 1024 * 1024), 'A'));
    const sections = Buffer.from(informOf('A-1', '<![CDATA[A]]>'.repeat(36)));
    const { host } = new URL(cwmp);
    let sent = 0;
    while (performance.now() < until) {
      const connection = await RawConnection.open(cwmp);
      for (const [body, headers] of [
        [bomb, ['Authorization: x', 'Content-Encoding: gzip']],
        [bomb, ['Cookie: tandem=x', 'Content-Encoding: gzip']],
        [sections, []],
      ] as const) {
        const head = ['POST / HTTP/1.1', `Host: ${host}`, ...headers, `Content-Length: ${body.length}`];
        assert.equal((await connection.request(head, body)).status, 401);
        sent++;
      }
      connection.close();
    }
    return sent;
  };

  /** Opens session after session and leaves them silent, over one connection as long as that stays open. @returns the statuses so far */
  const hoard = async (cwmp: string, until: () => boolean): Promise<{ statuses: number[]; done: Promise<void> }> => {
    const { host } = new URL(cwmp);
    const statuses: number[] = [];
    let connection = await RawConnection.open(cwmp, '127.0.0.2');
    const post = async (body: string, login: string[]): Promise<RawAnswer> =>
      await connection.request(['POST / HTTP/1.1', `Host: ${host}`, ...login, `Content-Length: ${body.length}`], body);
    const challenge = chooseDigest(parseChallenges((await post('', [])).headers.get('www-authenticate')));
    assert.ok(challenge);
    const login = {
      challenge,
      username: 'enrol',
      password: 'factory',
      method: 'POST',
      uri: '/',
      random: systemRandom(),
    };
    const run = async (): Promise<void> => {
      for (let nc = 1; !until(); nc++) {
        const body = informOf(`X${nc}`, 'A').replace(/(?=<.[\w-]+:Header>)/, PATIENT);
        const { status, headers } = await post(body, [`Authorization: ${answerChallenge({ ...login, nc })}`]);
        statuses.push(status);
        if (headers.get('connection') === 'close') connection = await RawConnection.open(cwmp, '127.0.0.2');
      }
      connection.close();
    };
    return { statuses, done: run() };
  };

  it('B1: lets a CPE in within 1 s while the shared login opens sessions from another address', async () => {
    const { cwmp } = await start('approve');
    let isOver = false;
    const { statuses, done } = await hoard(cwmp, () => isOver);
    await eventually('a thousand sessions are asked for', () => statuses.length >= 1000, 60_000);
    const dialect = dialects.find(({ login }) => login)!;
    // Each session has to end well; of their times the least counts, as other programs take the machine from all.
    const times = await Promise.all(
      ['A-1', 'A-2', 'A-3', 'A-4', 'A-5'].map(async serial => {
        const began = performance.now();
        await new DialectCpe(`${cwmp}/acs`, dialect, serial).session([['0 BOOTSTRAP'], ['1 BOOT']]);
        return performance.now() - began;
      }),
    );
    const before = statuses.length;
    await eventually('the attack goes on', () => statuses.length > before);
    isOver = true;
    await done;
    assert.ok(Math.min(...times) < 1000, `${Math.round(Math.min(...times))} ms`);
    const first = statuses.indexOf(503);
    assert.ok(first > 0 && first <= MAX_PER_CONNECTION, `${first} sessions over the first connection`);
  });

  it('A1, A3: serves a device within 1 s beside bombs and CDATA, and frees its memory', async () => {
    const { acs, cwmp, api } = await start();
    const cpe = new DialectCpe(`${cwmp}/acs`, dialects.find(({ login }) => login)!, 'A-1');
    await cpe.session([['0 BOOTSTRAP'], ['1 BOOT']]);
    const headers = { authorization: 'Bearer token-of-this-test-1234567890', 'content-type': 'application/json' };
    const url = `${api}/api/v1/devices/${encodeURIComponent(id)}/trace`;
    assert.equal((await fetch(url, { method: 'PUT', headers, body: '{"on":true}' })).status, 200);
    const before = residentMb(acs);
    const until = performance.now() + ATTACK_MS;
    const attacks = [attack(cwmp, until), attack(cwmp, until)];
    let slowest = 0;
    let sessions = 0;
    for (; performance.now() < until; sessions++) {
      const began = performance.now();
      await cpe.session([['2 PERIODIC']]);
      slowest = Math.max(slowest, performance.now() - began);
    }
    const sent = (await Promise.all(attacks)).reduce((sum, count) => sum + count, 0);
    assert.ok(sent > 20 && sessions > 5, `${sent} attacks, ${sessions} sessions`);
    assert.ok(slowest < 1000, `${Math.round(slowest)} ms`);
    await eventually('the memory returns', () => residentMb(acs) < before + 150, 60_000, 1000);
    for (const line of acs.lines) assert.ok(JSON.stringify(line).length < 5000);
  });
});
