// Messages of H.225.0: what is encoded decodes to the same, and what is damaged is refused in bounded time.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { userInformation } from '../../../pbx/h323/asn1/call-signalling.ts';
import { rasMessage } from '../../../pbx/h323/asn1/ras.ts';
import { H323Error } from '../../../pbx/h323/error.ts';
import { decode } from '../../../pbx/h323/per/decode.ts';
import { encode } from '../../../pbx/h323/per/encode.ts';
import type { Node } from '../../../pbx/h323/per/schema.ts';
import { decodeRas, encodeRas } from '../../../pbx/h323/ras.ts';
import { registration } from '../../support/h323/messages.ts';
import { valuesOf } from '../../support/h323/values.ts';

/** Milliseconds of processor time for any message of 64 KiB, with what the collector takes meanwhile. */
const SLOWEST_MS = 100;
const schemas: Record<string, Node> = { RAS: rasMessage, 'call signalling': userInformation };

/** Decodes what may be damaged. @returns the error, if it is one of ours */
function attempt(schema: Node, bytes: Buffer): H323Error | undefined {
  const begun = process.cpuUsage();
  try {
    decode(schema, bytes);
    return undefined;
  } catch (error) {
    assert.ok(error instanceof H323Error, String(error));
    return error;
  } finally {
    assert.ok(process.cpuUsage(begun).user / 1000 < SLOWEST_MS, bytes.toString('hex'));
  }
}

/** Levels of the description; it would not end if a type held itself. */
function depthOf(node: Node): number {
  if (node.kind === 'sequenceOf') return 1 + depthOf(node.item);
  if (node.kind !== 'sequence' && node.kind !== 'choice') return 1;
  return 1 + Math.max(0, ...[...node.root, ...(node.additions ?? [])].map(({ type }) => depthOf(type)));
}

describe('messages of H.225.0', () => {
  for (const [name, schema] of Object.entries(schemas)) {
    it(`are decoded to what was encoded, for random messages of ${name}`, function () {
      this.timeout(60_000);
      fc.assert(
        fc.property(valuesOf(schema, { hasOpaque: true, hasUnknown: true }), value => {
          assert.deepEqual(decode(schema, encode(schema, value)), value);
        }),
        { numRuns: 1000 },
      );
    });

    it(`are refused or read with any octets changed, inserted or cut off, for ${name}`, function () {
      this.timeout(60_000);
      const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 });
      const refused = fc.sample(fc.tuple(valuesOf(schema), damage, fc.nat()), 3000).filter(([value, changes, cut]) => {
        const bytes = Buffer.from(encode(schema, value));
        for (const [at, octet] of changes) bytes[at % bytes.length] = octet;
        return attempt(schema, cut % 3 === 0 ? bytes.subarray(0, cut % bytes.length) : bytes) !== undefined;
      });
      assert.ok(refused.length > 300, `${refused.length} refused`);
    });

    it(`of ${name} nest no deeper than their description`, () => {
      assert.ok(depthOf(schema) < 20, String(depthOf(schema)));
    });
  }

  it('with more values than any real one are refused in bounded time', () => {
    // Two lists of the registration claim 64 K addresses each, in an input that has room for them.
    const bytes = encodeRas(registration(1, '200'));
    const at = bytes.indexOf(Buffer.of(127, 0, 0, 1)) - 2;
    assert.equal(bytes[at], 1);
    const claim = Buffer.concat([bytes.subarray(0, at), Buffer.of(0xc4), Buffer.alloc(65_000)]);
    const error = attempt(rasMessage, claim);
    assert.match(
      error?.message ?? '',
      /^registrationRequest\.callSignalAddress\[\d+\].*more than 20000 values in a message$/,
    );
  });

  it('of RAS have 16 KiB at most', () => {
    assert.throws(() => decodeRas(Buffer.alloc(16_385)), { name: 'H323Error', message: /16385 bytes; at most 16384/ });
  });

  it('ignore octets behind their end', () => {
    const message = registration(7, '201');
    assert.deepEqual(decodeRas(Buffer.concat([encodeRas(message), Buffer.from('trailer')])), message);
  });
});
