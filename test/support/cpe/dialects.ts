// Dialects of CPEs in the field, one entry each: their headers and envelopes where the standard leaves room, and
// where it does not.
import type { Envelope } from '../../../shared/cwmp/soap.ts';

export interface Dialect {
  name: string;
  root: 'Device.' | 'InternetGatewayDevice.';
  namespace: Envelope['namespace'];
  /** Prefixes of SOAP envelope, SOAP encoding and CWMP. */
  prefixes?: [string, string, string];
  xsi?: string;
  /** Text before the Envelope. */
  declaration?: string;
  /** Header lines besides Host, length, cookies and credentials. */
  headers: (kind: 'request' | 'response' | 'empty') => string[];
  cookies: 'plain' | 'attributes' | 'quoted' | 'none';
  /** A new connection for each POST. */
  closes?: true;
  /** `each`: every POST goes without credentials first; `empty-first`: that first one has no body; `once`: from the 401 on always. */
  login?: 'each' | 'empty-first' | 'once';
  /** Sends bodies in chunks. */
  chunked?: true;
  /** Value of arrayType; undefined leaves the attribute out. */
  count: (length: number) => string | undefined;
  booleans: [string, string];
  text: (value: string) => string;
  /** The cwmp:ID header of an answer. */
  id: 'echo' | 'none' | 'spaced';
  /** Line breaks between elements. */
  indent?: true;
  /** Leaves out optional elements: CommandKey, Status of some answers, MaxEnvelopes. */
  sparse?: true;
}

const escaped = (value: string): string => value.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
const plain = {
  headers: (kind: string) => (kind === 'empty' ? [] : ['Content-Type: text/xml; charset="utf-8"', 'SOAPAction: ']),
  cookies: 'plain',
  count: (length: number) => String(length),
  booleans: ['0', '1'] as [string, string],
  text: escaped,
  id: 'echo',
} as const;

export const dialects: readonly Dialect[] = [
  { ...plain, name: 'by the book, 1-0', root: 'InternetGatewayDevice.', namespace: '1-0' },
  { ...plain, name: 'by the book, 1-2 and digest', root: 'Device.', namespace: '1-2', login: 'once' },
  {
    ...plain,
    name: 'SOAPAction and Content-Type on every POST, the empty one too; Expect: 100-continue',
    root: 'InternetGatewayDevice.',
    namespace: '1-2',
    prefixes: ['soap_env', 'soap_enc', 'cwmp'],
    headers: kind => [
      'User-Agent: embedded',
      'Content-Type: text/xml',
      'SOAPAction:',
      ...(kind === 'empty' ? [] : ['Expect: 100-continue']),
    ],
  },
  {
    ...plain,
    name: 'a 401 round on every POST, namespace 1-4, no SOAPAction',
    root: 'Device.',
    namespace: '1-4',
    prefixes: ['soap_env', 'soap_enc', 'cwmp'],
    headers: () => ['Content-Type: text/xml', 'Accept: */*'],
    login: 'each',
  },
  {
    ...plain,
    name: '1999 XSI, XML declaration, indented, counts always 0, words for booleans',
    root: 'InternetGatewayDevice.',
    namespace: '1-0',
    prefixes: ['SOAP-ENV', 'SOAP-ENC', 'cwmp'],
    xsi: 'http://www.w3.org/1999/XMLSchema-instance',
    declaration: '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\r\n',
    headers: () => ['Content-Type: text/xml;charset=utf-8'],
    count: () => '00',
    booleans: ['false', 'true'],
    indent: true,
  },
  {
    ...plain,
    name: 'first POST empty until challenged, no SOAPAction, counts too large',
    root: 'Device.',
    namespace: '1-2',
    prefixes: ['soapenv', 'soapenc', 'cwmp'],
    headers: () => ['Content-Type: text/xml; charset=UTF-8'],
    login: 'empty-first',
    count: length => `0${length + 7}`,
  },
  {
    ...plain,
    name: 'one connection per message, cookies with their attributes, chunks',
    root: 'InternetGatewayDevice.',
    namespace: '1-1',
    cookies: 'attributes',
    closes: true,
    chunked: true,
  },
  {
    ...plain,
    name: 'one connection per message, quoted cookies of the older kind, digest each time',
    root: 'Device.',
    namespace: '1-2',
    cookies: 'quoted',
    closes: true,
    login: 'each',
  },
  {
    ...plain,
    name: 'no cookies, no IDs, no arrayType, CDATA, malformed Content-Type',
    root: 'InternetGatewayDevice.',
    namespace: '1-3',
    prefixes: ['S', 'E', 'urn'],
    headers: () => ['Content-Type: ;;', 'SOAPAction: "urn:dslforum-org:cwmp-1-0#x"'],
    cookies: 'none',
    count: () => undefined,
    text: value => `<![CDATA[${value}]]>`,
    id: 'none',
    sparse: true,
  },
  {
    ...plain,
    name: 'IDs with white space around them, words in capitals for booleans',
    root: 'Device.',
    namespace: '1-2',
    declaration: '\ufeff<?xml version="1.0"?>\n',
    booleans: ['False', 'TRUE'],
    id: 'spaced',
    indent: true,
  },
];

/** Writes envelopes in a dialect. */
export function writer(dialect: Dialect): {
  envelope(content: string, id?: string): string;
  message(name: string, content: string): string;
  list(name: string, type: string, items: string[]): string;
  value(path: string, value: string, type: string): string;
} {
  const [env, enc, cwmp] = dialect.prefixes ?? ['soap-env', 'soap-enc', 'cwmp'];
  const xsi = dialect.xsi ?? 'http://www.w3.org/2001/XMLSchema-instance';
  const idHeader = (id: string): string => {
    const text = dialect.id === 'spaced' ? `\n      ${id}\n   ` : id;
    return `<${env}:Header><${cwmp}:ID ${env}:mustUnderstand="1">${text}</${cwmp}:ID></${env}:Header>`;
  };
  return {
    envelope: (content, id) => {
      const xml =
        `<${env}:Envelope xmlns:${env}="http://schemas.xmlsoap.org/soap/envelope/" ` +
        `xmlns:${enc}="http://schemas.xmlsoap.org/soap/encoding/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" ` +
        `xmlns:xsi="${xsi}" xmlns:${cwmp}="urn:dslforum-org:cwmp-${dialect.namespace}">` +
        `${id === undefined || dialect.id === 'none' ? '' : idHeader(id)}<${env}:Body>${content}</${env}:Body></${env}:Envelope>`;
      const spaced = dialect.indent ? xml.replaceAll(/>(?=<(?!\/))/g, '>\n  ') : xml;
      return `${dialect.declaration ?? ''}${spaced}`;
    },
    message: (name, content) => `<${cwmp}:${name}>${content}</${cwmp}:${name}>`,
    list: (name, type, items) => {
      const count = dialect.count(items.length);
      const attribute = count === undefined ? '' : ` ${enc}:arrayType="${type.replace('cwmp:', `${cwmp}:`)}[${count}]"`;
      return `<${name}${attribute}>${items.join('')}</${name}>`;
    },
    value: (path, value, type) =>
      `<ParameterValueStruct><Name>${path}</Name><Value xsi:type="${type}">${dialect.text(value)}</Value></ParameterValueStruct>`,
  };
}
