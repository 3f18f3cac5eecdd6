// SOAP 1.1 envelopes of CWMP (TR-069 3.5): one encoder, one decoder, for the ACS and the CPE.
import { channel } from 'node:diagnostics_channel';
import { clip } from '../clip.ts';
import { attributeNamed, type XmlElement, type XmlLimits } from '../xml/element.ts';
import { parseXml, XmlError } from '../xml/read.ts';
import { escapeText } from '../xml/write.ts';
import { decodeFields, encodeFields, InvalidArgument, parseBoolean } from './codec.ts';
import { codeFor, faultSide, type ParameterFault } from './faults.ts';
import { type Arguments, isMethodName, type MethodName, methodSpec, type Results } from './methods.ts';
import { type Namespace, namespaceOf, namespaces, namespaceUri } from './versions.ts';

const SOAP_ENVELOPE = 'http://schemas.xmlsoap.org/soap/envelope/';
const SOAP_ENCODING = 'http://schemas.xmlsoap.org/soap/encoding/';
const XSD = 'http://www.w3.org/2001/XMLSchema';
const XSI = 'http://www.w3.org/2001/XMLSchema-instance';
const ACTOR_NEXT = 'http://schemas.xmlsoap.org/soap/actor/next';

export type RequestBody<M extends MethodName = MethodName> = M extends MethodName
  ? { kind: 'request'; method: M; args: Arguments<M> }
  : never;
export type ResponseBody<M extends MethodName = MethodName> = M extends MethodName
  ? { kind: 'response'; method: M; result: Results<M> }
  : never;

interface FaultBody {
  kind: 'fault';
  fault: {
    /** 0 for a received SOAP fault without a CWMP code. */
    code: number;
    message: string;
    parameters: ParameterFault[];
    /** A fault of SOAP itself (SOAP 1.1 4.4.1), sent without CWMP detail. */
    soap?: 'MustUnderstand' | 'VersionMismatch';
  };
}

/** A method of Annex A whose arguments cannot be taken. Only a request may be answered with the `fault`. */
interface InvalidBody {
  kind: 'invalid';
  of: 'request' | 'response';
  method: MethodName;
  /** `ParameterList[2].Name is missing` */
  reason: string;
  /** 9003 when it was meant for a CPE, 8003 for an ACS. */
  fault: number;
}

export type Body =
  | RequestBody
  | ResponseBody
  | FaultBody
  | InvalidBody
  /** Received only: not a SOAP message at all, where an answer was owed. */
  | { kind: 'unreadable'; reason: string }
  /** Something that Annex A does not have: a vendor's method, or another namespace. Faults 9000 and 8000. */
  | { kind: 'unknown'; name: string }
  /** An envelope with an empty Body: some peers send that instead of an empty message. */
  | { kind: 'empty' };

export interface Envelope {
  namespace: Namespace;
  /** TR-069 3.5 Table 4: to be echoed as it came. */
  id?: string;
  holdRequests?: boolean;
  /** Seconds. */
  sessionTimeout?: number;
  supportedVersions?: string[];
  useVersion?: string;
  /** Received only: a mandatory header that is unknown; to be answered with a MustUnderstand fault. */
  unknownMustUnderstand?: string;
  /** For receiving only: arguments that cannot be read and were replaced by their defaults, with the reason. */
  forgiven?: string[];
  /** For sending only: booleans as `true` and `false`, for receivers that take no digits. */
  words?: boolean;
  body: Body;
}

/** The bytes are not a SOAP 1.1 envelope with at most one message in it: the session cannot continue (TR-069 3.5). */
export class InvalidSoap extends Error {
  override readonly name = 'InvalidSoap';

  constructor(message: string, options?: ErrorOptions) {
    super(clip(message), options);
  }
}

export function requestBody<M extends MethodName>(method: M, args: Arguments<M>): RequestBody<M> {
  return { kind: 'request', method, args } as unknown as RequestBody<M>;
}

export function responseBody<M extends MethodName>(method: M, result: Results<M>): ResponseBody<M> {
  return { kind: 'response', method, result } as unknown as ResponseBody<M>;
}

export function faultBody(fault: { code: number; message: string; parameters?: ParameterFault[] }): FaultBody {
  return { kind: 'fault', fault: { code: fault.code, message: fault.message, parameters: fault.parameters ?? [] } };
}

// ---- encoding

/** The form that every client tried accepts: no XML declaration, these prefixes, all declared on the Envelope. */
const OPENINGS: ReadonlyMap<Namespace, string> = new Map(
  namespaces.map(namespace => [
    namespace,
    `<soap-env:Envelope xmlns:soap-env="${SOAP_ENVELOPE}" xmlns:soap-enc="${SOAP_ENCODING}" xmlns:xsd="${XSD}"` +
      ` xmlns:xsi="${XSI}" xmlns:cwmp="${namespaceUri(namespace)}">`,
  ]),
);

/** Receives each envelope as it is encoded, `{ envelope, xml }`, for checks from outside; without a listener in production. */
const encoded = channel('tandem.envelope');

/**
 * The text of an envelope.
 * @throws Error for a body that cannot be sent (`unknown`, `invalid`) or lacks an argument: the caller's bug
 */
export function encodeEnvelope(envelope: Envelope): string {
  const header = encodeHeader(envelope);
  const body = encodeBody(envelope.body, envelope.namespace);
  const xml =
    (OPENINGS.get(envelope.namespace) ?? '') +
    (header === '' ? '' : `<soap-env:Header>${header}</soap-env:Header>`) +
    `<soap-env:Body>${envelope.words ? inWords(body) : body}</soap-env:Body></soap-env:Envelope>`;
  if (encoded.hasSubscribers) encoded.publish({ envelope, xml });
  return xml;
}

/** Every boolean that an ACS sends: values, and the arguments of A.3.2.3 and A.3.2.4. Text is escaped, so nothing else looks like one. */
const inWords = (xml: string): string =>
  xml.replace(
    /( xsi:type="xsd:boolean">|<(?:NextLevel|NotificationChange|AccessListChange)>)([01])</g,
    (_, before: string, digit: string) => `${before}${digit === '1' ? 'true' : 'false'}<`,
  );

/** TR-069 3.5 Table 4. The headers of 1.3 and 1.4 do not exist in the two oldest namespaces. */
function encodeHeader(envelope: Envelope): string {
  const { namespace, id, holdRequests, sessionTimeout, supportedVersions, useVersion } = envelope;
  let xml = '';
  if (id !== undefined) xml += header('ID', 1, id);
  if (holdRequests !== undefined) xml += header('HoldRequests', 1, holdRequests ? '1' : '0');
  if (namespace === '1-0' || namespace === '1-1') return xml;
  if (sessionTimeout !== undefined) xml += header('SessionTimeout', 0, String(sessionTimeout));
  if (supportedVersions !== undefined) xml += header('SupportedCWMPVersions', 0, supportedVersions.join(','));
  if (useVersion !== undefined) xml += header('UseCWMPVersion', 1, useVersion);
  return xml;
}

function header(name: string, mustUnderstand: 0 | 1, value: string): string {
  return `<cwmp:${name} soap-env:mustUnderstand="${mustUnderstand}">${escapeText(value)}</cwmp:${name}>`;
}

function encodeBody(body: Body, namespace: Namespace): string {
  switch (body.kind) {
    case 'request':
      return element(body.method, encodeFields(specOf(body.method).request, body.args, namespace));
    case 'response':
      return element(`${body.method}Response`, encodeFields(specOf(body.method).response, body.result, namespace));
    case 'fault':
      return encodeFault(body.fault, namespace);
    case 'empty':
      return '';
    case 'unknown':
    case 'unreadable':
    case 'invalid':
      throw new Error(`a body of kind ${body.kind} cannot be sent`);
  }
}

const element = (name: string, content: string): string =>
  content === '' ? `<cwmp:${name}/>` : `<cwmp:${name}>${content}</cwmp:${name}>`;

function specOf(method: MethodName) {
  const spec = methodSpec(method);
  if (!spec) throw new Error(`no method ${String(method)}`);
  return spec;
}

/** TR-069 3.5: faultcode names the side in error, faultstring is constant, the detail holds the fault. */
function encodeFault(fault: FaultBody['fault'], namespace: Namespace): string {
  if (fault.soap) {
    const text = escapeText(fault.message);
    return `<soap-env:Fault><faultcode>soap-env:${fault.soap}</faultcode><faultstring>${text}</faultstring></soap-env:Fault>`;
  }
  const code = codeFor(namespace, fault.code, 'fault');
  let detail = `<FaultCode>${code}</FaultCode><FaultString>${escapeText(fault.message)}</FaultString>`;
  for (const { name, code: own, message } of fault.parameters) {
    detail +=
      `<SetParameterValuesFault><ParameterName>${escapeText(name)}</ParameterName>` +
      `<FaultCode>${codeFor(namespace, own, 'parameter')}</FaultCode>` +
      `<FaultString>${escapeText(message)}</FaultString></SetParameterValuesFault>`;
  }
  return (
    `<soap-env:Fault><faultcode>${faultSide(code)}</faultcode><faultstring>CWMP fault</faultstring>` +
    `<detail><cwmp:Fault>${detail}</cwmp:Fault></detail></soap-env:Fault>`
  );
}

// ---- decoding

/**
 * Reads one envelope, in any dialect that real devices and servers speak.
 * @param charset of Content-Type, for bytes that do not say it themselves
 * @throws InvalidSoap and nothing else
 */
export function decodeEnvelope(source: string | Buffer, limits?: Partial<XmlLimits>, charset?: string): Envelope {
  const root = parse(source, limits, charset);
  if (root.name !== 'Envelope') throw new InvalidSoap(`the root element is ${root.name}, not a SOAP Envelope`);
  const header = onlyPart(root, 'Header');
  const body = onlyPart(root, 'Body');
  // One client leaves the Envelope itself without a prefix; its Body shows the namespace.
  if (root.namespace !== SOAP_ENVELOPE && !(root.namespace === '' && body))
    throw new InvalidSoap(`not SOAP 1.1: the Envelope is in "${root.namespace}"`);
  if (!body) throw new InvalidSoap('no Body');
  const content = body.children;
  if (content.length > 1) throw new InvalidSoap(`${content.length} messages in one Body`);
  const message = content[0];
  const envelope: Envelope = { namespace: spokenIn(root, header, message), body: { kind: 'empty' } };
  if (header) for (const entry of header.children) readHeader(entry, envelope);
  const forgiven: string[] = [];
  if (message) envelope.body = readMessage(message, forgiven);
  if (forgiven.length > 0) envelope.forgiven = forgiven;
  return envelope;
}

function parse(
  source: string | Buffer,
  limits: Partial<XmlLimits> | undefined,
  charset: string | undefined,
): XmlElement {
  try {
    return parseXml(source, limits, charset);
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    throw new InvalidSoap(`XML, line ${error.line}, column ${error.column}: ${error.message}`, { cause: error });
  }
}

function onlyPart(root: XmlElement, name: string): XmlElement | undefined {
  let found: XmlElement | undefined;
  for (const child of root.children) {
    if (child.name !== name || child.namespace !== SOAP_ENVELOPE) continue;
    if (found) throw new InvalidSoap(`more than one ${name}`);
    found = child;
  }
  return found;
}

/** The CWMP namespace of the message itself; for a SOAP fault or an empty body, the one in scope around it. */
function spokenIn(root: XmlElement, header: XmlElement | undefined, message: XmlElement | undefined): Namespace {
  const own =
    namespaceOf(message?.namespace ?? '') ?? namespaceOf(message?.child('detail')?.children[0]?.namespace ?? '');
  if (own) return own;
  for (const entry of header?.children ?? []) {
    const namespace = namespaceOf(entry.namespace);
    if (namespace) return namespace;
  }
  for (const uri of Object.values(root.attributes)) {
    const namespace = namespaceOf(uri);
    if (namespace) return namespace;
  }
  return '1-0';
}

/** TR-069 3.5 Table 4. A header without a namespace is taken for one of ours; of a repeated one the first counts. */
function readHeader(entry: XmlElement, envelope: Envelope): void {
  const known = entry.namespace === '' || namespaceOf(entry.namespace) !== undefined;
  switch (known ? entry.name : '') {
    case 'ID':
      envelope.id ??= entry.text;
      return;
    case 'HoldRequests':
      envelope.holdRequests ??= parseBoolean(entry.text) ?? false;
      return;
    case 'SessionTimeout':
      if (/^\s*\d{1,9}\s*$/.test(entry.text)) envelope.sessionTimeout ??= Number(entry.text);
      return;
    case 'SupportedCWMPVersions':
      envelope.supportedVersions ??= entry.text
        .split(',')
        .map(version => version.trim())
        .filter(version => version !== '');
      return;
    case 'UseCWMPVersion':
      envelope.useVersion ??= entry.text.trim();
      return;
    case 'NoMoreRequests': // CWMP 1.0 had it; every version may ignore it.
      return;
    default:
      if (mustUnderstand(entry)) envelope.unknownMustUnderstand ??= entry.name;
  }
}

/** SOAP 1.1 4.2.3, and 4.2.2: headers for another actor are ignored. */
function mustUnderstand(entry: XmlElement): boolean {
  if (!parseBoolean(attributeNamed(entry, 'mustUnderstand') ?? '')) return false;
  const actor = attributeNamed(entry, 'actor') ?? '';
  return actor === '' || actor === ACTOR_NEXT;
}

function readMessage(message: XmlElement, forgiven: string[]): Body {
  // A fault is recognised by its local name: devices send it with a prefix that they do not declare, or in another namespace.
  if (message.name === 'Fault') return readFault(message);
  const name = message.name;
  if (namespaceOf(message.namespace) === undefined) return { kind: 'unknown', name };
  if (isMethodName(name)) return readRequest(name, message, forgiven);
  const answered = name.endsWith('Response') ? name.slice(0, -'Response'.length) : '';
  if (isMethodName(answered)) return readResponse(answered, message, forgiven);
  return { kind: 'unknown', name };
}

function readRequest(method: MethodName, message: XmlElement, forgiven: string[]): Body {
  const spec = specOf(method);
  try {
    return {
      kind: 'request',
      method,
      args: decodeFields(spec.request, message, { strict: true, forgiven }),
    } as unknown as RequestBody;
  } catch (error) {
    return invalid('request', method, spec.to === 'acs' ? 8003 : 9003, error);
  }
}

function readResponse(method: MethodName, message: XmlElement, forgiven: string[]): Body {
  const spec = specOf(method);
  try {
    return {
      kind: 'response',
      method,
      result: decodeFields(spec.response, message, { strict: false, forgiven }),
    } as unknown as ResponseBody;
  } catch (error) {
    return invalid('response', method, spec.to === 'acs' ? 9003 : 8003, error);
  }
}

function invalid(of: 'request' | 'response', method: MethodName, fault: number, error: unknown): InvalidBody {
  if (!(error instanceof InvalidArgument)) throw error;
  return { kind: 'invalid', of, method, reason: `${error.path} ${error.problem}`, fault };
}

/** Lenient: the detail may be missing, in any namespace, or its content may be elsewhere in the fault. */
function readFault(message: XmlElement): FaultBody {
  const fault = holderOf('FaultCode', message);
  const soap = message.child('faultstring')?.text.trim() ?? '';
  if (!fault) {
    const text = holderOf('FaultString', message);
    const said = (text ? textIn(text).trim() : '') || soap;
    return { kind: 'fault', fault: { code: 0, message: said, parameters: [], ...ownFault(message) } };
  }
  const parameters: ParameterFault[] = [];
  for (const child of fault.children) {
    if (child.name !== 'SetParameterValuesFault') continue;
    parameters.push({
      name: child.child('ParameterName')?.text.trim() ?? '',
      code: codeIn(child),
      message: textIn(child),
    });
  }
  return { kind: 'fault', fault: { code: codeIn(fault), message: textIn(fault) || soap, parameters } };
}

/** The element that holds a child of that name, the outermost first; the faults of single parameters are not looked into. */
function holderOf(name: string, within: XmlElement): XmlElement | undefined {
  if (within.child(name)) return within;
  for (const child of within.children) {
    const found = child.name === 'SetParameterValuesFault' ? undefined : holderOf(name, child);
    if (found) return found;
  }
  return undefined;
}

/** A fault of SOAP itself, recognised by its qualified faultcode. */
function ownFault(message: XmlElement): { soap?: 'MustUnderstand' | 'VersionMismatch' } {
  const code = message.child('faultcode')?.text.trim() ?? '';
  if (code.endsWith('MustUnderstand')) return { soap: 'MustUnderstand' };
  if (code.endsWith('VersionMismatch')) return { soap: 'VersionMismatch' };
  return {};
}

function codeIn(fault: XmlElement): number {
  const text = fault.child('FaultCode')?.text.trim() ?? '';
  return /^\d{1,9}$/.test(text) ? Number(text) : 0;
}

const textIn = (fault: XmlElement): string => fault.child('FaultString')?.text ?? '';
