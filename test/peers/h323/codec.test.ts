// pycrate and our codec read each other's messages of H.225.0.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { userInformation } from '../../../pbx/h323/asn1/call-signalling.ts';
import { rasMessage } from '../../../pbx/h323/asn1/ras.ts';
import { decode } from '../../../pbx/h323/per/decode.ts';
import { encode } from '../../../pbx/h323/per/encode.ts';
import type { Node } from '../../../pbx/h323/per/schema.ts';
import { plain, valuesOf } from '../../support/h323/values.ts';
import { peerSuite } from '../../support/servers/peers.ts';
import { pjsua2Needs } from '../../support/servers/pjsua2.ts';
import { type AsnType, hasPycrate, Pycrate } from '../../support/servers/pycrate.ts';

/** Random messages in each direction, of RAS and of call signalling each. */
const MESSAGES = 1200;

const namesOf = (node: Node): string[] =>
  node.kind === 'choice' ? [...node.root, ...(node.additions ?? [])].map(({ name }) => name) : [];
const bodies = ((): string[] => {
  const pdu = userInformation.kind === 'sequence' ? userInformation.root[0]?.type : undefined;
  const body = pdu?.kind === 'sequence' ? pdu.root[0]?.type : undefined;
  return body ? namesOf(body) : [];
})();

const types: { type: AsnType; schema: Node; messages: string[] }[] = [
  { type: 'RasMessage', schema: rasMessage, messages: namesOf(rasMessage) },
  { type: 'H323-UserInformation', schema: userInformation, messages: bodies },
];

/** Takes out of pycrate's value what is only passed on here. */
function common(theirs: unknown, ours: unknown): unknown {
  if (ours === null) return null;
  if (Array.isArray(theirs) && Array.isArray(ours)) return theirs.map((item, at) => common(item, ours[at]));
  if (typeof theirs !== 'object' || theirs === null || typeof ours !== 'object') return theirs;
  const parts = ours as Record<string, unknown>;
  return Object.fromEntries(Object.entries(theirs).map(([name, part]) => [name, common(part, parts[name])]));
}

peerSuite('H.225.0 with pycrate', pjsua2Needs, () => {
  let pycrate: Pycrate;
  before(async function () {
    if (!(await hasPycrate())) return this.skip();
    pycrate = new Pycrate();
  });
  after(() => pycrate?.close());

  for (const { type, schema, messages } of types) {
    it(`reads ${MESSAGES} random messages of ${type} by pycrate and encodes them to the same octets`, async function () {
      this.timeout(120_000);
      for (let seed = 0; seed < MESSAGES; seed += 1) {
        const message = messages[seed % messages.length] ?? '';
        const theirs = await pycrate.make(type, message, seed);
        const value = decode(schema, Buffer.from(theirs.hex, 'hex'));
        const ours = plain(schema, value);
        assert.deepEqual(ours, common(theirs.value, ours), `${message} of seed ${seed}`);
        assert.equal(encode(schema, value).toString('hex'), theirs.hex, `${message} of seed ${seed}`);
      }
    });

    it(`has ${MESSAGES} random messages of ${type} read by pycrate`, async function () {
      this.timeout(120_000);
      for (const value of fc.sample(valuesOf(schema), { numRuns: MESSAGES, seed: 225 })) {
        const bytes = encode(schema, value);
        const theirs = await pycrate.decode(type, bytes);
        assert.deepEqual(theirs.value, plain(schema, value));
        assert.equal(theirs.hex, bytes.toString('hex'));
      }
    });
  }
});
