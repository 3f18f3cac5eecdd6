// A trial of enrolment: what would happen to a CPE, without one.
import type { DeviceRow } from '../../device/row.ts';
import type { FleetContext } from '../common/context.ts';
import { parseDeviceId } from '../devices/device-id.ts';
import type { Candidate, Proof } from './candidate.ts';
import type { EnrolRules, ExplainedRule } from './rules.ts';

/** A CPE as it might come. */
export interface TrialInput {
  id: string;
  credential?: 'enrolment' | 'certificate' | 'own' | 'none';
  provisioningCode?: string;
  manufacturer?: string;
  softwareVersion?: string;
  address?: string;
  /** Distinguished names of its client certificate. */
  subject?: string;
  issuer?: string;
  /** Other parameters of its Inform. */
  parameters?: Record<string, string>;
}

export interface Trial {
  rules: ExplainedRule[];
  outcome: 'enrolled' | 'quarantine' | 'held' | 'refused';
  /** The rule that decides; absent where another reason does. */
  rule?: string;
  reason: string;
}

type TrialContext = Pick<FleetContext, 'cpeAuth' | 'enrol'>;

export class EnrolmentTrials {
  readonly #context: TrialContext;
  readonly #rules: EnrolRules;

  constructor(context: TrialContext, rules: EnrolRules) {
    this.#context = context;
    this.#rules = rules;
  }

  /** @param row of a device with that id, where there is one @throws UserError 400 `bad-device-id` */
  async run(input: TrialInput, row: DeviceRow | undefined): Promise<Trial> {
    const rules = await this.#rules.explain(candidateOf(input));
    const match = rules.find(({ fits }) => fits);
    return { rules, ...outcomeOf(this.#context, input, row, match) };
  }
}

function outcomeOf(
  { cpeAuth, enrol }: TrialContext,
  { credential = 'enrolment' }: TrialInput,
  row: DeviceRow | undefined,
  match: ExplainedRule | undefined,
): Omit<Trial, 'rules'> {
  if (row?.state === 'replaced') return { outcome: 'refused', reason: 'another device has taken its place' };
  const isProved = cpeAuth === 'none' || credential === 'own' || credential === 'certificate';
  if (credential === 'none' && cpeAuth === 'required')
    return { outcome: 'refused', reason: 'it has no credentials: it is listed as knocking until it is approved' };
  if (!isProved && row?.credentials?.password)
    return { outcome: 'refused', reason: 'it has a login of its own, and came with the enrolment credential' };
  if (credential === 'own' && !row) return { outcome: 'refused', reason: 'no device has this login' };
  if (row && row.state !== 'quarantine')
    return {
      outcome: row.state === 'held' ? 'held' : 'enrolled',
      reason: row.state === 'known' ? 'it is registered' : `it is ${row.state} already`,
    };
  if (match) {
    const outcomes = { enrol: 'enrolled', quarantine: 'quarantine', refuse: 'refused' } as const;
    return {
      outcome: outcomes[match.action],
      rule: match.name,
      reason: `the rule ${match.name} is the first that fits`,
    };
  }
  return enrol === 'auto'
    ? { outcome: 'enrolled', reason: 'no rule fits, and --enrol is auto' }
    : { outcome: 'quarantine', reason: 'no rule fits, and --enrol is approve' };
}

function candidateOf(input: TrialInput): Candidate {
  const { id, credential = 'enrolment', provisioningCode, softwareVersion, address = '', parameters = {} } = input;
  const proofs: Record<NonNullable<TrialInput['credential']>, Proof> = {
    enrolment: { kind: 'enrolment' },
    none: { kind: 'open' },
    certificate: { kind: 'certificate', id },
    own: { kind: 'device', id, usedNext: false },
  };
  const { subject = '', issuer = '' } = input;
  const root = Object.keys(parameters).some(path => path.startsWith('InternetGatewayDevice.'))
    ? 'InternetGatewayDevice.'
    : 'Device.';
  const told = {
    ...(provisioningCode === undefined ? {} : { [`${root}DeviceInfo.ProvisioningCode`]: provisioningCode }),
    ...(softwareVersion === undefined ? {} : { [`${root}DeviceInfo.SoftwareVersion`]: softwareVersion }),
    ...parameters,
  };
  return {
    identity: { ...parseDeviceId(id), manufacturer: input.manufacturer ?? '' },
    proof: proofs[credential],
    ...(credential === 'certificate' ? { certificate: { fingerprint: '', subject, issuer } } : {}),
    events: [],
    parameters: Object.entries(told).map(([Name, Value]) => ({ Name, Value })),
    address,
  };
}
