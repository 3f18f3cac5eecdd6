// The session cookie. It names the process that has the session, so that every other process knows where a POST belongs. It is signed,
// so a forged one sends a POST nowhere.
import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Random } from '../../../shared/clock.ts';
import { tagOf } from '../../fleet/common/secrets.ts';

export interface Cookies {
  /** A fresh value, `MEMBER.RANDOM.TAG`. */
  issue(): string;
  /** The member that has the session; undefined for a value that no member has issued. */
  memberOf(cookie: string): string | undefined;
}

const COOKIE = 'tandem';

/** @param key the same in all processes @param self the name of this member */
export function createCookies({ key, self, random }: { key: Buffer; self: string; random: Random }): Cookies {
  return {
    issue: () => {
      const signed = `${self}.${random.bytes(18).toString('base64url')}`;
      return `${signed}.${tagOf(key, signed)}`;
    },
    memberOf: cookie => {
      const [member = '', secret = '', tag = '', ...more] = cookie.split('.');
      const good = tagOf(key, `${member}.${secret}`);
      if (more.length > 0 || tag.length !== good.length) return undefined;
      return timingSafeEqual(Buffer.from(tag), Buffer.from(good)) ? member : undefined;
    },
  };
}

export const setCookie = (cookie: string): string => `${COOKIE}=${cookie}; Path=/; HttpOnly`;

/** The values of our cookie: some CPEs echo it with its attributes, some twice. */
export function cookiesOf({ headers }: Pick<IncomingMessage, 'headers'>): string[] {
  const header = headers.cookie;
  if (!header?.includes(`${COOKIE}=`)) return [];
  return header
    .split(/[;,]/)
    .map(part => part.trim())
    .filter(part => part.startsWith(`${COOKIE}=`))
    .map(part => part.slice(COOKIE.length + 1).replace(/^"|"$/g, ''));
}
