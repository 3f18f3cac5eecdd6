// The ACS as a process on a disk that is full, cannot be written or fails, in the middle of its work, and works again.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkFile } from '../../acs/store/sqlite/backup.ts';
import { eventually } from '../support/eventually.ts';
import { compileDiskFault, type FaultyDisk, faultyDisk } from '../support/processes/faulty-disk.ts';
import { type Lanes, startLanes } from '../support/processes/lanes.ts';
import { endPrograms, openAcs, type Program, program } from '../support/processes/process.ts';
import { missing, peerSuite, run } from '../support/servers/peers.ts';

const { ENOSPC, EROFS, EIO } = constants.errno;
const LANES = 8;

interface Expected {
  /** Of the API: status and code. */
  refusal: string;
  reason: RegExp;
  /** Of a start on such a disk. */
  start: RegExp;
}

const full: Expected = { refusal: '507 store-full', reason: /the disk is full/, start: /the disk is full/ };
const failing: Expected = { refusal: '503 store-io', reason: /the disk fails/, start: /the disk fails/ };
const readOnly: Expected = { ...failing, start: /cannot be (written|opened)/ };

const serve = (data: string, { env }: FaultyDisk): Program => program('acs/main.ts', openAcs(data), env);

interface Reached {
  cwmp: string;
  api: string;
  token: string;
}

async function reach(acs: Program, data: string): Promise<Reached> {
  const ready = await acs.ready();
  return {
    cwmp: String((ready.cwmp as string[])[0]),
    api: String(ready.api),
    token: (await readFile(join(data, 'admin-token'), 'utf8')).trim(),
  };
}

async function readiness(api: string): Promise<[number, string]> {
  const answer = await fetch(`${api}/readyz`);
  return [answer.status, await answer.text()];
}

/** Breaks the disk twice under a busy server, and looks at its answers, its log and its next starts. */
async function breakTwice(data: string, disk: FaultyDisk, expected: Expected): Promise<void> {
  const acs = serve(data, disk);
  const about = await reach(acs, data);
  const lanes = startLanes(about, { count: LANES, prefix: 'A' });
  for (const round of [1, 2]) await breakAndHeal(about, disk, { expected, lanes, round });
  await lanes.stop();
  assertLogged(acs);
  await assertKept(about, lanes);
  assert.equal((await acs.stop()).code, 0);
  assert.deepEqual((await checkFile(join(data, 'tandem.db'))).problems, []);
  await assertNoStart(data, disk, expected.start);
  const last = serve(data, disk);
  const { api } = await last.ready();
  await assertKept({ ...about, api: String(api) }, lanes);
  assert.equal((await last.stop()).code, 0);
}

async function breakAndHeal(
  about: Reached,
  disk: FaultyDisk,
  { expected, lanes, round }: { expected: Expected; lanes: Lanes; round: number },
): Promise<void> {
  const { api } = about;
  const { seen } = lanes;
  const before = seen.informed.length;
  await eventually(
    'sessions and calls',
    () => seen.informed.length > before + 60 && seen.announced.length > 60,
    30_000,
  );
  await disk.fail();
  const [, text] = await eventually(
    'not ready',
    async () => {
      const found = await readiness(api);
      return found[0] === 503 ? found : undefined;
    },
    30_000,
  );
  assert.match(text, /^not ready: /);
  assert.match(text, expected.reason);
  lanes.forgetRefusals();
  const acknowledged = seen.informed.length + seen.announced.length;
  await eventually('many refusals', () => lanes.refusals() > 400, 30_000);
  assert.deepEqual([...seen.refused.keys()].sort(), [expected.refusal, 'fault 8002'].sort());
  // Requests that were in flight when the disk was found to be full may still be acknowledged; nothing new is taken.
  assert.ok(seen.informed.length + seen.announced.length <= acknowledged + LANES, 'nothing is acknowledged meanwhile');
  assert.equal((await fetch(`${api}/healthz`)).status, 200, 'the process lives');
  assert.equal((await getDevices(about)).status, 200, 'and can be read');
  await disk.heal();
  await eventually('ready again', async () => (await readiness(api))[0] === 200, 30_000);
  lanes.forgetRefusals();
  const again = seen.informed.length;
  await eventually('sessions again', () => seen.informed.length > again + 50, 30_000);
  assert.deepEqual([...seen.refused], [], `round ${round}: nothing is refused any more`);
}

/** The log names the trouble once each time, not by each session. */
function assertLogged(acs: Program): void {
  const said = acs.lines.filter(({ level }) => level === 'error' || level === 'warn');
  const unaudited = said.filter(({ msg }) => msg === 'audit entry not stored');
  assert.ok(
    unaudited.every(({ status }) => Number(status) < 400) && unaudited.length <= 2 * LANES,
    'only what was done',
  );
  const usual = ['weak setting', 'audit entry not stored'];
  const weak = said.map(({ msg }) => msg).filter(msg => !usual.includes(String(msg)));
  assert.deepEqual(new Set(weak), new Set(['store not writable']));
  assert.equal(weak.length, 2, 'said once each time, not by each session');
  assert.equal(acs.lines.filter(({ msg }) => msg === 'store writable again').length, 2);
}

async function assertNoStart(data: string, disk: FaultyDisk, start: RegExp): Promise<void> {
  await disk.fail();
  const second = serve(data, disk);
  const refused = await Promise.race([
    second.ended,
    second.ready().then(
      () => assert.fail('it started'),
      () => second.ended,
    ),
  ]);
  await disk.heal();
  assert.equal(refused.code, 1, refused.out);
  assert.match(refused.err, start);
  assert.equal(refused.err.trimEnd().split('\n').length, 1, refused.err);
}

const getDevices = async ({ api, token }: { api: string; token: string }, query = ''): Promise<Response> =>
  await fetch(`${api}/api/v1/devices${query}`, { headers: { authorization: `Bearer ${token}` } });

async function assertKept(about: { api: string; token: string }, { seen }: Lanes): Promise<void> {
  const known = new Set<string>();
  for (let cursor: string | null = ''; cursor !== null; ) {
    const answer = await getDevices(about, `?limit=500${cursor ? `&cursor=${cursor}` : ''}`);
    assert.equal(answer.status, 200);
    const page = (await answer.json()) as { items: { id: string }[]; next: string | null };
    for (const { id } of page.items) known.add(id);
    cursor = page.next;
  }
  const lost = [...seen.informed, ...seen.announced].filter(id => !known.has(id));
  assert.deepEqual(lost, [], 'nothing acknowledged is lost');
}

peerSuite('the ACS on a disk that does not take anything', { programs: ['gcc'] }, function () {
  this.timeout(60_000);
  let folder: string;
  let library: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tandem-disk-'));
    library = await compileDiskFault(folder);
  });
  afterEach(endPrograms);
  after(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  const faults: [name: string, error: number, expected: Expected][] = [
    ['is full (ENOSPC)', ENOSPC, full],
    ['cannot be written any more (EROFS)', EROFS, readOnly],
    ['fails (EIO)', EIO, failing],
  ];
  for (const [name, error, expected] of faults)
    it(`refuses clearly while the disk ${name}, logs it once and recovers by itself`, async () => {
      const data = join(folder, `errno-${error}`);
      await breakTwice(data, await faultyDisk(library, data, error), expected);
    });
});

const canMount = (): boolean => {
  if (missing({ programs: ['mount', 'umount'], root: true }).length > 0) return false;
  try {
    // A namespace of its own: nothing stays mounted.
    execFileSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { stdio: 'ignore' });
    return true;
  } catch {
    return false; // Not permitted here: the suite below says what is missing.
  }
};

describe('the ACS on a disk that is really full', function () {
  this.timeout(60_000);
  if (!canMount()) {
    it('skipped: needs root and the right to mount');
    return;
  }
  let place: string;
  before(async () => {
    place = await mkdtemp(join(tmpdir(), 'tandem-full-'));
    await run('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', place]);
  });
  afterEach(endPrograms);
  after(async () => {
    await run('umount', ['--lazy', place]);
    await rm(place, { recursive: true });
  });

  it('refuses clearly while the disk is full, logs it once and recovers by itself', async () => {
    const data = join(place, 'data');
    await mkdir(data, { mode: 0o700 });
    const ballast = join(place, 'ballast');
    const fail = async (): Promise<void> => {
      const file = await open(ballast, 'w');
      try {
        for (let size = 65_536; size >= 1; ) {
          try {
            await file.write(Buffer.alloc(size));
          } catch (error) {
            if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
            size = Math.floor(size / 2);
          }
        }
      } finally {
        await file.close();
      }
    };
    await breakTwice(data, { env: {}, fail, heal: () => rm(ballast) }, full);
  });
});
