// The answers of a device of a crash run to the RPCs of its ACS.
import { CwmpFault } from '../../shared/cwmp/faults.ts';
import type { MethodName, ParameterValue } from '../../shared/cwmp/methods.ts';
import { type Body, faultBody, responseBody } from '../../shared/cwmp/soap.ts';
import type { CpeState } from './cpe-state.ts';
import type { CpeTransfers } from './cpe-transfers.ts';

type Args = Record<string, unknown>;

export class CpeRpcs {
  readonly #state: CpeState;
  readonly #transfers: CpeTransfers;
  #instances = 0;

  constructor(state: CpeState, transfers: CpeTransfers) {
    this.#state = state;
    this.#transfers = transfers;
  }

  async answerTo(method: MethodName, args: Args, rpc: number): Promise<Body> {
    try {
      return responseBody(method, (await this.#carryOut(method, args, rpc)) as never) as Body;
    } catch (error) {
      if (error instanceof CwmpFault) return faultBody(error);
      throw error;
    }
  }

  async #carryOut(method: MethodName, args: Args, rpc: number): Promise<object> {
    switch (method) {
      case 'GetParameterValues':
        return { ParameterList: (args.ParameterNames as string[]).map(name => this.#read(name, rpc)) };
      case 'SetParameterValues':
        return this.#set(args);
      case 'GetParameterNames':
        return { ParameterList: [{ Name: `${args.ParameterPath}A`, Writable: true }] };
      case 'GetParameterAttributes':
        return { ParameterList: [] };
      case 'AddObject':
        return { InstanceNumber: ++this.#instances, Status: 0 };
      case 'DeleteObject':
        return { Status: 0 };
      case 'GetRPCMethods':
        return { MethodList: ['GetRPCMethods'] };
      case 'GetQueuedTransfers':
      case 'GetAllQueuedTransfers':
        return { TransferList: [] };
      case 'GetOptions':
        return { OptionList: [] };
      case 'ScheduleInform':
        this.#state.addEvents('3 SCHEDULED', `M ScheduleInform|${args.CommandKey}`);
        return {};
      case 'Reboot':
      case 'FactoryReset':
        this.#state.departures.push({ method, key: String(args.CommandKey ?? '') });
        return {};
      case 'Download':
      case 'Upload':
      case 'ScheduleDownload':
        return await this.#transfers.order(method, args);
      default:
        return {};
    }
  }

  /** A parameter for reading has another value each time. */
  #read(Name: string, rpc: number): ParameterValue {
    const Value = Name.includes('X_Read.') ? `value ${rpc}` : (this.#state.values.get(Name) ?? '');
    return { Name, Value, Type: 'xsd:string' };
  }

  #set(args: Args): object {
    const ParameterList = args.ParameterList as ParameterValue[];
    const { isStubborn } = this.#state.settings;
    const refused = ParameterList.filter(({ Name }) => isStubborn || Name.includes('X_Refuse.'));
    if (refused.length > 0) {
      const parameters = refused.map(({ Name }) => ({ name: Name, code: 9008, message: 'not writable' }));
      throw new CwmpFault(9003, 'Invalid arguments', parameters);
    }
    for (const { Name, Value } of ParameterList) this.#state.values.set(Name, Value);
    this.#state.parameterKey = String(args.ParameterKey);
    return { Status: 0 };
  }
}
