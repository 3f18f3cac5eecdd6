// Redaction of traces: credentials in headers and secrets in envelopes become `***`.
import { withoutSecrets } from '../../shared/cwmp/redaction.ts';
import { maskedHeader } from '../../shared/header-masking.ts';
import type { TracedMessage } from '../fleet/common/traced-session.ts';

const MAX_HEADER = 500;

/** The headers of these names, without credentials. */
export function redactedHeaders(headers: Record<string, unknown>, names: readonly string[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of names) {
    const value = headers[name];
    if (value !== undefined)
      found[name] = [value]
        .flat()
        .map(text => maskedHeader(name, String(text)))
        .join(', ')
        .slice(0, MAX_HEADER);
  }
  return found;
}

/** Characters up to which a message is masked; of a trace the first 256 KB are shown. */
const MAX_MASKED = 4 * 1024 * 1024;

/** The XML of a traced message without its secrets, or a note that it is left out. */
export function redactedXml(xml: string, isSecret: (name: string) => boolean): Pick<TracedMessage, 'xml' | 'note'> {
  if (xml.trim() === '') return {};
  if (xml.length > MAX_MASKED) return { note: `left out: longer than ${MAX_MASKED} characters` };
  const hidden = withoutSecrets(xml, isSecret);
  return hidden === undefined ? { note: 'left out: its secrets could not be masked' } : { xml: hidden };
}
