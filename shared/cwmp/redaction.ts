// Envelopes without their secrets, as traces and wire logs show them.
import { isSecretName, MASK, withoutTexts, withoutUrlSecrets } from '../model/secret-names.ts';
import { type MaskRules, withMaskedText } from '../xml/masking.ts';
import { XmlError } from '../xml/read.ts';
import { escapeText } from '../xml/write.ts';
import { decodeEnvelope, type Envelope, InvalidSoap } from './soap.ts';

type IsSecret = (name: string) => boolean;

const rulesFor = (isSecret: IsSecret): MaskRules => ({
  ...{ name: 'Name', value: 'Value', isSecretName: isSecret },
  always: ['Username', 'Password'],
});
/** A link gives access to its file for as long as the transfer is under way. */
const fileLink = /(\/files\/[0-9a-f]+\/)[\w-]+(?=\/)/g;

/**
 * Masks the secrets of an envelope and leaves the rest of its text as it is: values of parameters with a secret name, credentials of
 * transfers, logins in URLs, tags of file links.
 * @param isSecret tells whether a parameter of that name is one
 * @returns undefined when the masked text would still hold a secret
 */
export function withoutSecrets(xml: string, isSecret: IsSecret = isSecretName): string | undefined {
  let hidden: string;
  try {
    hidden = withoutUrlSecrets(withMaskedText(xml, rulesFor(isSecret))).replace(fileLink, `$1${MASK}`);
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    return secretWord.test(xml) ? undefined : withoutUrlSecrets(xml);
  }
  return holdsSecret(hidden, isSecret) ? undefined : hidden;
}

/** An envelope for the wire log: without its secrets, or a comment where they cannot be told apart. */
export const wireText = (xml: string, isSecret?: IsSecret): string =>
  withoutSecrets(xml, isSecret) ?? `<!-- left out: ${xml.length} characters whose secrets could not be masked -->`;

/** Found in an envelope that cannot be decoded, it makes the whole text suspicious. */
const secretWord = /password|secret|passphrase|passwd|privatekey|sharedkey|wepkey|psk|communit/i;

/** Checks the masked text once more, by its meaning: a dialect may have slipped past the patterns. */
function holdsSecret(xml: string, isSecret: IsSecret): boolean {
  let envelope: Envelope;
  try {
    envelope = decodeEnvelope(xml);
  } catch (error) {
    if (!(error instanceof InvalidSoap)) throw error;
    return secretWord.test(xml);
  }
  const { body } = envelope;
  if (body.kind === 'unknown' || body.kind === 'invalid') return secretWord.test(xml);
  if (body.kind === 'request') return holdsUnmasked(body.args, isSecret);
  return body.kind === 'response' && holdsUnmasked(body.result, isSecret);
}

const isUnmasked = (value: unknown): boolean => typeof value === 'string' && value !== '' && value.trim() !== MASK;

function holdsUnmasked(value: unknown, isSecret: IsSecret): boolean {
  if (Array.isArray(value)) return value.some(entry => holdsUnmasked(entry, isSecret));
  if (typeof value !== 'object' || value === null) return false;
  const { Name, Value } = value as { Name?: unknown; Value?: unknown };
  if (typeof Name === 'string' && isSecret(Name) && isUnmasked(Value)) return true;
  return Object.entries(value).some(
    ([name, part]) =>
      ((name === 'Username' || name === 'Password') && isUnmasked(part)) || holdsUnmasked(part, isSecret),
  );
}

/** A shorter value is part of too many words. */
const LEAST = 4;
/** Secrets that are remembered. */
const MOST = 500;

/** The secrets in the arguments of an RPC: values of parameters with a secret name, and passwords. */
export function secretsIn(value: unknown, isSecret: IsSecret): string[] {
  if (Array.isArray(value)) return value.flatMap(entry => secretsIn(entry, isSecret));
  if (typeof value !== 'object' || value === null) return [];
  const { Name, Value } = value as { Name?: unknown; Value?: unknown };
  if (typeof Name === 'string' && typeof Value === 'string')
    return isSecret(Name) && Value.length >= LEAST ? [Value] : [];
  return Object.entries(value).flatMap(([name, part]) =>
    typeof part !== 'string' ? secretsIn(part, isSecret) : isSecret(name) && part.length >= LEAST ? [part] : [],
  );
}

/** The secrets that were sent last: a CPE may quote one in the fault by which it refuses it. */
export class SentSecrets {
  readonly #texts = new Set<string>();

  remember(args: unknown, isSecret: IsSecret): void {
    for (const secret of secretsIn(args, isSecret)) {
      const written = escapeText(secret);
      this.#texts.delete(written);
      this.#texts.add(written);
    }
    for (const oldest of this.#texts) {
      if (this.#texts.size <= MOST) break;
      this.#texts.delete(oldest);
    }
  }

  /** The envelope without them, where it is a fault. */
  silenced(xml: string): string {
    return xml.includes('Fault') ? withoutTexts(xml, this.#texts) : xml;
  }
}
