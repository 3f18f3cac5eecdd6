// Rules of enrolment: what becomes of a device that is met for the first time, or waits in quarantine, by what it is and how it came.
import { UserError } from '../../../shared/errors.ts';
import { reportOf, withInform } from '../../device/inform.ts';
import { newRow } from '../../device/operations/new-row.ts';
import type { DeviceIdentity, DeviceRow } from '../../device/row.ts';
import { isLike } from '../../query/compare.ts';
import { passingPart } from '../../query/filter.ts';
import { parseFilter } from '../../query/parser.ts';
import { type Predicate, toPredicate } from '../../query/predicate.ts';
import type { FleetContext } from '../common/context.ts';

/** A client certificate that the CA of --client-ca has signed. */
export interface ClientCertificate {
  /** SHA-256 of it, hexadecimal. */
  fingerprint: string;
  /** Distinguished names, as `CN=…, O=…`. */
  subject: string;
  issuer: string;
}

export interface EnrolRule {
  description?: string;
  /** Over the device as it comes: oui, productClass, serial, manufacturer, firmware, address, parameters of its Inform. */
  filter?: string;
  /** Of what it reports as ProvisioningCode (which DHCP may have given it): `%` any run, `_` one character. */
  provisioningCode?: string;
  /** How it proved itself. */
  credential?: 'enrolment' | 'certificate' | 'none';
  /** Of the client certificate, as patterns. */
  subject?: string;
  issuer?: string;
  action: 'enrol' | 'quarantine' | 'refuse';
  /** Higher is asked first; equal weights go by name. */
  weight?: number;
}

/** A device at the door. */
export interface AtTheDoor {
  identity: DeviceIdentity;
  credential: NonNullable<EnrolRule['credential']> | 'own';
  certificate?: ClientCertificate;
  parameters: readonly { Name: string; Value: string }[];
  address: string;
}

export interface EnrolRules {
  list(): Promise<(EnrolRule & { name: string })[]>;
  get(name: string): Promise<EnrolRule>;
  /** @returns whether it is new. @throws UserError 400 that names the place */
  put(name: string, rule: EnrolRule): Promise<boolean>;
  remove(name: string): Promise<void>;
  /** The first rule that fits, with its name; undefined where none does. */
  judge(device: AtTheDoor): Promise<{ name: string; action: EnrolRule['action'] } | undefined>;
}

const MAX_RULES = 200;

interface Compiled {
  name: string;
  rule: EnrolRule;
  fits: Predicate;
}

export function createEnrolRules(context: FleetContext): EnrolRules {
  const { store, clock, events } = context;
  let known: { generation: number; rules: Compiled[] } | undefined;

  const rules = async (): Promise<Compiled[]> => {
    const generation = store.generation('enrolRule');
    if (generation === 0) return [];
    if (known?.generation !== generation) {
      const found = (await store.documents<EnrolRule>('enrolRule')).map(({ name, body }) => compiled(name, body));
      known = { generation, rules: found.sort(byWeight) };
    }
    return known.rules;
  };

  const get = async (name: string): Promise<EnrolRule> => {
    const found = await store.document<EnrolRule>('enrolRule', name);
    if (!found) throw new UserError(404, 'no-such-rule', `no enrolment rule '${name}'`);
    return found.body;
  };

  return {
    get,
    list: async () => (await rules()).map(({ name, rule }) => ({ name, ...rule })),
    put: async (name, rule) => {
      if (!/^[\w.-]{1,64}$/.test(name))
        throw new UserError(400, 'bad-name', `'${name}': a rule's name is 1 to 64 letters, digits and . _ -`);
      check(name, rule);
      const all = await store.documents<EnrolRule>('enrolRule');
      const isNew = !all.some(other => other.name === name);
      if (isNew && all.length >= MAX_RULES)
        throw new UserError(409, 'too-many-rules', `there are ${all.length} enrolment rules already`);
      await store.putDocument('enrolRule', name, rule);
      events.emit('change', { what: 'enrolRule', name, by: 'written' });
      return isNew;
    },
    remove: async name => {
      await get(name);
      await store.deleteDocument('enrolRule', name);
      events.emit('change', { what: 'enrolRule', name, by: 'deleted' });
    },
    judge: async device => {
      const all = await rules();
      if (all.length === 0) return undefined;
      const row = rowOf(device, clock.now());
      const found = all.find(({ rule, fits }) => cameAs(rule, device, row) && fits(row, clock.now()));
      return found && { name: found.name, action: found.rule.action };
    },
  };
}

const byWeight = (a: Compiled, b: Compiled): number =>
  (b.rule.weight ?? 0) - (a.rule.weight ?? 0) || (a.name < b.name ? -1 : 1);

const compiled = (name: string, rule: EnrolRule): Compiled => ({
  name,
  rule,
  fits: rule.filter === undefined ? () => true : toPredicate(parseFilter(rule.filter)),
});

/** @throws UserError 400 */
function check(name: string, rule: EnrolRule): void {
  const { filter, credential, subject, issuer, provisioningCode, action } = rule;
  try {
    compiled(name, rule);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(error.status, error.code, `filter: ${error.message}`, error.detail);
  }
  const passing = filter === undefined ? undefined : passingPart(parseFilter(filter));
  if (passing)
    throw new UserError(400, 'passing-rule', `filter: '${passing}' says nothing of a device that just comes`);
  const grounds = [filter, credential, subject, issuer, provisioningCode].some(ground => ground !== undefined);
  if (action === 'enrol' && !grounds)
    throw new UserError(400, 'rule-for-all', 'a rule that enrols everybody is --enrol auto: say whom it is for');
}

/** The device as its row would be. */
function rowOf({ identity, parameters, address }: AtTheDoor, now: number): DeviceRow {
  const facts = { identity, events: [], report: reportOf(parameters), retryCount: 0, address, now, owner: '' };
  return withInform(newRow('', identity, 'quarantine', now), { ...facts, admission: 'quarantine' });
}

function cameAs(rule: EnrolRule, { credential, certificate }: AtTheDoor, row: DeviceRow): boolean {
  const fits = (pattern: string | undefined, text: string | undefined): boolean =>
    pattern === undefined || (text !== undefined && isLike(text, pattern));
  if (rule.credential === 'certificate' ? !certificate : rule.credential && rule.credential !== credential)
    return false;
  return (
    fits(rule.provisioningCode, row.provisioningCode || undefined) &&
    fits(rule.subject, certificate?.subject) &&
    fits(rule.issuer, certificate?.issuer)
  );
}
