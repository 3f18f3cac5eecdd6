// The crate mykey judges the keys of our MIKEY, and its covering and MAC, on random input.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Random, seededRandom } from '../../../shared/clock.ts';
import { messageKeys, trafficKeys } from '../../../shared/mikey/derivation.ts';
import { encodeMessage, type MikeyMessage } from '../../../shared/mikey/message.ts';
import { coverKeys, sealed } from '../../../shared/mikey/protection.ts';
import { peerSuite } from '../../support/servers/peers.ts';

const INPUTS = 1000;
const source = fileURLToPath(new URL('mykey', import.meta.url));
/** Kept from run to run; the first one fetches the crate. */
const target = join(tmpdir(), 'tandem-mykey');
const BUILD_MS = 600_000;
const FETCH_MS = 300_000;

const hex = (...parts: Buffer[]): string => parts.map(part => part.toString('hex')).join(' ');
const numberOf = (bytes: Buffer): number => bytes.readUInt32BE();

/** @returns a line for each line */
async function asked(lines: readonly string[]): Promise<string[]> {
  const child = spawn(join(target, 'release', 'mykey-oracle'));
  let said = '';
  child.stdout.on('data', chunk => {
    said += String(chunk);
  });
  const ended = new Promise(resolve => child.once('close', resolve));
  child.stdin.end(`${lines.join('\n')}\n`);
  assert.equal(await ended, 0);
  return said.trim().split('\n');
}

/** @param make one question, and our answer to it */
async function judged(make: (random: Random) => { question: string; ours: string }): Promise<void> {
  const random = seededRandom(3830);
  const pairs = Array.from({ length: INPUTS }, () => make(random));
  const theirs = await asked(pairs.map(({ question }) => question));
  for (const [at, { question, ours }] of pairs.entries()) assert.equal(ours, theirs[at], question);
}

peerSuite('MIKEY against the crate mykey', { programs: ['cargo'] }, function () {
  this.timeout(BUILD_MS);
  before(async function () {
    const run = promisify(execFile);
    try {
      await run('cargo', ['fetch', '--locked'], { cwd: source, timeout: FETCH_MS });
    } catch (error) {
      console.warn('skipped: the crate mykey cannot be fetched:', error);
      this.skip();
    }
    await run('cargo', ['build', '--release', '--locked', '--offline', '--target-dir', target], { cwd: source });
  });

  it(`makes the same keys of ${INPUTS} random inputs (RFC 3830 4.1)`, () =>
    judged(random => {
      const [inkey, csb, rand] = [random.bytes(random.int(1, 100)), random.bytes(4), random.bytes(random.int(16, 255))];
      const csId = random.int(1, 254);
      const bundle = { csbId: numberOf(csb), rand };
      const { key, salt } = trafficKeys(inkey, csId, bundle, { keyBytes: 16, saltBytes: 14 });
      const keys = messageKeys(inkey, bundle);
      return {
        question: `k ${hex(inkey, Buffer.from([csId]), csb, rand)}`,
        ours: hex(key, salt, keys.encryption, keys.mac, keys.salt),
      };
    }));

  it(`covers ${INPUTS} random keys alike (4.2.3)`, () =>
    judged(random => {
      const [key, salt, csb, time] = [random.bytes(16), random.bytes(14), random.bytes(4), random.bytes(8)];
      const data = random.bytes(random.int(1, 200));
      const keys = { encryption: key, salt, mac: Buffer.alloc(0) };
      return {
        question: `c ${hex(key, salt, csb, time, data)}`,
        ours: hex(coverKeys(keys, numberOf(csb), time, data)),
      };
    }));

  it(`gives ${INPUTS} random messages the same MAC (5.2)`, () =>
    judged(random => {
      const mac = random.bytes(20);
      const empty = Buffer.alloc(0);
      const message: MikeyMessage = {
        ...{ type: 'answer', wantsAnswer: false, csbId: random.int(0, 2 ** 31), sessions: [] },
        payloads: [
          { kind: 'timestamp', type: 0, value: random.bytes(8) },
          { kind: 'verification', authentication: 1, mac: empty },
        ],
      };
      const behind = random.bytes(random.int(1, 60));
      const bytes = sealed(message, { encryption: empty, salt: empty, mac }, behind);
      return {
        question: `m ${hex(mac, Buffer.concat([encodeMessage(message), behind]))}`.replace(/ (?=[0-9a-f]*$)/, ' '),
        ours: hex(bytes.subarray(-20)),
      };
    }));
});
