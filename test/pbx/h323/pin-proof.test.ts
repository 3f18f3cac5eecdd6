// Proofs of a PIN whose texts are as long as an alias may be: judged, and never an error.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { clearToken } from '../../../pbx/h323/asn1/security.ts';
import { judgeProof } from '../../../pbx/h323/gatekeeper/pin-proof.ts';
import type { CryptoH323Token } from '../../../pbx/h323/messages.ts';
import { encode } from '../../../pbx/h323/per/encode.ts';

const NOW = 1_700_000_000;
const proofOf = (name: string, hash: Buffer): CryptoH323Token[] => [
  {
    cryptoEPPwdHash: {
      alias: { 'h323-ID': name },
      timeStamp: NOW,
      token: { algorithmOID: '1.2.840.113549.2.5', paramS: {}, hash: { bytes: hash, length: hash.length * 8 } },
    },
  },
];
const hashOf = (name: string, pin: string): Buffer =>
  createHash('md5')
    .update(encode(clearToken, { tokenOID: '0.0', timeStamp: NOW, password: pin, generalID: name }))
    .digest();

describe('the proof of a PIN', () => {
  it('is judged for names and PINs of any length', () => {
    const judged = (name: string, pin: string, hash: Buffer): string =>
      judgeProof(proofOf(name, hash), [pin], NOW * 1000);
    for (const length of [1, 127, 128]) {
      const name = 'n'.repeat(length);
      assert.equal(judged(name, '4711', hashOf(name, '4711')), 'right');
      assert.equal(judged(name, '4712', hashOf(name, '4711')), 'wrong');
    }
    for (const [name, pin] of [
      ['n'.repeat(129), '4711'],
      ['n'.repeat(256), '4711'],
      ['name', 'p'.repeat(129)],
      ['name', ''],
    ] as const)
      assert.equal(judged(name, pin, Buffer.alloc(16)), 'wrong');
  });
});
