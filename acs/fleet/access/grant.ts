// The grant that a user or a token carries: a role, and a filter that narrows it.
import type { Principal } from './principal.ts';
import { bothScopes, type DeviceScope, type Rights, scopeOf } from './rights.ts';
import type { Roles } from './roles.ts';

export interface Grant {
  role: string;
  /** Filter over devices, in addition to that of the role. */
  filter?: string;
}

/** A grant whose filter is read. */
export interface CompiledGrant {
  role: string;
  scope?: DeviceScope;
}

export const compiledGrant = ({ role, filter }: Grant): CompiledGrant => ({
  role,
  ...(filter === undefined ? {} : { scope: scopeOf('filter', filter) }),
});

/** @throws UserError 400 that names the place */
export async function checkGrant(roles: Roles, grant: Grant): Promise<void> {
  compiledGrant(grant);
  await roles.assertRole(grant.role);
}

/** @returns the principal with its rights now; undefined where its role is gone */
export async function principalOf(
  roles: Roles,
  identity: Pick<Principal, 'name' | 'kind'>,
  { role, scope }: CompiledGrant,
): Promise<Principal | undefined> {
  const ofRole = await roles.rightsOf(role);
  return ofRole && { ...identity, role, rights: narrowed(ofRole, scope) };
}

function narrowed(rights: Rights, scope: DeviceScope | undefined): Rights {
  const devices = bothScopes(rights.devices, scope);
  return devices ? { ...rights, devices } : rights;
}
