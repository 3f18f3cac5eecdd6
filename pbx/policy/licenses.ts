// Licences of the exchange: those that the security needs, and how they are given at the start.
import { UserError } from '../../shared/errors.ts';
import type { Change, License } from '../exchange/data.ts';
import type { Exchange } from '../exchange/exchange.ts';

/** Tag of the licence for security policies and media encryption. */
export const VOIP_SECURITY = 'VOIP-SECURITY';

export const hasLicense = (exchange: Exchange, tag: string): boolean => exchange.get('licenses', tag) !== undefined;

/** Reads `TAG` or `TAG=COUNT`. @throws UserError for another form */
export function readLicense(text: string): License {
  const found = /^([A-Za-z0-9][\w .+-]{0,63}?)(?:=(\d{1,9}))?$/.exec(text.trim());
  if (!found) throw new UserError(400, 'bad-license', `'${text}' is not TAG or TAG=COUNT`);
  const [, tag = '', count] = found;
  return { tag: tag.toUpperCase().replaceAll(' ', '-'), ...(count === undefined ? {} : { count: Number(count) }) };
}

/** Changes that give these licences; one that is there with the same count makes none. */
export function licenseChanges(exchange: Exchange, licenses: readonly License[]): Change[] {
  return licenses
    .filter(({ tag, count }) => {
      const known = exchange.get('licenses', tag);
      return known === undefined || known.count !== count;
    })
    .map(row => ({ table: 'licenses', key: row.tag, row }));
}
