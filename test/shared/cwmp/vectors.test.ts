// Envelopes in the dialects of real devices and servers (test/vectors/envelopes), each with what it must decode to beside it.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { decodeEnvelope, encodeEnvelope, InvalidSoap } from '../../../shared/cwmp/soap.ts';

const folder = new URL('../../vectors/envelopes/', import.meta.url);

interface Vector {
  /** Its special feature. */
  is: string;
  envelope?: unknown;
  /** Message of the InvalidSoap, where it is to be refused. */
  error?: string;
}

describe('envelopes of many dialects', () => {
  for (const file of readdirSync(folder).filter(name => name.endsWith('.xml'))) {
    const vector: Vector = JSON.parse(readFileSync(new URL(file.replace(/xml$/, 'json'), folder), 'utf8'));
    const bytes = readFileSync(new URL(file, folder));
    const { error } = vector;

    if (error !== undefined) {
      it(`refuses ${vector.is}`, () => {
        assert.throws(
          () => decodeEnvelope(bytes),
          (thrown: unknown) => thrown instanceof InvalidSoap && thrown.message === error,
        );
      });
      continue;
    }
    it(`reads ${vector.is}`, () => {
      const envelope = decodeEnvelope(bytes);
      assert.deepEqual(envelope, vector.envelope);
      const { unknownMustUnderstand: _, forgiven: _forgiven, ...rest } = envelope;
      const { body } = rest;
      if (body.kind === 'unknown' || body.kind === 'invalid') return;
      // A fault without a code cannot be sent as such.
      if (body.kind === 'fault' && body.fault.code === 0) return;
      // Our own encoding of it says the same.
      assert.deepEqual(decodeEnvelope(encodeEnvelope(rest)), rest);
    });
  }
});
