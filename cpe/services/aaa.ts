// Authentication, Authorization and Accounting: the accounts of the unit, and the locks of those that are guessed at.
import { sameText } from '../../shared/net/verifier.ts';
import { cell, dgwPath, peekSlot, rowsOf, type Service, slotOf, type Unit, X } from './service.ts';

export type Rights = 'Admin' | 'User' | 'Observer';

export interface Account {
  name: string;
  rights: Rights;
}

type SignIn =
  | { ok: true; account: Account }
  /** `locked`: too many wrong passwords; even the right one is refused for a while. */
  | { ok: false; reason: 'wrong' | 'locked' };

/** Wrong passwords in a row of one name, and the end of its lock in monotonic milliseconds. */
interface Guesses {
  wrong: number;
  lockedUntil: number;
}

/** Names with wrong passwords that are remembered: those of accounts alone, so never more than there are accounts. */
type Locks = Map<string, Guesses>;

/** The accounts of a model without the service, as the DGW's factory has them. */
const factoryAccounts = [
  { UserName: 'admin', Password: 'administrator', AccessRights: 'Admin', LockProtectionEnable: 'Enable' },
  { UserName: 'public', Password: '', AccessRights: 'Observer', LockProtectionEnable: 'Enable' },
];

const columns = ['UserName', 'Password', 'AccessRights', 'LockProtectionEnable'] as const;

function accountsOf(unit: Unit): Record<(typeof columns)[number], string>[] {
  return unit.model.table('Aaa.Users') ? rowsOf(unit, 'Aaa.Users', columns) : factoryAccounts;
}

const isLocked = (unit: Unit, name: string): boolean =>
  (peekSlot<Locks>(unit, aaa)?.get(name)?.lockedUntil ?? 0) > unit.clock.monotonic();

/** Checks a name and its password. The caller answers a wrong one late: this returns at once. */
export function signIn(unit: Unit, name: string, password: string): SignIn {
  const user = accountsOf(unit).find(({ UserName }) => UserName === name);
  // The same work for a name that does not exist.
  const isRight = sameText(password, user?.Password ?? '') && user !== undefined && name !== '';
  if (user && isLocked(unit, name)) return { ok: false, reason: 'locked' };
  if (user && !isRight && user.LockProtectionEnable === 'Enable') noteWrong(unit, name);
  if (!user || !isRight) return { ok: false, reason: 'wrong' };
  peekSlot<Locks>(unit, aaa)?.delete(name);
  return { ok: true, account: { name, rights: rightsOf(user.AccessRights) } };
}

/** The account as it is now; undefined once it is gone. */
export function accountOf(unit: Unit, name: string): Account | undefined {
  const user = accountsOf(unit).find(({ UserName }) => UserName === name);
  return user && { name, rights: rightsOf(user.AccessRights) };
}

const rightsOf = (text: string): Rights => (text === 'Admin' || text === 'User' ? text : 'Observer');

/** Services whose settings decide about access, files and the unit as a whole: an Admin alone changes them. */
const guarded = new Set(['Aaa', 'Cert', 'Cli', 'Conf', 'Cwmp', 'File', 'Fpu', 'Scm', 'Snmp', 'Web']);

/** @param service owner of what is changed; absent: something of the unit as a whole */
export function allowsChange(rights: Rights, service?: string): boolean {
  if (rights === 'Admin') return true;
  return rights === 'User' && service !== undefined && !guarded.has(service);
}

function noteWrong(unit: Unit, name: string): void {
  const locks = slotOf<Locks>(unit, aaa, () => new Map());
  const most = Number(unit.config.variable('Aaa.LoginLockedMaxRetry') ?? 5);
  const seconds = Number(unit.config.variable('Aaa.LoginLockedTimeoutS') ?? 300);
  const now = unit.clock.monotonic();
  const known = locks.get(name);
  // Names whose accounts are gone make room.
  if (!known) for (const other of locks.keys()) if (!accountOf(unit, other)) locks.delete(other);
  // A lock that has ended is a new start.
  const wrong = known && (known.lockedUntil === 0 || known.lockedUntil > now) ? known.wrong + 1 : 1;
  const isFull = wrong >= most;
  locks.set(name, { wrong, lockedUntil: isFull ? now + seconds * 1000 : 0 });
  if (isFull) unit.log.warn('account locked after wrong passwords', { user: name, seconds });
}

export const aaa: Service = {
  name: 'Aaa',
  values: {
    [`${X}Aaa.UsersStatus.{i}.Locked`]: (unit, [row = 0]) =>
      isLocked(unit, cell(unit.config.tree, dgwPath(unit, `Aaa.UsersStatus.${row}.UserName`))) ? 'Locked' : 'Unlocked',
  },
};
