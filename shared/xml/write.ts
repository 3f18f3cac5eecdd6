// Escaping of text for XML, where messages are built by concatenation.

// Printable ASCII without the three specials needs nothing; that is nearly all that CWMP carries.
const PLAIN_TEXT = /^[\n\t -%'-;=?-~]*$/;
const PLAIN_ATTRIBUTE = /^[ !#-%'-;=?-~]*$/;
/** Characters that need treatment: specials, controls, lone surrogates and the two that XML 1.0 forbids. */
const SPECIAL =
  /[&<>\r\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** XML 1.0 2.2 has no way to write some characters at all, not even as a reference: they become U+FFFD. */
function escapeOne(character: string): string {
  switch (character) {
    case '&':
      return '&amp;';
    case '<':
      return '&lt;';
    case '>':
      return '&gt;';
    case '"':
      return '&quot;';
  }
  const code = character.charCodeAt(0);
  const legal = code === 9 || code === 10 || code === 13 || (code >= 0x20 && code < 0xd800) || code === 0xfffd;
  return legal ? `&#${code};` : '\ufffd';
}

/** For element content. A carriage return is kept as a reference: a parser would read it as a line feed. */
export function escapeText(text: string): string {
  return PLAIN_TEXT.test(text) ? text : text.replace(SPECIAL, escapeOne);
}

/** For a value in double quotes; line breaks and tabs survive attribute normalisation. */
export function escapeAttribute(text: string): string {
  if (PLAIN_ATTRIBUTE.test(text)) return text;
  return text.replace(SPECIAL, escapeOne).replace(/["\t\n]/g, escapeOne);
}
