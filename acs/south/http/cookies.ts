// The session cookie: it names the process that has the session, so that any other knows where a POST belongs. Signed, so that nobody
// is sent anywhere by a made-up one.
import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Random } from '../../../shared/clock.ts';
import { tagOf } from '../../fleet/common/secrets.ts';

export interface Cookies {
  /** A fresh value, `MEMBER.RANDOM.TAG`. */
  issue(): string;
  /** Whose session it is; undefined for a value that none of us has issued. */
  memberOf(cookie: string): string | undefined;
}

const COOKIE = 'tandem';

/** @param key the same in all processes */
export function createCookies({ key, self, random }: { key: Buffer; self: string; random: Random }): Cookies {
  return {
    issue: () => {
      const named = `${self}.${random.bytes(18).toString('base64url')}`;
      return `${named}.${tagOf(key, named)}`;
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

/** Values of our cookie; some CPEs echo it with its attributes, some twice. */
export function cookiesOf({ headers }: Pick<IncomingMessage, 'headers'>): string[] {
  const header = headers.cookie;
  if (!header?.includes(`${COOKIE}=`)) return [];
  return header
    .split(/[;,]/)
    .map(part => part.trim())
    .filter(part => part.startsWith(`${COOKIE}=`))
    .map(part => part.slice(COOKIE.length + 1).replace(/^"|"$/g, ''));
}
