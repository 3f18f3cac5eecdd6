// The individual authorization code of a number, its PIN.
import type { Exchange } from '../exchange/exchange.ts';

export const codeOf = (exchange: Exchange, dir: string): string | undefined =>
  exchange.get('authorizationCodes', `dir:${dir}`)?.code;
