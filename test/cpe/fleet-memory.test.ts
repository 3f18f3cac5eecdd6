// Memory of the idle units of a fleet: in virtual time, against an ACS that only answers, without sockets.
import assert from 'node:assert/strict';
import { queryObjects } from 'node:v8';
import { UnitGroup } from '../../cpe/fleet/unit-group.ts';
import { unitsOf } from '../../cpe/fleet/unit-options.ts';
import { VirtualClock } from '../../shared/clock.ts';
import { decodeEnvelope, encodeEnvelope, responseBody } from '../../shared/cwmp/soap.ts';
import { silentLog } from '../../shared/log.ts';
import type { createHttp } from '../../shared/net/http.ts';

/** Objects of an idle unit, arrays, functions and promises counted: together some 5 KB. */
const LIMIT = 80;

/** Answers each Inform, and the empty POST that follows by the end of the session. */
const answering: typeof createHttp = () => ({
  lastTls: () => undefined,
  close: async () => undefined,
  send: async ({ body }) => {
    const text = body?.toString() ?? '';
    if (text === '') return { status: 204, headers: {}, body: Buffer.alloc(0) };
    const { id = '', namespace } = decodeEnvelope(Buffer.from(text));
    const answer = encodeEnvelope({ id, namespace, body: responseBody('Inform', { MaxEnvelopes: 1 }) });
    return { status: 200, headers: { 'content-type': 'text/xml' }, body: Buffer.from(answer) };
  },
});

/** @returns the group once each of its units had a session */
async function idleUnits(count: number): Promise<UnitGroup> {
  const clock = new VirtualClock();
  const gatewayOptions = await unitsOf(
    {
      acs: 'http://acs.test',
      model: 'dgw',
      oui: '0090F8',
      productClass: '4102S',
      manufacturer: 'Media5',
      softwareVersion: '49.1.2884',
      anyFirmware: false,
      listen: 'none',
      ca: [],
      set: [],
    },
    clock,
    silentLog,
  );
  const group = new UnitGroup({
    count,
    numbers: Array.from({ length: count }, (_, at) => at),
    seed: 1,
    ramp: 0,
    probabilities: { rates: {} },
    clock,
    http: answering,
    openListener: () => assert.fail('no unit listens'),
    gatewayOptions,
    parameters: [],
    memory: () => 0,
  });
  const started = group.start();
  for (let second = 0; second < 60 && group.progress.informed < count; second++) await clock.advance(1000);
  await started;
  assert.equal(group.progress.informed, count);
  return group;
}

/** Collects garbage first. */
const objects = (kind: new () => object): number => queryObjects(kind, { format: 'count' });

describe('memory of a fleet', () => {
  it('keeps few objects, and no map or set, for an idle unit of the DGW model', async () => {
    const count = 40;
    // The first units make what all share.
    const first = await idleUnits(10);
    const before = [objects(Object), objects(Map), objects(Set)];
    const second = await idleUnits(count);
    const after = [objects(Object), objects(Map), objects(Set)];
    const [each = 0, maps = 0, sets = 0] = after.map((number, at) => (number - (before[at] ?? 0)) / count);
    // Less than half of it would be no unit that waits for its next session.
    assert.ok(each > LIMIT / 2 && each <= LIMIT, `${each} objects a unit`);
    assert.ok(maps + sets < 1, `${maps} maps and ${sets} sets a unit`);
    await Promise.all([first.end(), second.end()]);
  }).timeout(120_000);
});
