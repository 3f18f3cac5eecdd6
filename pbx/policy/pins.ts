// The PIN of an extension: its individual authorization code, or the number itself where that serves as one.
import type { Exchange } from '../exchange/exchange.ts';

/** The individual authorization code of a number. */
export const codeOf = (exchange: Exchange, dir: string): string | undefined =>
  exchange.get('authorizationCodes', `dir:${dir}`)?.code;

/**
 * PINs that a terminal of that number may prove; none where it is not asked for one. Without a code the number serves over
 * TLS, and for an H.323 terminal whose extension has no security exception.
 */
export function pinsOf(exchange: Exchange, dir: string, way: { encrypted: boolean; kind?: 'SIP' | 'H.323' }): string[] {
  const code = codeOf(exchange, dir);
  if (code !== undefined) return [code];
  const hasException = exchange.get('extensions', dir)?.securityException ?? true;
  return way.encrypted || (way.kind === 'H.323' && !hasException) ? [dir] : [];
}
