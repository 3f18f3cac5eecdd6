// The words for roles and ways to sign in, and the choice of a role, as users and tokens share them.
import type { JSX } from 'preact';
import { listRoles, type User } from '../../api/administration/access.ts';
import { Choice } from '../../components/records/choice.tsx';
import { useResource } from '../../state/resource.ts';
import { admin } from '../../words/en/admin.ts';
import { textsOf } from '../../words/texts.ts';

const words = textsOf('admin', admin);

export function signInOf({ issuer, hasPassword }: User): string {
  if (issuer !== undefined) return words().users.byProvider(issuer);
  return hasPassword ? words().users.byPassword : words().users.byNothing;
}

export const roleName = (role: string): string => words().roles[role] ?? role;

/** The devices that rights reach, in a table. @param filter undefined for all */
export const Reach = ({ filter }: { filter: string | undefined }): JSX.Element =>
  filter === undefined ? <span class="ink-3">{words().everyDevice}</span> : <span class="mono">{filter}</span>;

/** One of the roles that there are, built-in ones first. */
export function RoleChoice({ value, set }: { value: string; set: (role: string) => void }): JSX.Element {
  const found = useResource('roles', listRoles);
  const names = (found.value?.items ?? []).map(({ name }) => name);
  const all = names.includes(value) ? names : [value, ...names];
  return <Choice label={words().role} value={value} values={all.map(name => [name, roleName(name)])} set={set} />;
}
