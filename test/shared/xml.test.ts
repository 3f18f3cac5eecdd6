// shared/xml: what is read, what is refused and where, and that written text reads back.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { attributeNamed } from '../../shared/xml/element.ts';
import { parseXml, XmlError } from '../../shared/xml/read.ts';
import { escapeAttribute, escapeText } from '../../shared/xml/write.ts';
import { xmlText } from '../support/envelopes.ts';

function refused(text: string | Buffer, message: RegExp, limits = {}): void {
  assert.throws(
    () => parseXml(text, limits),
    (error: unknown) =>
      error instanceof XmlError && message.test(error.message) && error.line >= 1 && error.column >= 1,
  );
}

describe('parseXml', () => {
  it('reads names, namespaces, attributes, children and text', () => {
    const root = parseXml('<a:r xmlns:a="urn:a" xmlns="urn:d" a:k="1"><c>x<![CDATA[<y>]]>&amp;z</c><a:c/></a:r>');
    assert.deepEqual([root.name, root.namespace, root.attributes['a:k']], ['r', 'urn:a', '1']);
    assert.deepEqual(
      root.children.map(({ name, namespace, text }) => [name, namespace, text]),
      [
        ['c', 'urn:d', 'x<y>&z'],
        ['c', 'urn:a', ''],
      ],
    );
  });

  it('scopes prefixes to the declaring element, also when they hide outer ones', () => {
    const root = parseXml('<r xmlns:p="urn:1"><p:a xmlns:p="urn:2" t="p:x"/><p:b xmlns="urn:3" t="p:x"><c/></p:b></r>');
    const [a, b] = root.children;
    assert.ok(a && b);
    assert.equal(a.namespace, 'urn:2');
    assert.equal(b.namespace, 'urn:1');
    assert.equal(b.child('c')?.namespace, 'urn:3');
    assert.equal(parseXml('<q:r/>').namespace, '');
    assert.equal(parseXml('<r xml:lang="e"/>').attributes['xml:lang'], 'e');
  });

  it('finds attributes by local name', () => {
    const root = parseXml('<r xtype="0" q:type="1" type="2"/>');
    assert.equal(attributeNamed(root, 'type'), '1');
    assert.equal(attributeNamed(root, 'other'), undefined);
  });

  it('reads names such as __proto__ like any other', () => {
    const root = parseXml('<__proto__ __proto__="x" constructor="y"><toString/></__proto__>');
    assert.equal(root.name, '__proto__');
    assert.deepEqual(Object.entries(root.attributes)[0], ['__proto__', 'x']);
    assert.equal(({} as { x?: unknown }).x, undefined);
  });

  it('reads the declared encoding, UTF-16 by its mark, and undeclared Latin-1', () => {
    const latin = (text: string): Buffer => Buffer.from(text, 'latin1');
    assert.equal(parseXml(latin('<?xml version="1.0" encoding="ISO-8859-1"?><r>é</r>')).text, 'é');
    assert.equal(parseXml(latin('<r>é</r>')).text, 'é');
    assert.equal(parseXml(Buffer.from('<?xml version="1.0" encoding="utf-8"?><r>é</r>')).text, 'é');
    assert.equal(parseXml(Buffer.from('\ufeff<r>é</r>', 'utf16le')).text, 'é');
    assert.equal(parseXml(Buffer.from('\ufeff<r>é</r>', 'utf16le').swap16()).text, 'é');
    assert.equal(parseXml(Buffer.from('\ufeff<r>é</r>')).text, 'é');
    refused(Buffer.from('<?xml version="1.0" encoding="x-klingon"?><r/>'), /unknown encoding/);
  });

  it('accepts white space and NULs around the document', () => {
    assert.equal(parseXml('\r\n <?xml version="1.0"?><r/>\n\0').name, 'r');
  });

  it('refuses any document type declaration', () => {
    refused('<!DOCTYPE r><r/>', /document type/);
    refused('<!DOCTYPE r [<!ENTITY a "b">]><r>&a;</r>', /document type/);
    refused('<!DOCTYPE r SYSTEM "file:///etc/passwd"><r/>', /document type/);
  });

  it('refuses text that is not well-formed, with its line and column', () => {
    for (const text of [
      '',
      '  ',
      'x',
      '<r>',
      '<r></s>',
      '<r/><s/>',
      '<r a="1" a="2"/>',
      '<r>&nope;</r>',
      '<r>\u0001</r>',
    ]) {
      refused(text, /./);
    }
    assert.throws(
      () => parseXml('<r>\n  <s></t>\n</r>'),
      (error: unknown) => error instanceof XmlError && error.line === 2 && error.column > 5,
    );
  });

  it('refuses too much size, depth, elements or attributes', () => {
    refused('<r/>'.padEnd(101), /larger than 100/, { size: 100 });
    refused('<a>'.repeat(100_000), /deeper than 64/);
    refused(`<r>${'<a/>'.repeat(100)}</r>`, /more than 100 elements/, { elements: 100 });
    refused(`<r ${Array.from({ length: 100_000 }, (_, at) => `a${at}=""`).join(' ')}/>`, /more than 64 attributes/);
    const some = Array.from({ length: 60 }, (_, at) => `a${at}=""`).join(' ');
    assert.equal(Object.keys(parseXml(`<r ${some}><s ${some}/></r>`).attributes).length, 60);
  });

  it('throws nothing but XmlError on any text', () => {
    const pieces = fc.constantFrom(
      '<a>',
      '</a>',
      '<b x="',
      '"',
      '/>',
      '&',
      '&#x;',
      '&#xD800;',
      '<![CDATA[',
      ']]>',
      '<!--',
      '-->',
      '<?',
      '?>',
      '<!',
      't',
      '\0',
      ' ',
      'xmlns:p="u"',
      'p:',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(pieces, xmlText), { maxLength: 30 }), parts => {
        try {
          parseXml(parts.join(''));
        } catch (error) {
          assert.ok(error instanceof XmlError, String(error));
        }
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
        try {
          parseXml(Buffer.from(bytes));
        } catch (error) {
          assert.ok(error instanceof XmlError, String(error));
        }
      }),
    );
  });
});

describe('escaping', () => {
  it('reads back escaped text and attributes as written', () => {
    fc.assert(
      fc.property(xmlText, text => {
        const root = parseXml(`<r a="${escapeAttribute(text)}">${escapeText(text)}</r>`);
        assert.equal(root.text, text);
        assert.equal(root.attributes.a, text);
      }),
    );
  });

  it('replaces characters that XML cannot carry', () => {
    assert.equal(escapeText('a\0b\u0008\ud800c\uffff'), 'a\ufffdb\ufffd\ufffdc\ufffd');
    fc.assert(fc.property(fc.string({ unit: 'binary' }), text => parseXml(`<r>${escapeText(text)}</r>`).name === 'r'));
  });

  it('writes unprintable characters as references (TR-069 3.5)', () => {
    assert.equal(escapeText('\r\u0085\u007f<>&"'), '&#13;&#133;&#127;&lt;&gt;&amp;"');
    assert.equal(escapeAttribute('"\n\t'), '&quot;&#10;&#9;');
  });
});
