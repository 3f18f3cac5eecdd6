// The envelope of a request (SOAP 1.1): read within bounds, its credentials and its one call found.
import { isUtf8 } from 'node:buffer';
import { clip } from '../../../shared/clip.ts';
import { charsetIn } from '../../../shared/xml/charset.ts';
import type { XmlElement } from '../../../shared/xml/element.ts';
import { parseXml, XmlError } from '../../../shared/xml/read.ts';
import { UserError } from '../../errors.ts';
import { wrongAt } from './decode.ts';
import { actionOf, NAMESPACE } from './namespace.ts';

export const SOAP = 'http://schemas.xmlsoap.org/soap/envelope/';
const SOAP_12 = 'http://www.w3.org/2003/05/soap-envelope';
const SECURITY = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd';
/** Web Services Security UsernameToken Profile 1.1.1, 3.1. */
const PASSWORD_TEXT = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText';

/** Bytes of a request whose caller is known, as for JSON; and of one that shows its login inside. */
export const MAX_ENVELOPE = 4 * 1024 * 1024;
export const MAX_UNPROVED = 64 * 1024;
/** An `any` takes three levels for one of JSON. */
const LIMITS = { size: MAX_ENVELOPE, depth: 64, elements: 200_000, attributes: 32 };

const bad = (message: string): UserError => new UserError(400, 'bad-envelope', message);

/** @throws UserError 415 */
export function assertSoapType(contentType: string | undefined): void {
  const type = (contentType ?? 'text/xml').split(';')[0]?.trim().toLowerCase();
  if (type === 'text/xml' || type === 'application/xml') return;
  if (type === 'application/soap+xml')
    throw new UserError(415, 'soap-version', 'SOAP 1.2 is not spoken here; send SOAP 1.1 as text/xml');
  if (type === 'multipart/related')
    throw new UserError(415, 'not-soap', 'attachments (MTOM) are not taken; send contents as base64, or use REST');
  throw new UserError(415, 'not-soap', `Content-Type ${clip(type ?? '')} is not text/xml`);
}

/** The root of the document. @throws UserError 400 `bad-xml` */
export function readEnvelope(bytes: Buffer, contentType: string | undefined): XmlElement {
  try {
    return checkedEnvelope(parseXml(decoded(bytes, charsetIn(contentType)), LIMITS));
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    const place = `line ${error.line}, column ${error.column}`;
    throw new UserError(400, 'bad-xml', `${place}: ${error.message}`, { place });
  }
}

/** UTF-8 or UTF-16, as the Basic Profile 1.1 wants (R1012); nothing is guessed. */
function decoded(bytes: Buffer, charset: string | undefined): string {
  const [first, second] = bytes;
  const wide =
    first === 0xff && second === 0xfe ? 'utf-16le' : first === 0xfe && second === 0xff ? 'utf-16be' : undefined;
  const head = bytes.toString('latin1', 0, 128);
  const declared = wide ? undefined : /^[^<]{0,3}<\?xml[^>]{0,99}\sencoding=["']([\w.:-]{1,40})["']/.exec(head)?.[1];
  for (const name of [charset, declared])
    if (name !== undefined && !/^(utf-?8|us-ascii|utf-16(le|be)?)$/i.test(name))
      throw new UserError(400, 'bad-xml', `the encoding ${clip(name)} is not taken; send UTF-8`);
  if (!wide && !isUtf8(bytes)) throw new UserError(400, 'bad-xml', 'the envelope is not UTF-8');
  return new TextDecoder(wide ?? 'utf-8').decode(bytes);
}

function checkedEnvelope(root: XmlElement): XmlElement {
  if (root.name !== 'Envelope') throw bad(`the document is ${clip(root.name)}, not an Envelope`);
  if (root.namespace === SOAP_12)
    throw new UserError(400, 'soap-version', 'SOAP 1.2 is not spoken here; send SOAP 1.1');
  if (root.namespace !== SOAP)
    throw new UserError(
      400,
      'soap-version',
      `the Envelope is in the namespace "${clip(root.namespace)}", not in ${SOAP}`,
    );
  for (const [at, { name, namespace }] of root.children.entries()) {
    const isExpected = namespace === SOAP && (name === 'Body' || (name === 'Header' && at === 0));
    if (!isExpected) throw bad(`Envelope: unexpected element ${clip(name)}`);
  }
  return root;
}

/** The one call in the body. @throws UserError 400 */
export function callIn(envelope: XmlElement): XmlElement {
  const bodies = envelope.children.filter(({ name }) => name === 'Body');
  const [body] = bodies;
  if (!body || bodies.length > 1) throw bad(`Envelope: must have one Body, not ${bodies.length}`);
  const [call, ...others] = body.children;
  if (!call || others.length > 0) throw bad(`Body: must have one element, not ${body.children.length}`);
  if (call.namespace !== NAMESPACE)
    throw wrongAt('Body', `${clip(call.name)} is in the namespace "${clip(call.namespace)}", not in ${NAMESPACE}`);
  return call;
}

/** SOAP 1.1 6.1.1: it may be empty, in which case the body says all. @throws UserError 400 */
export function assertAction(header: string | undefined, operation: string): void {
  const action = (header ?? '').trim().replace(/^"(.*)"$/, '$1');
  if (action === '' || action === actionOf(operation)) return;
  throw bad(`SOAPAction is "${clip(action)}", but the body calls ${operation}`);
}

export interface Login {
  name: string;
  password: string;
}

/** The login of a UsernameToken. @throws UserError 400 for headers that must be understood and are not */
export function loginIn(envelope: XmlElement): Login | undefined {
  const header = envelope.children.find(({ name }) => name === 'Header');
  let login: Login | undefined;
  for (const block of header?.children ?? []) {
    if (block.namespace === SECURITY && block.name === 'Security') {
      const tokens = block.children.filter(({ name, namespace }) => namespace === SECURITY && name === 'UsernameToken');
      const [token] = tokens;
      if (tokens.length > 1 || (token && login)) throw bad('Header: more than one UsernameToken');
      if (token) login = loginOf(token);
    } else if (mustBeUnderstood(block))
      throw new UserError(400, 'soap-header', `Header: ${clip(block.name)} is not understood here`);
  }
  return login;
}

function loginOf(token: XmlElement): Login {
  const part = (name: string): XmlElement | undefined =>
    token.children.find(child => child.namespace === SECURITY && child.name === name);
  const [name, password] = [part('Username'), part('Password')];
  if (!name || !password) throw bad('UsernameToken: must have Username and Password');
  const type = password.attributes.Type ?? PASSWORD_TEXT;
  if (type !== PASSWORD_TEXT)
    throw bad('UsernameToken: only PasswordText is taken, by TLS: passwords are stored as hashes');
  return { name: name.text.trim(), password: password.text };
}

function mustBeUnderstood({ attributes, scope }: XmlElement): boolean {
  for (const name in attributes) {
    const [prefix = '', local] = name.split(':');
    if (local !== 'mustUnderstand' || !/^\s*(1|true)\s*$/.test(attributes[name] ?? '')) continue;
    for (let at: typeof scope | undefined = scope; at; at = at.parent)
      if (at.prefixes.has(prefix)) return at.prefixes.get(prefix) === SOAP;
  }
  return false;
}
