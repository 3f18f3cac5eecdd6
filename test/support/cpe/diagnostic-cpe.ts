// CPEs of other makers that run diagnostics as real ones do: each with its data model, its way to report the end, and its faults.
import { ForeignCpe, type ForeignIdentity, type ForeignValue } from '../acs/foreign-cpe.ts';
import type { TestAcs } from '../acs/memory-acs.ts';

const unsigned = (value: string): ForeignValue => ({ value, type: 'xsd:unsignedInt' });
const readOnly = (value: string): ForeignValue => ({ ...unsigned(value), readOnly: true });

/** The objects that makers have for a ping, by the data model that each follows. */
export const pingObjects = {
  'TR-181': 'Device.IP.Diagnostics.IPPing.',
  'TR-106': 'Device.LAN.IPPingDiagnostics.',
  'TR-098': 'InternetGatewayDevice.IPPingDiagnostics.',
} as const;

export const identityUnder = (root: ForeignIdentity['root']): ForeignIdentity => ({
  manufacturer: 'Other',
  oui: '00AABB',
  productClass: 'Router',
  serial: 'S1',
  version: '1.0',
  root,
});

export const pingTree = (path: string): Record<string, ForeignValue> => ({
  [`${path}DiagnosticsState`]: { value: 'None' },
  [`${path}Interface`]: { value: '' },
  [`${path}Host`]: { value: '' },
  [`${path}NumberOfRepetitions`]: unsigned('3'),
  [`${path}Timeout`]: unsigned('1000'),
  [`${path}DataBlockSize`]: unsigned('32'),
  [`${path}DSCP`]: unsigned('0'),
  [`${path}SuccessCount`]: readOnly('0'),
  [`${path}FailureCount`]: readOnly('0'),
  [`${path}AverageResponseTime`]: readOnly('0'),
  [`${path}MinimumResponseTime`]: readOnly('0'),
  [`${path}MaximumResponseTime`]: readOnly('0'),
});

/** A CPE with a ping under the object. */
export class PingCpe extends ForeignCpe {
  readonly path: string;

  constructor(acs: Pick<TestAcs, 'app'>, path: string) {
    super(acs, identityUnder(path.startsWith('Device.') ? 'Device.' : 'InternetGatewayDevice.'), pingTree(path));
    this.path = path;
  }

  get state(): string {
    return this.value(`${this.path}DiagnosticsState`) ?? '';
  }

  /** The diagnostic ends with this state and these results. */
  ends(state: string, results: Record<string, string> = {}): void {
    for (const [name, value] of Object.entries({ DiagnosticsState: state, ...results }))
      this.tree.set(this.path + name, { ...this.tree.get(this.path + name), value });
  }

  /** One session with these events. */
  async informs(...events: string[]): ReturnType<ForeignCpe['run']> {
    this.settings.events = events;
    return await this.run();
  }
}

export const goodPing = {
  SuccessCount: '3',
  FailureCount: '1',
  AverageResponseTime: '12',
  MinimumResponseTime: '11',
  MaximumResponseTime: '14',
};
