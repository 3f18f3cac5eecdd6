// Charsets of documents, as devices and servers declare them or fail to.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { charsetIn, decodeText, legibleText, UnknownCharset } from '../../shared/xml/charset.ts';

const declaration = (name: string): string => `<?xml version="1.0" encoding="${name}"?>`;
const utf16 = (text: string): Buffer => Buffer.from(text, 'utf16le');
const content = fc.string({ unit: 'grapheme', maxLength: 30 });
const latin = fc.string({
  unit: fc.integer({ min: 0x20, max: 0xff }).map(code => String.fromCharCode(code)),
  maxLength: 30,
});

describe('charsets', () => {
  it('D5: reads UTF-8 and UTF-16 of both orders, with and without a byte order mark', () => {
    fc.assert(
      fc.property(content, fc.constantFrom(undefined, 'utf-8', 'UTF-16', 'windows-1251'), (text, charset) => {
        const plain = `<r>${text}</r>`;
        for (const document of [plain, `${declaration('UTF-16')}${plain}`])
          for (const bytes of [
            utf16(document),
            utf16(`\ufeff${document}`),
            utf16(document).swap16(),
            utf16(`\ufeff${document}`).swap16(),
          ])
            assert.equal(decodeText(bytes, charset), document);
        if (charset !== 'windows-1251') assert.equal(decodeText(Buffer.from(plain), charset), plain);
        assert.equal(decodeText(Buffer.from(declaration('utf-8') + plain), charset), declaration('utf-8') + plain);
      }),
    );
  });

  it('D5: reads Latin-1 that the document or Content-Type declares', () => {
    fc.assert(
      fc.property(latin, text => {
        const printable = text.replace(/[\x7f-\x9f]/g, '');
        const declared = `${declaration('ISO-8859-1')}<r>${printable}</r>`;
        assert.equal(decodeText(Buffer.from(declared, 'latin1'), 'utf-8'), declared);
        assert.equal(decodeText(Buffer.from(`<r>${printable}</r>`, 'latin1'), 'iso-8859-1'), `<r>${printable}</r>`);
      }),
    );
    assert.equal(decodeText(Buffer.from([0x3c, 0xd2, 0xe5, 0xf1, 0xf2]), 'windows-1251'), '<Тест');
  });

  it('D5: changes no other character where a byte is bad', () => {
    fc.assert(
      fc.property(content, content, fc.constantFrom(0x80, 0xc0, 0xe9, 0xf5, 0xff), (before, after, bad) => {
        const bytes = Buffer.concat([Buffer.from(`<${before} `), Buffer.from([bad]), Buffer.from(` ${after}`)]);
        assert.equal(decodeText(bytes), `<${before} ${String.fromCharCode(bad)} ${after}`);
      }),
    );
  });

  it('D5: refuses an unknown encoding that the document declares, ignores one of Content-Type', () => {
    const bytes = Buffer.from(`${declaration('x-klingon')}<r/>`);
    assert.throws(() => decodeText(bytes), UnknownCharset);
    assert.match(legibleText(bytes), /<r\/>$/);
    assert.equal(decodeText(Buffer.from('<r>é</r>'), 'x-klingon'), '<r>é</r>');
  });

  it('finds the charset of a Content-Type', () => {
    assert.equal(charsetIn('text/xml; charset="utf-8"'), 'utf-8');
    assert.equal(charsetIn("text/xml;x=y ;CHARSET = 'Windows-1251'"), 'Windows-1251');
    for (const text of [undefined, '', 'text/xml', 'text/xml; charset=', 'charset=x'])
      assert.equal(charsetIn(text), undefined);
  });

  it('never throws on any bytes without a declaration', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.option(fc.string({ maxLength: 10 })), (bytes, charset) => {
        legibleText(Buffer.from(bytes));
        assert.equal(typeof decodeText(Buffer.concat([Buffer.from('<'), bytes]), charset ?? undefined), 'string');
      }),
    );
  });
});
