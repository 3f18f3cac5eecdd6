// The accounts of the unit's SIP gateways: endpoints and unit registrations, their credentials, and the vendor's limit.
import type { UserAgentConfig } from '../../voice/settings.ts';
import { rowsOf, type Unit } from '../service.ts';
import { mailboxOf } from './mailboxes.ts';
import { ownSecurity } from './media-security.ts';

export type Account = UserAgentConfig['accounts'][number];

/** Registrations of one unit, counted by gateway and account (vendor text, "SIP Gateways"). */
export const MAX_REGISTRATIONS = 64;

interface Accounts {
  byGateway: ReadonlyMap<string, readonly Account[]>;
  /** Registrations beyond the limit: they are left out, those of endpoints last. */
  surplus: number;
}

interface Candidate {
  gateway: string;
  isEndpoint: boolean;
  account: Account;
}

/** The accounts of each gateway. Endpoints come before unit registrations where the limit leaves some out. */
export function accountsOf(unit: Unit, gateways: readonly string[]): Accounts {
  const candidates = gateways.flatMap(gateway => candidatesOf(unit, gateway));
  const registering = candidates.filter(({ account }) => account.register);
  const ranked = [...registering.filter(one => one.isEndpoint), ...registering.filter(one => !one.isEndpoint)];
  const surplus = new Set(ranked.slice(MAX_REGISTRATIONS));
  const kept = candidates.filter(one => !surplus.has(one));
  const byGateway = gateways.map(
    name => [name, kept.filter(({ gateway }) => gateway === name).map(({ account }) => account)] as const,
  );
  return { byGateway: new Map(byGateway), surplus: surplus.size };
}

function candidatesOf(unit: Unit, gateway: string): Candidate[] {
  const here = (name: string): boolean => name === '' || name.toLowerCase() === 'all' || name === gateway;
  const found: Candidate[] = [];
  const add = (user: string, register: boolean, endpoint: string): void => {
    if (user === '' || found.some(({ account }) => account.user === user)) return;
    const srtp = endpoint === '' ? undefined : ownSecurity(unit, endpoint);
    const mailbox = mailboxOf(unit, gateway, endpoint, user);
    const name = endpoint === '' ? '' : unit.config.running(`SipEp.UserAgent[EpId="${endpoint}"].FriendlyName`);
    const own = { ...(srtp && { srtp }), ...(mailbox && { mailbox }), ...(name && { name }) };
    const account = { user, register, ...credentialsOf(unit, gateway, endpoint, user), ...own };
    found.push({ gateway, isEndpoint: endpoint !== '', account });
  };
  for (const { EpId } of rowsOf(unit, 'SipEp.UserAgent', ['EpId'])) {
    const read = (column: string): string => unit.config.running(`SipEp.UserAgent[EpId="${EpId}"].${column}`) ?? '';
    if (here(read('GatewayName'))) add(read('Username'), read('Register') === 'Enable', EpId);
  }
  for (const { Index } of rowsOf(unit, 'SipEp.UnitRegistrations', ['Index'])) {
    const read = (column: string): string =>
      unit.config.running(`SipEp.UnitRegistrations[Index=${Index}].${column}`) ?? '';
    if (here(read('GatewayName'))) add(read('Username'), true, '');
  }
  return found;
}

/** The first row of SipEp.Authentication, by Index, whose criteria fit. */
function credentialsOf(unit: Unit, gateway: string, endpoint: string, user: string): Partial<Account> {
  const indexes = rowsOf(unit, 'SipEp.Authentication', ['Index']).map(row => Number(row.Index));
  for (const index of indexes.sort((a, b) => a - b)) {
    const read = (column: string): string =>
      unit.config.running(`SipEp.Authentication[Index=${index}].${column}`) ?? '';
    const fits: Record<string, boolean> = {
      Unit: true,
      Endpoint: read('EpId') === endpoint,
      Gateway: read('GatewayName') === gateway,
      Username: read('UsernameCriteria') === user,
    };
    if (!fits[read('CriteriaSelection')]) continue;
    const realm = read('ValidateRealm') === 'Enable' ? read('Realm') : '';
    return { authUser: read('Username') || user, password: read('Password'), ...(realm !== '' && { realm }) };
  }
  return {};
}
