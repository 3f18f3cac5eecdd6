// Answers every RPC that an ACS may send: each handler takes the arguments and returns the result or throws the fault.
import { CwmpFault, type ParameterFault } from '../../../shared/cwmp/faults.ts';
import {
  type Arguments,
  type CpeMethod,
  methodSpec,
  type ParameterAttribute,
  type ParameterValue,
  type Results,
} from '../../../shared/cwmp/methods.ts';
import type { SetItem } from '../../state/changes.ts';
import type { Device } from '../../state/device.ts';
import { parameterKeyNote } from '../../state/snapshot.ts';
import { nameForAcs } from '../../state/tree/reads.ts';
import { WorkLimit } from '../../state/work-limit.ts';
import { cancelTransfers, queueDownload, queuedTransfers, queueScheduled, queueUpload } from '../transfer/queue.ts';
import type { AcsView } from '../views/acs-view.ts';

/** Restarts that RPCs ordered for after the session (TR-069 3.7.1, A.3.2.9): the answer goes out first. */
export interface SessionEffects {
  reboot?: { commandKey: string };
  factoryReset?: true;
}

export interface RpcContext {
  device: Device;
  /** The data model as this session shows it. */
  view: AcsView;
  effects: SessionEffects;
}

type Handlers = {
  [M in CpeMethod]?: (context: RpcContext, args: Arguments<M>) => Results<M> | Promise<Results<M>>;
};

/** ScheduleInforms that may be pending at once: our choice, so that the state stays bounded. */
const MAX_SCHEDULED = 16;

const handlers: Handlers = {
  GetRPCMethods: ({ device }) => ({ MethodList: offered(device) }),
  SetParameterValues: setParameterValues,
  GetParameterValues: ({ device, view }, { ParameterNames }) => ({
    ParameterList: answered(
      device,
      readOnce(ParameterNames, (name): ParameterValue[] => view.read(name)),
    ),
  }),
  GetParameterNames: ({ device, view }, { ParameterPath, NextLevel }) => ({
    ParameterList: answered(device, view.names(ParameterPath, NextLevel)),
  }),
  SetParameterAttributes: setParameterAttributes,
  GetParameterAttributes: ({ device, view }, { ParameterNames }) => ({
    ParameterList: answered(
      device,
      readOnce(ParameterNames, (name): ParameterAttribute[] => view.attributes(name)),
    ),
  }),
  AddObject: async ({ device, view }, { ObjectName, ParameterKey }) => {
    const note = parameterKeyNote(device.state, ParameterKey);
    const { instance, status } = await device.config.insert(ownObject(view, ObjectName), {}, 'acs', note);
    return { InstanceNumber: instance, Status: status };
  },
  DeleteObject: async ({ device, view }, { ObjectName, ParameterKey }) => {
    const note = parameterKeyNote(device.state, ParameterKey);
    return { Status: await device.config.remove(ownObject(view, ObjectName), 'acs', note) };
  },
  Reboot: async ({ device, effects }, { CommandKey }) => {
    // The event is durable before the answer: an Inform reports the reboot even if power fails before it is carried out.
    await device.state.record(facts => facts.events.push({ EventCode: 'M Reboot', CommandKey }));
    effects.reboot = { commandKey: CommandKey };
    return {};
  },
  FactoryReset: async ({ device, effects }) => {
    // Durable before the answer, as Reboot is: a power cut from now on only makes the reset happen sooner.
    await device.state.record(facts => {
      facts.resetDue = true;
    });
    effects.factoryReset = true;
    return {};
  },
  ScheduleInform: scheduleInform,
  Download: ({ device }, args) => queueDownload(device, args),
  Upload: ({ device }, args) => queueUpload(device, args),
  ScheduleDownload: ({ device }, args) => queueScheduled(device, args),
  CancelTransfer: ({ device }, { CommandKey }) => cancelTransfers(device, CommandKey),
  GetQueuedTransfers: ({ device }) => ({
    TransferList: queuedTransfers(device, false).map(({ CommandKey, State }) => ({ CommandKey, State })),
  }),
  GetAllQueuedTransfers: ({ device }) => ({ TransferList: queuedTransfers(device, true) }),
};

/** Entries of a list in one request: our choice, twice the parameters of a whole DGW. */
const MAX_ENTRIES = 5000;
/** Characters that one answer may hold: beyond, 9004 makes the ACS ask for less at a time (A.3.2.2). Our choice, ten times a whole DGW. */
const MAX_ANSWER = 4 * 1024 * 1024;

/** Reads each name, and keeps each parameter once. @throws CwmpFault 9004, 9005 */
function readOnce<T extends { Name: string }>(names: readonly string[], read: (name: string) => T[]): T[] {
  const limit = new WorkLimit();
  const found = new Map<string, T>();
  for (const name of new Set(names)) {
    for (const entry of limit.counted(read(name))) found.set(entry.Name, entry);
  }
  return [...found.values()];
}

/** Rewrites the names of a list as the ACS wants to read them. @throws CwmpFault 9004 */
function answered<T extends { Name: string; Value?: string }>(device: Device, list: T[]): T[] {
  for (const entry of list) entry.Name = nameForAcs(device.config.tree, entry.Name);
  let size = 0;
  for (const { Name, Value } of list) size += Name.length + (Value?.length ?? 0);
  if (size > MAX_ANSWER) throw new CwmpFault(9004, `${list.length} parameters are too many for one answer`);
  return list;
}

/** A.3.1.1: only methods that are really supported; the model says which of them this unit offers. */
function offered(device: Device): string[] {
  return device.model.methods.filter(method => Object.hasOwn(handlers, method));
}

/**
 * Carries out one request of the ACS.
 * @throws CwmpFault 9000 for a method that this unit does not offer, else as the method has it; any other error is a bug (9002)
 */
export async function carryOut<M extends CpeMethod>(
  context: RpcContext,
  method: M,
  args: Arguments<M>,
): Promise<Results<M>> {
  const handler = offered(context.device).includes(method) ? handlers[method] : undefined;
  if (!handler) throw new CwmpFault(9000, `Method ${method} is not supported`);
  checkLengths(method, args);
  return handler(context, args);
}

/** The decoder takes longer texts and lists than the schema allows; a unit has limited room for keys, URLs, logins and names. */
function checkLengths(method: CpeMethod, args: object): void {
  for (const [name, field] of Object.entries(methodSpec(method)?.request ?? {})) {
    const value: unknown = (args as Record<string, unknown>)[name];
    if (Array.isArray(value) && value.length > MAX_ENTRIES)
      throw new CwmpFault(
        9004,
        `${value.length} entries in ${name}: more than ${MAX_ENTRIES} are too many for one request`,
      );
    if (field.kind !== 'text' || field.max === undefined || typeof value !== 'string') continue;
    if ([...value].length > field.max) throw new CwmpFault(9003, `${name} is longer than ${field.max} characters`);
  }
}

/** The unit's own name of an object. @throws CwmpFault 9005 */
function ownObject(view: AcsView, path: string): string {
  const own = view.own(path)[0];
  if (own === undefined) throw new CwmpFault(9005, `${path} does not exist`);
  return own;
}

/** Values under the unit's own names. @throws CwmpFault 9003 with one entry per name that does not exist */
function ownItems(view: AcsView, items: readonly SetItem[]): SetItem[] {
  const problems: ParameterFault[] = [];
  const own = items.flatMap(item => {
    const name = view.own(item.name)[0];
    if (name !== undefined) return [{ ...item, name }];
    problems.push({ name: item.name, code: 9005, message: `${item.name} does not exist` });
    return [];
  });
  if (problems.length > 0) throw new CwmpFault(9003, undefined, problems);
  return own;
}

/** The same fault under the ACS's names. */
function shownFault(view: AcsView, error: unknown): unknown {
  if (!(error instanceof CwmpFault) || error.parameters.length === 0) return error;
  const parameters = error.parameters.map(fault => ({ ...fault, name: view.shown(fault.name) ?? fault.name }));
  return new CwmpFault(error.code, error.message, parameters);
}

/** A.3.2.1: all or nothing; a parameter may be named once. */
async function setParameterValues(
  { device, view }: RpcContext,
  { ParameterList, ParameterKey }: Arguments<'SetParameterValues'>,
): Promise<Results<'SetParameterValues'>> {
  const list = ParameterList as unknown as ParameterValue[];
  const seen = new Set<string>();
  for (const { Name } of list) {
    if (seen.has(Name)) {
      const message = `${Name} is named more than once`;
      throw new CwmpFault(9003, message, [{ name: Name, code: 9003, message }]);
    }
    seen.add(Name);
  }
  const items = list.map(({ Name, Value, Type }) => ({
    name: Name,
    value: Value,
    ...(Type === '' ? {} : { type: Type }),
  }));
  const own = ownItems(view, items);
  try {
    return { Status: await device.config.set(own, 'acs', parameterKeyNote(device.state, ParameterKey)) };
  } catch (error) {
    throw shownFault(view, error);
  }
}

/** A.3.2.4: all or nothing; a value without its Change flag is ignored. 3 to 6 are lightweight notifications, which no model here offers. */
async function setParameterAttributes(
  { device, view }: RpcContext,
  { ParameterList }: Arguments<'SetParameterAttributes'>,
): Promise<Results<'SetParameterAttributes'>> {
  const items = ParameterList.flatMap(entry => {
    if (entry.NotificationChange && entry.Notification > 2) {
      throw new CwmpFault(9003, `Notification ${entry.Notification} of ${entry.Name}: only 0, 1 and 2 are supported`);
    }
    const stranger = entry.AccessListChange && entry.AccessList.find(entity => entity !== 'Subscriber');
    if (stranger) throw new CwmpFault(9003, `AccessList of ${entry.Name}: unknown entity '${stranger}'`);
    const own = view.own(entry.Name);
    if (own.length === 0) throw new CwmpFault(9005, `${entry.Name} does not exist`);
    return own.map(path => ({
      path,
      ...(entry.NotificationChange ? { notification: entry.Notification } : {}),
      ...(entry.AccessListChange ? { accessList: entry.AccessList } : {}),
    }));
  });
  await device.config.changes.setAttributes(items);
  return {};
}

/** A.4.1.2: each one fires on its own. */
async function scheduleInform(
  { device }: RpcContext,
  { DelaySeconds, CommandKey }: Arguments<'ScheduleInform'>,
): Promise<Results<'ScheduleInform'>> {
  if (DelaySeconds < 1) throw new CwmpFault(9003, 'DelaySeconds must be greater than 0');
  if (device.state.facts.scheduled.length >= MAX_SCHEDULED)
    throw new CwmpFault(9004, `${MAX_SCHEDULED} are pending already`);
  const at = device.clock.now() + DelaySeconds * 1000;
  await device.state.record(facts => facts.scheduled.push({ at, commandKey: CommandKey }));
  return {};
}
