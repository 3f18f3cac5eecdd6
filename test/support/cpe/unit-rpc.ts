// RPCs of the ACS against a gateway in memory, one at a time, each in a session of its own.
import type { Arguments, CpeMethod, ParameterValue, Results } from '../../../shared/cwmp/methods.ts';
import { type Answer, ask, informResponse, resultOf, type ScriptedAcs, scriptedAcs } from './scripted-acs.ts';
import { type TestUnit, testUnit, type UnitOptions } from './unit.ts';

export interface FaultHeard {
  code: number;
  message: string;
  parameters: { name: string; code: number; message: string }[];
}

export type Outcome<M extends CpeMethod> =
  | { result: Results<M>; fault?: undefined }
  | { result?: undefined; fault: FaultHeard };

/** A unit with an ACS of its own, and the calls that tests use most. */
export interface RpcUnit {
  acs: ScriptedAcs;
  unit: TestUnit;
  call<M extends CpeMethod>(method: M, args: Arguments<M>): Promise<Outcome<M>>;
  /** Sends a request as text, in a form that the encoder does not write. */
  send<M extends CpeMethod>(method: M, request: Answer): Promise<Outcome<M>>;
  /** @returns its Status, or the fault's code and `name code` of each parameter in it */
  set(values: Record<string, string> | ParameterValue[], key?: string): Promise<number | [number, ...string[]]>;
  value(name: string): Promise<string | undefined>;
  /** Powers off and on again. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** @param prepare is called with the unit before it boots */
export async function rpcUnit(options: UnitOptions = {}, prepare?: (unit: TestUnit) => void): Promise<RpcUnit> {
  const acs = await scriptedAcs();
  const unit = await testUnit({ url: acs.url, ...options });
  prepare?.(unit);
  await unit.boot();
  await unit.ended(1);

  const send = async <M extends CpeMethod>(method: M, request: Answer): Promise<Outcome<M>> => {
    const from = acs.heard.length;
    acs.play(informResponse(), request);
    const count = unit.sessions.length + 1;
    unit.gateway.agent?.inform();
    await unit.ended(count);
    const answer = acs.heard[from + 2];
    const body = answer?.envelope?.body;
    return body?.kind === 'fault' ? { fault: body.fault } : { result: resultOf(answer, method) };
  };
  const call: RpcUnit['call'] = (method, args) => send(method, ask(method, args));

  return {
    acs,
    unit,
    call,
    send,
    set: async (values, key = 'k') => {
      const list = Array.isArray(values)
        ? values
        : Object.entries(values).map(([Name, Value]) => ({ Name, Value, Type: '' }));
      const { result, fault } = await call('SetParameterValues', { ParameterList: list, ParameterKey: key });
      return fault ? [fault.code, ...fault.parameters.map(({ name, code }) => `${name} ${code}`)] : result.Status;
    },
    value: async name => {
      const { result } = await call('GetParameterValues', { ParameterNames: [name] });
      return result?.ParameterList[0]?.Value;
    },
    restart: async () => {
      await unit.gateway.powerOff();
      const count = unit.sessions.length + 1;
      await unit.boot();
      await unit.ended(count);
    },
    close: async () => {
      await unit.close();
      await acs.close();
    },
  };
}
