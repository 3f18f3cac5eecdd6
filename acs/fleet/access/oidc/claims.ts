// Claims of an identity provider, and what they grant here: a name, and the role of the first entry of a map that fits. By default nothing.
import type { Grant } from '../grant.ts';

/** The map of claims to users, as it is stored: document `oidc` of kind `setting`. */
export interface OidcSetting {
  /** The claim with the name of the user; default: `preferred_username`. */
  nameClaim?: string;
  /** The claim with groups or roles, a text or a list of texts; default: `roles`. */
  rolesClaim?: string;
  /** The first entry whose value is among them counts. */
  map: (Grant & { value: string })[];
}

type Claims = Readonly<Record<string, unknown>>;

export const defaultSetting: OidcSetting = { map: [] };

/** Values of a claim that are looked at. */
const MAX_VALUES = 1000;

/** The claim of that name, or the one to which its parts between dots lead: `realm_access.roles`. */
function claimAt(claims: Claims, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  return name
    .split('.')
    .reduce<unknown>(
      (found, part) =>
        typeof found === 'object' && found !== null && Object.hasOwn(found, part) ? (found as Claims)[part] : undefined,
      claims,
    );
}

/** @returns the name that claims give a user; undefined for none */
export function nameIn(claims: Claims, { nameClaim = 'preferred_username' }: OidcSetting): string | undefined {
  const name = claimAt(claims, nameClaim);
  return typeof name === 'string' && name !== '' ? name : undefined;
}

/** @returns what claims grant a user; undefined for nothing */
export function grantIn(claims: Claims, { rolesClaim = 'roles', map }: OidcSetting): Grant | undefined {
  const claim = claimAt(claims, rolesClaim);
  const values = new Set(Array.isArray(claim) ? claim.slice(0, MAX_VALUES) : [claim]);
  const entry = map.find(({ value }) => values.has(value));
  return entry && { role: entry.role, ...(entry.filter === undefined ? {} : { filter: entry.filter }) };
}
