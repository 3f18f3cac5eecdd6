// Rules of enrolment: they decide over a device that is new or in quarantine, by its properties and by how it proves itself.
import { readAt } from '../../../shared/errors.ts';
import { reportOf, withInform } from '../../device/inform.ts';
import { newRow } from '../../device/operations/new-row.ts';
import type { DeviceRow } from '../../device/row.ts';
import { UserError } from '../../errors.ts';
import { isLike } from '../../query/compare.ts';
import { atomsOf, type Field, passingPart } from '../../query/filter.ts';
import { parseFilter } from '../../query/parser.ts';
import { type Predicate, toPredicate } from '../../query/predicate.ts';
import type { Edit } from '../../store/edit.ts';
import { CachedDocuments } from '../common/cached-documents.ts';
import type { FleetContext } from '../common/context.ts';
import { type Documents, documents } from '../common/documents.ts';
import type { Candidate } from './candidate.ts';

export interface EnrolRule {
  description?: string;
  /** Over the device as it comes: oui, productClass, serial, manufacturer, firmware, address, parameters of its Inform. */
  filter?: string;
  /** A pattern for its reported ProvisioningCode, which DHCP may have set: `%` any text, `_` one character. */
  provisioningCode?: string;
  /** The kind of its proof. */
  credential?: 'enrolment' | 'certificate' | 'none';
  /** Patterns for the client certificate. */
  subject?: string;
  issuer?: string;
  action: 'enrol' | 'quarantine' | 'refuse';
  /** Higher ones come first, equal ones by name. */
  weight?: number;
}

/** The part of a candidate that rules read. */
export type RuleCandidate = Omit<Candidate, 'events'>;

interface CompiledRule {
  name: string;
  rule: EnrolRule;
  fits: Predicate;
}

/** A rule, as it is for one candidate. */
export interface ExplainedRule {
  name: string;
  action: EnrolRule['action'];
  fits: boolean;
  /** The conditions that the candidate does not meet. */
  why: string[];
}

const MAX_RULES = 200;

export class EnrolRules {
  readonly #context: FleetContext;
  readonly #documents: Documents<EnrolRule>;
  readonly #compiled: CachedDocuments<CompiledRule[]>;

  constructor(context: FleetContext) {
    this.#context = context;
    this.#documents = documents(context, 'enrolRule', {
      missing: name => new UserError(404, 'no-such-rule', `no enrolment rule '${name}'`),
      validate: checkRule,
      limit: {
        most: MAX_RULES,
        reached: count => new UserError(409, 'too-many-rules', `there are ${count} enrolment rules already`),
      },
    });
    this.#compiled = new CachedDocuments(context.store, 'enrolRule', async () =>
      (await this.#documents.list()).map(({ name, body }) => compileRule(name, body)).sort(byWeight),
    );
  }

  async list(): Promise<(EnrolRule & { name: string })[]> {
    return (await this.#rules()).map(({ name, rule }) => ({ name, ...rule }));
  }

  /** @throws UserError 404 */
  async get(name: string): Promise<EnrolRule> {
    return (await this.#documents.get(name)).body;
  }

  /** @returns whether it is new. @throws UserError 400 that names the place, 409, 412 */
  async put(name: string, rule: EnrolRule, edit?: Edit): Promise<boolean> {
    return await this.#documents.put(name, rule, edit);
  }

  /** @throws UserError 404, 412 */
  async remove(name: string, edit?: Edit): Promise<void> {
    await this.#documents.remove(name, false, edit);
  }

  /** The first rule that matches a candidate. */
  async firstMatch(candidate: RuleCandidate): Promise<{ name: string; action: EnrolRule['action'] } | undefined> {
    const rules = await this.#rules();
    if (rules.length === 0) return undefined;
    const now = this.#context.clock.now();
    const row = rowOf(candidate, now);
    const match = rules.find(({ rule, fits }) => matchesProof(rule, candidate, row) && fits(row, now));
    return match && { name: match.name, action: match.rule.action };
  }

  /** Tells of each rule whether a candidate fits it, and why not. */
  async explain(candidate: RuleCandidate): Promise<ExplainedRule[]> {
    const now = this.#context.clock.now();
    const row = rowOf(candidate, now);
    return (await this.#rules()).map(({ name, rule }) => {
      const why = mismatches(rule, candidate, row, now);
      return { name, action: rule.action, fits: why.length === 0, why };
    });
  }

  #rules(): Promise<CompiledRule[]> {
    return this.#context.store.generation('enrolRule') === 0 ? Promise.resolve([]) : this.#compiled.get();
  }
}

const byWeight = (a: CompiledRule, b: CompiledRule): number =>
  (b.rule.weight ?? 0) - (a.rule.weight ?? 0) || (a.name < b.name ? -1 : 1);

const compileRule = (name: string, rule: EnrolRule): CompiledRule => ({
  name,
  rule,
  fits: rule.filter === undefined ? () => true : toPredicate(parseFilter(rule.filter)),
});

/** @throws UserError 400 that names the place */
function checkRule(rule: EnrolRule): void {
  const { filter, credential, subject, issuer, provisioningCode, action } = rule;
  const parsed = filter === undefined ? undefined : readAt('filter', () => parseFilter(filter));
  const passing = parsed && passingPart(parsed);
  if (passing)
    throw new UserError(400, 'passing-rule', `filter: '${passing}' is not known of a device that is admitted`);
  const conditions = [filter, credential, subject, issuer, provisioningCode];
  if (action === 'enrol' && conditions.every(condition => condition === undefined))
    throw new UserError(
      400,
      'rule-for-all',
      'a rule without a condition enrols every device: add a condition, or use --enrol auto',
    );
}

/** The row that the device would have. */
function rowOf({ identity, parameters, address }: RuleCandidate, now: number): DeviceRow {
  const inform = { identity, events: [], report: reportOf(parameters), retryCount: 0, address, now, owner: '' };
  return withInform(newRow('', identity, 'quarantine', now), { ...inform, admission: 'quarantine' });
}

const matchesProof = (rule: EnrolRule, candidate: RuleCandidate, row: DeviceRow): boolean =>
  proofMismatches(rule, candidate, row).length === 0;

/** The conditions on credentials and names that a candidate does not meet, a sentence each. */
function proofMismatches(rule: EnrolRule, { proof, certificate }: RuleCandidate, row: DeviceRow): string[] {
  const credential = proof.kind === 'device' ? 'own' : proof.kind === 'open' ? 'none' : proof.kind;
  const isProved = rule.credential === 'certificate' ? certificate !== undefined : rule.credential === credential;
  const lacking = (name: 'provisioningCode' | 'subject' | 'issuer', text: string | undefined): string[] => {
    const pattern = rule[name];
    if (pattern === undefined || (text !== undefined && isLike(text, pattern))) return [];
    return [
      `${name}: ${text === undefined ? 'there is none' : JSON.stringify(text)}, and ${JSON.stringify(pattern)} is asked for`,
    ];
  };
  return [
    ...(rule.credential === undefined || isProved
      ? []
      : [`credential: ${credential}, and ${rule.credential} is asked for`]),
    ...lacking('provisioningCode', row.provisioningCode || undefined),
    ...lacking('subject', certificate?.subject),
    ...lacking('issuer', certificate?.issuer),
  ];
}

function mismatches(rule: EnrolRule, candidate: RuleCandidate, row: DeviceRow, now: number): string[] {
  const filter = rule.filter === undefined ? undefined : parseFilter(rule.filter);
  // Of conditions that must all hold each is named.
  const parts = filter?.op === 'and' ? filter.of : filter ? [filter] : [];
  const failed = parts.filter(part => !toPredicate(part)(row, now));
  const names = failed.map(part => [...new Set(atomsOf(part).map(({ field }) => fieldText(field)))].join(', '));
  return [...proofMismatches(rule, candidate, row), ...names.map(name => `filter: ${name} does not fit`)];
}

const fieldText = ({ kind, name }: Field): string => (kind === 'site' ? `site.${name}` : name);
