// Redaction of traces: credentials in headers and secrets in envelopes become `***`.
import { decodeEnvelope, type Envelope, InvalidSoap } from '../../shared/cwmp/soap.ts';
import { type MaskRules, withMaskedText } from '../../shared/xml/masking.ts';
import { XmlError } from '../../shared/xml/read.ts';
import { isSecretName } from '../fleet/common/secrets.ts';
import type { TracedMessage } from '../fleet/common/traced-session.ts';

const MAX_HEADER = 500;

/** The headers of these names, without credentials. */
export function redactedHeaders(headers: Record<string, unknown>, names: readonly string[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of names) {
    const value = headers[name];
    if (value !== undefined)
      found[name] = redactedHeader(name, Array.isArray(value) ? value.join(', ') : String(value));
  }
  return found;
}

function redactedHeader(name: string, value: string): string {
  if (name === 'authorization') return `${/^[\w-]*/.exec(value)?.[0] ?? ''} ***`;
  if (name === 'cookie' || name === 'set-cookie')
    return value.replace(/=("[^"]*"|[^;,\s]*)/, '=***').slice(0, MAX_HEADER);
  return value.slice(0, MAX_HEADER);
}

/** Characters up to which a message is masked; of a trace the first 256 KB are shown. */
const MAX_MASKED = 4 * 1024 * 1024;

/** The XML of a traced message without its secrets, or a note that it is left out. */
export function redactedXml(xml: string): Pick<TracedMessage, 'xml' | 'note'> {
  if (xml.trim() === '') return {};
  if (xml.length > MAX_MASKED) return { note: `left out: longer than ${MAX_MASKED} characters` };
  const hidden = withoutSecrets(xml);
  return hidden === undefined ? { note: 'left out: its secrets could not be masked' } : { xml: hidden };
}

const rules: MaskRules = {
  ...{ name: 'Name', value: 'Value', isSecretName },
  always: ['Username', 'Password'],
};
/** A link gives access to its file for as long as the transfer is under way. */
const fileLink = /(\/files\/[0-9a-f]+\/)[\w-]+(?=\/)/g;

/**
 * Masks the secrets of an envelope and leaves the rest of its text as it is: values of parameters with a secret name, credentials of
 * transfers, tags of file links.
 * @returns undefined when the masked text would still hold a secret
 */
export function withoutSecrets(xml: string): string | undefined {
  let hidden: string;
  try {
    hidden = withMaskedText(xml, rules).replace(fileLink, '$1***');
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    return secretWord.test(xml) ? undefined : xml;
  }
  return holdsSecret(hidden) ? undefined : hidden;
}

/** Found in an envelope that cannot be decoded, it makes the whole text suspicious. */
const secretWord = /password|secret|passphrase|privatekey/i;

/** Checks the masked text once more, by its meaning: a dialect may have slipped past the patterns. */
function holdsSecret(xml: string): boolean {
  let envelope: Envelope;
  try {
    envelope = decodeEnvelope(xml);
  } catch (error) {
    if (!(error instanceof InvalidSoap)) throw error;
    return secretWord.test(xml);
  }
  const { body } = envelope;
  if (body.kind === 'unknown' || body.kind === 'invalid') return secretWord.test(xml);
  if (body.kind === 'request') return holdsUnmasked(body.args);
  return body.kind === 'response' && holdsUnmasked(body.result);
}

const isUnmasked = (value: unknown): boolean => typeof value === 'string' && value !== '' && value.trim() !== '***';

function holdsUnmasked(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(holdsUnmasked);
  if (typeof value !== 'object' || value === null) return false;
  const { Name, Value } = value as { Name?: unknown; Value?: unknown };
  if (typeof Name === 'string' && isSecretName(Name) && isUnmasked(Value)) return true;
  return Object.entries(value).some(
    ([name, part]) => ((name === 'Username' || name === 'Password') && isUnmasked(part)) || holdsUnmasked(part),
  );
}
