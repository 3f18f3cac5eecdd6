// Headers of HTTP as they may be shown: without logins, answers to challenges, and the values of cookies.
import { MASK, withoutUrlSecrets } from './model/secret-names.ts';

export interface HeaderMasking {
  /** An answer to a digest challenge keeps all but the response, which proves the password; otherwise its scheme alone. */
  isDigestShown?: boolean;
}

/** The value of a header without its secrets. @param name in any case */
export function maskedHeader(name: string, value: string, { isDigestShown = false }: HeaderMasking = {}): string {
  switch (name.toLowerCase()) {
    case 'authorization':
    case 'proxy-authorization':
      return isDigestShown && /^\s*digest /i.test(value)
        ? value.replace(/\bresponse\s{0,10}=\s{0,10}"?[^",\s]{1,1000}"?/gi, `response="${MASK}"`)
        : `${/[\w-]+/.exec(value.slice(0, 100))?.[0] ?? ''} ${MASK}`;
    case 'cookie':
      return value.replace(/=[^;]*/g, `=${MASK}`);
    case 'set-cookie':
      // Only the attributes follow the value, which are no secret.
      return value.replace(/=[^;]*/, `=${MASK}`);
    default:
      return withoutUrlSecrets(value);
  }
}
