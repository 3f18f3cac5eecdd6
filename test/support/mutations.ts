// Damaged envelopes: bytes, tags, counts and depth of good ones, by seed; and what both sides must make of them.
import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createGateway, type Gateway } from '../../cpe/gateway.ts';
import { type Random, seededRandom, VirtualClock } from '../../shared/clock.ts';
import { isCpeMethod, methodNames, methods } from '../../shared/cwmp/methods.ts';
import {
  type Body,
  decodeEnvelope,
  type Envelope,
  encodeEnvelope,
  faultBody,
  InvalidSoap,
} from '../../shared/cwmp/soap.ts';
import { namespaces, speaks } from '../../shared/cwmp/versions.ts';
import { silentLog } from '../../shared/log.ts';
import { builtinModel } from '../../shared/model/datamodel.ts';
import { type TestAcs, testAcs } from './acs/memory-acs.ts';
import { ScriptedCpe } from './cpe/scripted-cpe.ts';
import { virtualAcs, virtualUrl } from './cpe/virtual-acs.ts';
import { sampleOf } from './envelopes.ts';

// ---- good ones

const pick = <T>(random: Random, list: readonly T[]): T => list[random.int(0, list.length - 1)] as T;

/** Messages that are well-formed, of every method and version. */
function messages(wanted: (body: Body) => boolean): string[] {
  const out: string[] = [];
  for (const namespace of namespaces) {
    const bodies: Body[] = [
      faultBody({ code: 9003, message: 'x', parameters: [{ name: 'A', code: 9005, message: '' }] }),
    ];
    for (const method of methodNames) {
      if (!speaks(namespace, methods[method].since)) continue;
      const { request, response } = methods[method];
      bodies.push({ kind: 'request', method, args: sampleOf(request, 'full', method) } as unknown as Body);
      bodies.push({ kind: 'response', method, result: sampleOf(response, 'full', method) } as unknown as Body);
    }
    for (const body of bodies.filter(wanted))
      out.push(encodeEnvelope({ namespace, id: '1', holdRequests: false, supportedVersions: ['1.0', '1.4'], body }));
  }
  return out;
}

const all = messages(() => true);
const toCpe = messages(body => (body.kind === 'request' ? isCpeMethod(body.method) : body.kind === 'fault'));

// ---- damage

const tokens = [
  '<',
  '>',
  '</',
  '/>',
  '&',
  '&#0;',
  '&#x110000;',
  '&lt',
  '"',
  "'",
  '<!--',
  '-->',
  '<![CDATA[',
  ']]>',
  '<?xml',
  '?>',
  '<!DOCTYPE a [<!ENTITY b "c">]>',
  '\0',
  '\ufeff',
  '\ud800',
  '\uffff',
  '-1',
  '99999999999999999999',
  '1e9',
  'NaN',
  'xmlns=""',
  'xmlns:cwmp="urn:x"',
  'xsi:nil="1"',
  'soap-enc:arrayType="cwmp:X[4294967295]"',
  '__proto__',
  'constructor',
  '<a/>',
  ' ',
  '\r\n',
  'urn:dslforum-org:cwmp-1-9',
  'soap-env:mustUnderstand="1"',
  'true',
  '[-1]',
  '😀',
];

type Damage = (text: string, random: Random) => string;
const place = (text: string, random: Random): number => random.int(0, text.length);
const tags = (text: string): RegExpExecArray[] => [...text.matchAll(/<\/?[\w:-]+[^>]*>/g)];

/** Most of these leave XML that is no XML any more. */
const breaking: readonly Damage[] = [
  /** Characters go. */
  (text, random) => {
    const at = place(text, random);
    return text.slice(0, at) + text.slice(at + random.int(1, 60));
  },
  /** The end is missing. */
  (text, random) => text.slice(0, place(text, random)),
  /** Something comes in. */
  (text, random) => {
    const at = place(text, random);
    return text.slice(0, at) + pick(random, tokens) + text.slice(at);
  },
  /** A piece comes twice, or very often. */
  (text, random) => {
    const at = place(text, random);
    const piece = text.slice(at, at + random.int(1, 200));
    return text.slice(0, at) + piece.repeat(random.int(1, random.int(0, 20) === 0 ? 200 : 4)) + text.slice(at);
  },
  /** A tag goes, or comes twice. */
  (text, random) => {
    const tag = pick(random, tags(text));
    if (!tag) return text;
    const end = tag.index + tag[0].length;
    return random.int(0, 1)
      ? text.slice(0, tag.index) + text.slice(end)
      : text.slice(0, end) + tag[0] + text.slice(end);
  },
  /** Two tags change places. */
  (text, random) => {
    const found = tags(text);
    const [one, two] = [pick(random, found), pick(random, found)].sort((a, b) => (a?.index ?? 0) - (b?.index ?? 0));
    if (!one || !two || one.index === two.index) return text;
    const between = text.slice(one.index + one[0].length, two.index);
    return text.slice(0, one.index) + two[0] + between + one[0] + text.slice(two.index + two[0].length);
  },
];

/** These leave well-formed XML that says something else. */
const bending: readonly Damage[] = [
  /** An element goes, or comes once more or very often. */
  (text, random) => {
    const leaf = pick(random, [...text.matchAll(/<([\w:-]+)[^>]*>[^<]*<\/\1>/g)]);
    if (!leaf) return text;
    const times = pick(random, [0, 0, 2, 3, 300]);
    return text.slice(0, leaf.index) + leaf[0].repeat(times) + text.slice(leaf.index + leaf[0].length);
  },
  /** Two values change places. */
  (text, random) => {
    const values = [...text.matchAll(/>([^<]+)</g)];
    const [one, two] = [pick(random, values), pick(random, values)].sort((a, b) => (a?.index ?? 0) - (b?.index ?? 0));
    if (!one || !two || one.index === two.index) return text;
    const between = text.slice(one.index + one[0].length, two.index);
    return text.slice(0, one.index) + two[0] + between + one[0] + text.slice(two.index + two[0].length);
  },
  /** A name is another one. */
  (text, random) => {
    const names = [...new Set([...text.matchAll(/<([\w:-]+)/g)].map(found => found[1] ?? ''))];
    const from = pick(random, names);
    const to = pick(random, [...names, 'cwmp:Inform', 'Body', 'x:y', 'a', ...methodNames.map(name => `cwmp:${name}`)]);
    return text.replaceAll(`<${from}`, `<${to}`).replaceAll(`</${from}>`, `</${to}>`);
  },
  /** A count is wrong. */
  (text, random) => text.replace(/\[\d+\]/, `[${pick(random, ['', '-1', '0', '4294967296', 'x', '1,2', '٣'])}]`),
  /** A value is another one. */
  (text, random) => {
    const values = [...text.matchAll(/>([^<]+)</g)];
    const value = pick(random, values);
    if (!value) return text;
    const other = random.int(0, 3) ? pick(random, tokens).replace(/[<&]/g, '') : 'v'.repeat(random.int(0, 5000));
    return `${text.slice(0, value.index + 1)}${other}${text.slice(value.index + 1 + (value[1]?.length ?? 0))}`;
  },
  /** Depth: closed or not. */
  (text, random) => {
    const at = text.indexOf('<soap-env:Body>') + 15;
    const depth = pick(random, [1, 3, 60, 2000]);
    const close = random.int(0, 9) ? '</d>'.repeat(depth) : '';
    return text.slice(0, at) + '<d>'.repeat(depth) + close + text.slice(at);
  },
  /** Attributes in great number. */
  (text, random) =>
    text.replace(
      /<cwmp:\w+/,
      found => `${found}${Array.from({ length: random.int(1, 400) }, (_, at) => ` a${at}="${at}"`).join('')}`,
    ),
  /** Another version, another SOAP. */
  (text, random) =>
    text.replace(
      pick(random, ['cwmp-1-', 'soap/envelope', 'XMLSchema-instance', 'xmlns:']),
      pick(random, ['cwmp-2-', 'x', '']),
    ),
];

/** Damages at the level of bytes: what no text can say. */
function damagedBytes(bytes: Buffer, random: Random): Buffer {
  switch (random.int(0, 5)) {
    case 0:
      for (let count = random.int(1, 20); count > 0 && bytes.length > 0; count--)
        bytes[random.int(0, bytes.length - 1)] = random.int(0, 255);
      return bytes;
    case 1:
      return Buffer.concat([
        pick(random, [Buffer.from([0xff, 0xfe]), Buffer.from([0xef, 0xbb, 0xbf]), Buffer.alloc(9)]),
        bytes,
      ]);
    case 2:
      return Buffer.from(bytes.toString('latin1'), 'utf16le');
    case 3:
      return Buffer.concat([Buffer.from('<?xml version="1.0" encoding="EBCDIC"?>'), bytes]);
    default:
      return bytes;
  }
}

/** An envelope with one to four damages, the same for the same seed. */
export function damaged(seed: number, from: 'anyone' | 'acs' = 'anyone'): Buffer {
  const random = seededRandom(seed);
  let text = pick(random, from === 'acs' ? toCpe : all);
  for (let count = random.int(1, 3); count > 0; count--) {
    const damage = pick(random, random.int(0, 5) === 0 ? breaking : bending);
    text = damage(text, random).slice(0, 500_000);
  }
  const bytes = Buffer.from(text);
  return random.int(0, 9) === 0 ? damagedBytes(bytes, random) : bytes;
}

// ---- what must hold

/** Nothing may keep the processor for a second; the time of others on this machine does not count. */
async function promptly<T>(seed: number, work: () => T | Promise<T>): Promise<T> {
  const before = process.cpuUsage();
  try {
    return await work();
  } catch (error) {
    throw new Error(`seed ${seed}: ${String(error)}`, { cause: error });
  } finally {
    const { user, system } = process.cpuUsage(before);
    assert.ok(user + system < 1_000_000, `seed ${seed} took ${(user + system) / 1000} ms of the processor`);
  }
}

/** Decoding gives an envelope or InvalidSoap; what was decoded can be sent on, and reads back the same. */
export async function decodeDamaged(from: number, count: number): Promise<{ read: number; refused: number }> {
  let refused = 0;
  for (let seed = from; seed < from + count; seed++) {
    await promptly(seed, () => {
      let envelope: Envelope;
      try {
        envelope = decodeEnvelope(damaged(seed));
      } catch (error) {
        assert.ok(error instanceof InvalidSoap, String(error));
        refused++;
        return;
      }
      const { body } = envelope;
      if (body.kind === 'request' || body.kind === 'response') {
        const again = decodeEnvelope(encodeEnvelope(envelope)).body;
        assert.deepEqual(again, decodeEnvelope(encodeEnvelope({ ...envelope, body: again })).body);
        assert.equal(again.kind, body.kind);
      }
    });
  }
  return { read: count - refused, refused };
}

const statuses = new Set([200, 204, 400, 413, 415]);

/** The whole listener of the ACS: damaged messages at every stage of a session, and a good session now and then. */
export async function postDamaged(acs: TestAcs, from: number, count: number): Promise<void> {
  for (let seed = from; seed < from + count; seed++) {
    const random = seededRandom(seed);
    const cpe = new ScriptedCpe(acs.app, { serial: 'damaged' });
    for (let stage = random.int(0, 2); stage > 0; stage--) await cpe.post(stage === 2 ? cpe.inform() : undefined);
    const status = await promptly(seed, () => post(acs, cpe.cookie, damaged(seed)));
    assert.ok(statuses.has(status), `seed ${seed} was answered ${status}`);
    if (seed % 100 === 0) {
      await acs.clock.advance(301_000);
      assert.equal(acs.south.sessions(), 0, `seed ${seed} left a session open`);
      await wellAtAcs(acs);
    }
  }
  await wellAtAcs(acs);
}

async function post(acs: TestAcs, cookie: string | undefined, payload: Buffer): Promise<number> {
  const headers = { 'content-type': 'text/xml', 'x-forwarded-proto': 'https', ...(cookie ? { cookie } : {}) };
  return (await acs.app.inject({ method: 'POST', url: '/', headers, payload })).statusCode;
}

async function wellAtAcs(acs: TestAcs): Promise<void> {
  const { inform, last } = await new ScriptedCpe(acs.app, { serial: 'good' }).session(() => ({ Status: 0 }));
  assert.equal(inform.envelope?.body.kind, 'response', 'a good session after it works');
  assert.equal(last.status, 204);
}

export const openAcs = (): Promise<TestAcs> => testAcs({ enrol: 'auto', cpeAuth: 'none' });

export interface DamagedAcs {
  gateway: Gateway;
  /** Sessions in which the ACS says damaged things. */
  run(from: number, count: number): Promise<void>;
  close(): Promise<void>;
}

/** A gateway whose ACS answers the Inform, or asks, with damaged messages; then well again. */
export async function openUnit(): Promise<DamagedAcs> {
  const clock = new VirtualClock();
  const acs = virtualAcs();
  let script: (Buffer | undefined)[] = [];
  const gateway = await createGateway({
    model: await builtinModel('dgw'),
    identity: { manufacturer: 'Media5', oui: '0090F8', productClass: '4102S', serialNumber: 's', mac: '0090f8000001' },
    profile: {
      parameters: {
        'Cwmp.AcsUrlConfigSource': 'Static',
        'Cwmp.AcsStaticUrl': virtualUrl,
        'Cwmp.PeriodicInformEnable': 'Disable',
        'Scm.ServicesConfig[Name=SipEp].StartupType': 'Manual',
      },
      certificates: [],
    },
    address: '127.0.0.1',
    clock,
    random: seededRandom(1),
    log: silentLog,
    clockSource: 'host',
    http: options => {
      const good = acs.http(options);
      return {
        ...good,
        send: async request => {
          const body = script.shift();
          return body ? { status: 200, headers: {}, body } : good.send(request);
        },
      };
    },
  });
  await gateway.boot();
  await clock.settle();

  const session = async (bodies: (Buffer | undefined)[]): Promise<void> => {
    script = bodies;
    gateway.agent?.inform('2 PERIODIC');
    await clock.settle();
    await gateway.device.services.settled();
    script = [];
  };
  const well = async (what: string): Promise<void> => {
    const before = acs.informs.length;
    // A reboot that a damaged message ordered comes first.
    for (let round = 0; round < 3 && acs.informs.length === before; round++) await session([]);
    assert.ok(acs.informs.length > before, `${what}: a good session after it works`);
  };
  return {
    gateway,
    run: async (from, count) => {
      for (let seed = from; seed < from + count; seed++) {
        const bytes = damaged(seed, 'acs');
        await promptly(seed, () => session(seed % 3 === 0 ? [bytes] : [undefined, bytes]));
        if (seed % 50 === 0) await well(`seed ${seed}`);
      }
      await well('the end');
    },
    close: () => gateway.stop(),
  };
}

// ---- memory

let collect: (() => void) | undefined;

/** Bytes in use once all that is garbage is gone. */
export function memoryInUse(): number {
  setFlagsFromString('--expose-gc');
  collect ??= runInNewContext('gc') as () => void;
  collect();
  return process.memoryUsage().heapUsed;
}
