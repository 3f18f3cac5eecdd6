// The values that a CPE of a scenario holds, and its answers out of them.
import type { MethodName, ParameterValue } from '../../shared/cwmp/methods.ts';
import { type Body, type Envelope, faultBody, responseBody } from '../../shared/cwmp/soap.ts';
import { UNKNOWN_TIME, valuesOf } from './messages.ts';

const KEY = 'Device.ManagementServer.ParameterKey';
const VERSION = 'Device.DeviceInfo.SoftwareVersion';
const SUMMARY = 'Device.DeviceSummary';
/** It tells the interval itself, so that the ACS need not read it: 1,440 seconds make the same windows as an unknown one. */
const INTERVAL = 'Device.ManagementServer.PeriodicInformInterval';

export class CpeValues {
  readonly #values = new Map<string, string>([
    [KEY, ''],
    [VERSION, '49.1.100'],
    [SUMMARY, 'Device:1.0'],
    [INTERVAL, '1440'],
  ]);
  /** The parameters that each Inform carries. */
  readonly reported = new Set([SUMMARY, VERSION, KEY, INTERVAL]);
  /** Parameters, tables and methods that it refuses, with the code. */
  readonly refusals = new Map<string, number>();
  /** The Status of its SetParameterValuesResponse: 1 where changes wait for a restart. */
  status = 0;

  set(path: string, value: string): void {
    const names: Record<string, string> = { key: KEY, version: VERSION };
    this.#values.set(names[path] ?? path, value);
  }

  report(): Record<string, string> {
    return Object.fromEntries([...this.reported].map(name => [name, this.#values.get(name) ?? '']));
  }

  answerTo(asked: Envelope | undefined): Body {
    if (asked?.body.kind !== 'request') throw new Error('the ACS has asked nothing');
    const { method } = asked.body;
    const args = asked.body.args as Record<string, unknown>;
    const list = (args.ParameterList ?? []) as ParameterValue[];
    return this.#refusal(method, args, list) ?? (responseBody(method, this.#resultOf(method, args, list)) as Body);
  }

  #refusal(method: MethodName, args: Record<string, unknown>, list: ParameterValue[]): Body | undefined {
    const whole = this.refusals.get(method);
    if (whole !== undefined) return faultBody({ code: whole, message: 'refused' });
    const names = [...list.map(({ Name }) => Name), String(args.ObjectName ?? '')];
    const parameters = names
      .filter(name => this.refusals.has(name))
      .map(name => ({ name, code: this.refusals.get(name) ?? 0, message: 'refused' }));
    return parameters.length > 0 ? faultBody({ code: 9003, message: 'refused', parameters }) : undefined;
  }

  #resultOf(method: MethodName, args: Record<string, unknown>, list: ParameterValue[]): never {
    const results: Partial<Record<MethodName, () => object>> = {
      GetParameterValues: () => ({ ParameterList: this.#known(args.ParameterNames as string[]) }),
      SetParameterValues: () => {
        for (const { Name, Value } of list) this.#values.set(Name, Value);
        this.#values.set(KEY, String(args.ParameterKey));
        return { Status: this.status };
      },
      Download: () => ({ Status: 1, StartTime: UNKNOWN_TIME, CompleteTime: UNKNOWN_TIME }),
      Upload: () => ({ Status: 1, StartTime: UNKNOWN_TIME, CompleteTime: UNKNOWN_TIME }),
      GetRPCMethods: () => ({ MethodList: ['Inform', 'Reboot'] }),
      AddObject: () => ({ InstanceNumber: 1, Status: 0 }),
      DeleteObject: () => ({ Status: 0 }),
    };
    return (results[method]?.() ?? {}) as never;
  }

  #known(names: readonly string[]): ParameterValue[] {
    const fits = (name: string): boolean =>
      names.some(asked => (asked.endsWith('.') ? name.startsWith(asked) : name === asked));
    return valuesOf(Object.fromEntries([...this.#values].filter(([name]) => fits(name))));
  }
}
