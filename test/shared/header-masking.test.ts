// Secrets in headers of HTTP, as traces and the wire log show them.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { maskedHeader } from '../../shared/header-masking.ts';

describe('masked headers', () => {
  it('hides the value of every cookie', () => {
    assert.equal(maskedHeader('Cookie', 'a=hush1; b="hu, sh2"; c=hush3'), 'a=***; b=***; c=***');
    assert.equal(maskedHeader('set-cookie', 's="hu, sh"; Path=/; HttpOnly'), 's=***; Path=/; HttpOnly');
  });

  it('hides answers to challenges but for their scheme', () => {
    assert.equal(maskedHeader('Authorization', 'Basic aHVzaA=='), 'Basic ***');
    assert.equal(maskedHeader('authorization', 'Digest username="u", response="hush"'), 'Digest ***');
    assert.equal(maskedHeader('Proxy-Authorization', ' Bearer hush'), 'Bearer ***');
  });

  it('shows all of a digest but its response where that is wanted', () => {
    const shown = (value: string): string => maskedHeader('Authorization', value, { isDigestShown: true });
    assert.equal(shown('Digest nc=1, response="hush", cnonce="c"'), 'Digest nc=1, response="***", cnonce="c"');
    assert.equal(shown('digest response = hush, nc=1'), 'digest response="***", nc=1');
    assert.equal(shown('Basic hush'), 'Basic ***');
  });

  it('hides logins in the URL of any other header', () => {
    assert.equal(maskedHeader('location', 'http://u:hush@h/'), 'http://***@h/');
    assert.equal(maskedHeader('content-type', 'text/xml; a=b'), 'text/xml; a=b');
  });

  it('shows no value of any cookie (property)', () => {
    const text = fc.stringMatching(/^[a-z"=,]{0,8}$/);
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 5 }), values => {
        const header = values.map((value, at) => `n${at}=S${value}S`).join('; ');
        assert.equal(maskedHeader('cookie', header), values.map((_value, at) => `n${at}=***`).join('; '));
      }),
      { seed: 1 },
    );
  });
});
