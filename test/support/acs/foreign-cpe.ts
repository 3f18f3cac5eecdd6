// CPEs of other makers, as tests play them: their own identity, root and parameter tree, and the faults of TR-069 A.5.
import { CwmpFault, type ParameterFault } from '../../../shared/cwmp/faults.ts';
import type { Arguments, MethodName, ParameterValue } from '../../../shared/cwmp/methods.ts';
import type { Envelope } from '../../../shared/cwmp/soap.ts';
import { ScriptedCpe } from '../cpe/scripted-cpe.ts';
import type { TestAcs } from './memory-acs.ts';

export interface ForeignValue {
  value: string;
  type?: string;
  readOnly?: true;
  /** The values that it takes; any where absent. */
  takes?: (value: string) => boolean;
}

export interface ForeignIdentity {
  manufacturer: string;
  oui: string;
  productClass: string;
  serial: string;
  version: string;
  root: 'Device.' | 'InternetGatewayDevice.';
}

/** Objects as a device lists them: each step of the paths of its parameters. */
function objectsOf(paths: readonly string[]): string[] {
  const found = new Set<string>();
  for (const path of paths)
    for (let at = path.indexOf('.'); at >= 0; at = path.indexOf('.', at + 1)) found.add(path.slice(0, at + 1));
  return [...found];
}

export class ForeignCpe extends ScriptedCpe {
  readonly identity: ForeignIdentity;
  readonly tree: Map<string, ForeignValue>;
  parameterKey = '';
  /** Values that its Informs tell beside version and ParameterKey. */
  told: Record<string, string> = {};

  constructor(acs: Pick<TestAcs, 'app'>, identity: ForeignIdentity, tree: Record<string, ForeignValue>) {
    super(acs.app, { serial: identity.serial });
    this.identity = identity;
    this.tree = new Map(Object.entries(tree));
  }

  get id(): string {
    const { oui, productClass, serial } = this.identity;
    return `${oui}-${productClass}-${serial}`;
  }

  value(path: string): string | undefined {
    return this.tree.get(path)?.value;
  }

  override inform(overrides: Partial<Arguments<'Inform'>> = {}): Envelope {
    const { manufacturer, oui, productClass, serial, version, root } = this.identity;
    const values: Record<string, string> = {
      [`${root}DeviceInfo.SoftwareVersion`]: version,
      [`${root}ManagementServer.ParameterKey`]: this.parameterKey,
      ...this.told,
    };
    return super.inform({
      DeviceId: { Manufacturer: manufacturer, OUI: oui, ProductClass: productClass, SerialNumber: serial },
      ParameterList: Object.entries(values).map(([Name, Value]) => ({ Name, Value, Type: 'xsd:string' })),
      ...overrides,
    });
  }

  /** One session in which it answers as its tree says. */
  async run(): Promise<{ method: MethodName; args: Record<string, unknown> }[]> {
    return (await this.session((method, args) => this.#answer(method, args))).asked;
  }

  #answer(method: MethodName, args: Record<string, unknown>): Record<string, unknown> | CwmpFault {
    if (method === 'GetParameterValues') return this.#read(args.ParameterNames as string[]);
    if (method === 'GetParameterNames') return this.#names(String(args.ParameterPath));
    if (method === 'SetParameterValues') return this.#set(args.ParameterList as ParameterValue[], args.ParameterKey);
    return new CwmpFault(9000);
  }

  #read(names: string[]): Record<string, unknown> | CwmpFault {
    const found: ParameterValue[] = [];
    for (const name of names) {
      const below = [...this.tree].filter(([path]) => path === name || (name.endsWith('.') && path.startsWith(name)));
      if (below.length === 0) return new CwmpFault(9005);
      for (const [Name, { value, type = 'xsd:string' }] of below) found.push({ Name, Value: value, Type: type });
    }
    return { ParameterList: found };
  }

  #names(path: string): Record<string, unknown> {
    const parameters = [...this.tree].map(([Name, { readOnly }]) => ({ Name, Writable: !readOnly }));
    const objects = objectsOf([...this.tree.keys()]).map(Name => ({ Name, Writable: false }));
    return { ParameterList: [...objects, ...parameters].filter(({ Name }) => Name.startsWith(path)) };
  }

  #set(list: ParameterValue[], key: unknown): Record<string, unknown> | CwmpFault {
    const faults = list.flatMap(({ Name, Value }): ParameterFault[] => {
      const entry = this.tree.get(Name);
      const fault = (code: number, message: string): ParameterFault[] => [{ name: Name, code, message }];
      if (!entry) return fault(9005, 'Invalid parameter name');
      if (entry.readOnly) return fault(9008, 'Read-only');
      return entry.takes && !entry.takes(Value) ? fault(9007, 'Invalid value') : [];
    });
    if (faults.length > 0) return new CwmpFault(9003, 'Invalid arguments', faults);
    for (const { Name, Value } of list) this.tree.set(Name, { ...this.tree.get(Name), value: Value });
    this.parameterKey = String(key);
    return { Status: 0 };
  }
}
