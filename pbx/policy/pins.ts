// The PIN of an extension: its individual authorization code, or the number itself where that serves as one.
import type { Exchange } from '../exchange/exchange.ts';
import { needsPin, type TerminalFacts } from './decide.ts';

/** The individual authorization code of a number. */
export const codeOf = (exchange: Exchange, dir: string): string | undefined =>
  exchange.get('authorizationCodes', `dir:${dir}`)?.code;

/** PINs that a terminal of that number may prove; none where it is not asked for one. */
export function pinsOf(
  exchange: Exchange,
  dir: string,
  { encrypted, kind = 'SIP' }: { encrypted: boolean; kind?: TerminalFacts['kind'] },
): string[] {
  const code = codeOf(exchange, dir);
  const hasException = exchange.get('extensions', dir)?.securityException ?? true;
  return needsPin({ kind, encrypted, hasException, hasPin: code !== undefined }) ? [code ?? dir] : [];
}
