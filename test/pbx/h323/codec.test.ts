// Packed encoding of H.225.0: what is encoded decodes to the same, and what is damaged is refused with its place.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { userInformation } from '../../../pbx/h323/asn1/call-signalling.ts';
import { rasMessage } from '../../../pbx/h323/asn1/ras.ts';
import { decode } from '../../../pbx/h323/per/decode.ts';
import { encode } from '../../../pbx/h323/per/encode.ts';
import type { Node } from '../../../pbx/h323/per/schema.ts';
import { valuesOf } from '../../support/h323/values.ts';

describe('packed encoding of H.225.0', () => {
  for (const [name, schema] of Object.entries({ RAS: rasMessage, 'call signalling': userInformation })) {
    it(`decodes each random message of ${name} to what was encoded`, function () {
      this.timeout(60_000);
      const all: Node = schema;
      const values = valuesOf(all, { hasOpaque: true, hasUnknown: true });
      fc.assert(
        fc.property(values, value => {
          assert.deepEqual(decode(all, encode(all, value)), value);
        }),
        { numRuns: 500 },
      );
    });
  }
});
