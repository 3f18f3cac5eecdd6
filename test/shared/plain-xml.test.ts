// Plain XML: the scan by hand gives the tree that saxes gives, or leaves the document to it.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { XmlElement } from '../../shared/xml/element.ts';
import { readPlain } from '../../shared/xml/plain.ts';
import { parseXml, readAny, XmlError } from '../../shared/xml/read.ts';
import { escapeText } from '../../shared/xml/write.ts';
import { xmlText } from '../support/envelopes.ts';

const limits = { size: 100_000, depth: 8, elements: 40, attributes: 4 };

interface Tree {
  name: string;
  namespace: string;
  attributes: [string, string][];
  text: string;
  children: Tree[];
}

const treeOf = ({ name, namespace, attributes, text, children }: XmlElement): Tree => ({
  ...{ name, namespace, text, attributes: Object.entries(attributes) },
  children: children.map(treeOf),
});

/** The scan accepts nothing that saxes refuses, and reads all that it accepts as saxes does. */
function assertSame(text: string): 'plain' | 'left' {
  const plain = readPlain(text, limits);
  if (!plain) return 'left';
  let expected: XmlElement;
  try {
    expected = readAny(text, limits);
  } catch (error) {
    assert.ok(error instanceof XmlError);
    assert.fail(`saxes refuses ${JSON.stringify(text)}: ${error.message}`);
  }
  assert.deepEqual(treeOf(plain), treeOf(expected), JSON.stringify(text));
  return 'plain';
}

const word = fc.constantFrom('a', 'b:c', 'Name', 'soap-env:Body', '_x.1', 'xmlns', 'b', '1', 'é', 'a:b:c', '__proto__');
const space = fc.constantFrom('', ' ', '\n', '\r\n', '\t', '  ', '\r');
const value = fc.oneof(
  fc.constantFrom('', 'urn:x', 'xsd:string', 'a>b', "it's", '"', '&amp;', '&#65;', 'a\tb', '<', 'é', '\ud83d\ude00'),
  xmlText,
);
const attribute = fc
  .tuple(fc.constantFrom('', 'xmlns:', 'xsi:'), word, space, fc.constantFrom('"', "'"), value)
  .map(([prefix, name, gap, quote, text]) => ` ${prefix}${name}${gap}=${gap}${quote}${text}${quote}`);
const data = fc.oneof(
  { weight: 4, arbitrary: xmlText.map(escapeText) },
  fc.constantFrom(
    '',
    '\r\n',
    'a&lt;b&#x41;',
    '&nope;',
    '&',
    ']]>',
    '<![CDATA[x]]>',
    '<!-- x -->',
    '<?p i?>',
    '\0',
    '\ufffe',
  ),
);
const { element } = fc.letrec<{ element: string }>(tie => ({
  element: fc
    .tuple(
      ...[word, fc.array(attribute, { maxLength: 3 }), space],
      fc.array(fc.oneof({ maxDepth: 6 }, data, tie('element')), { maxLength: 4 }),
      fc.boolean(),
    )
    .map(([name, attributes, gap, content, isEmpty]) =>
      isEmpty
        ? `<${name}${attributes.join('')}${gap}/>`
        : `<${name}${attributes.join('')}${gap}>${content.join('')}</${name}>`,
    ),
}));
const declaration = fc.constantFrom(
  '',
  '<?xml version="1.0"?>',
  "<?xml version='1.0' encoding='utf-8' ?>\n",
  '<?xml?>',
);
const document = fc.tuple(declaration, element).map(parts => parts.join(''));

describe('plain XML', () => {
  it('reads an envelope of a CPE by the scan', () => {
    const text =
      '<?xml version="1.0" encoding="UTF-8"?>\n<s:Envelope xmlns:s="urn:soap" xmlns:xsi="urn:xsi">\r\n<s:Body>' +
      '<Name>A &amp; B</Name><Value xsi:type="xsd:string">é</Value><Empty/></s:Body></s:Envelope>';
    assert.equal(assertSame(text), 'plain');
    assert.equal(parseXml(text).children[0]?.children[0]?.text, 'A & B');
  });

  it('reads any document as saxes does, or leaves it to saxes', () => {
    const met = { plain: 0, left: 0 };
    fc.assert(
      fc.property(document, text => void met[assertSame(text.trim())]++),
      { numRuns: 3000 },
    );
    assert.ok(met.plain > 100 && met.left > 100, JSON.stringify(met));
  });

  it('reads a document with any character changed as saxes does, or leaves it to saxes', () => {
    const spliced = fc.constantFrom(
      '',
      '<',
      '>',
      '/',
      '"',
      "'",
      '=',
      ' ',
      '&',
      ';',
      ':',
      '\r',
      '\0',
      '!',
      '?',
      ']',
      'x',
    );
    const mutated = fc.tuple(document, fc.nat(), fc.nat(3), spliced).map(([text, at, length, piece]) => {
      const from = at % (text.length + 1);
      return text.slice(0, from) + piece + text.slice(from + length);
    });
    fc.assert(
      fc.property(mutated, text => void assertSame(text.trim())),
      { numRuns: 5000 },
    );
  });

  it('keeps no more texts than it may, and reads on when they are many', () => {
    for (let at = 0; at < 2000; at++)
      assert.equal(assertSame(`<n${at} a="${at}"><m${at}>x</m${at}></n${at}>`), 'plain');
  });
});
