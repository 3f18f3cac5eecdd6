// Every RPC of TR-069 Annex A, each described once: the ACS, the CPE, the types and REST all derive from this table.
// Argument order is the order of the schema (cwmp-1-0.xsd … cwmp-1-4.xsd).
import { validateFields } from './arguments.ts';
import {
  boolean,
  type Fields,
  repeated,
  type StructOf,
  strings,
  structs,
  text,
  unsignedInt,
  type ValueOf,
} from './fields.ts';
import {
  anyQueuedTransfer,
  autonomousResult,
  commandKey,
  credential,
  deviceId,
  event,
  fileType,
  fileTypeArgument,
  objectName,
  operation,
  operationResult,
  option,
  parameterAttribute,
  parameterInfo,
  parameterKey,
  parameterValue,
  queuedTransfer,
  setParameterAttribute,
  status,
  timeWindow,
  transferAnswer,
  transferFault,
  unknownTime,
} from './structs.ts';
import type { Version } from './versions.ts';

interface MethodSpec {
  /** Clause of TR-069 that defines it. */
  readonly clause: string;
  /** The side that receives the request. */
  readonly to: 'cpe' | 'acs' | 'both';
  readonly since: Version;
  /** True when the request can be repeated without harm after a lost answer. */
  readonly repeatable: boolean;
  readonly deprecated?: true;
  readonly request: Fields;
  readonly response: Fields;
}

export const methods = {
  GetRPCMethods: {
    clause: 'A.3.1.1',
    to: 'both',
    since: '1.0',
    repeatable: true,
    request: {},
    response: { MethodList: strings(64, { min: 1 }) },
  },
  SetParameterValues: {
    clause: 'A.3.2.1',
    to: 'cpe',
    since: '1.0',
    repeatable: true,
    request: { ParameterList: structs('ParameterValueStruct', parameterValue), ParameterKey: parameterKey },
    response: { Status: status },
  },
  GetParameterValues: {
    clause: 'A.3.2.2',
    to: 'cpe',
    since: '1.0',
    repeatable: true,
    request: { ParameterNames: strings(256, { min: 1 }) },
    response: { ParameterList: structs('ParameterValueStruct', parameterValue, { absent: [] }) },
  },
  GetParameterNames: {
    clause: 'A.3.2.3',
    to: 'cpe',
    since: '1.0',
    repeatable: true,
    request: { ParameterPath: text(256, { absent: '' }), NextLevel: boolean({ absent: false }) },
    response: { ParameterList: structs('ParameterInfoStruct', parameterInfo, { absent: [] }) },
  },
  SetParameterAttributes: {
    clause: 'A.3.2.4',
    to: 'cpe',
    since: '1.0',
    repeatable: true,
    request: { ParameterList: structs('SetParameterAttributesStruct', setParameterAttribute, { min: 1 }) },
    response: {},
  },
  GetParameterAttributes: {
    clause: 'A.3.2.5',
    to: 'cpe',
    since: '1.0',
    repeatable: true,
    request: { ParameterNames: strings(256, { min: 1 }) },
    response: { ParameterList: structs('ParameterAttributeStruct', parameterAttribute, { absent: [] }) },
  },
  AddObject: {
    clause: 'A.3.2.6',
    to: 'cpe',
    since: '1.0',
    repeatable: false,
    request: { ObjectName: objectName, ParameterKey: parameterKey },
    response: { InstanceNumber: unsignedInt({ min: 1 }), Status: status },
  },
  DeleteObject: {
    clause: 'A.3.2.7',
    to: 'cpe',
    since: '1.0',
    repeatable: false,
    request: { ObjectName: objectName, ParameterKey: parameterKey },
    response: { Status: status },
  },
  Download: {
    clause: 'A.3.2.8',
    to: 'cpe',
    since: '1.0',
    repeatable: false,
    request: {
      CommandKey: commandKey,
      FileType: fileType,
      URL: text(256),
      Username: credential,
      Password: credential,
      FileSize: unsignedInt({ absent: 0 }),
      TargetFileName: text(256, { absent: '' }),
      DelaySeconds: unsignedInt({ absent: 0 }),
      SuccessURL: text(256, { absent: '' }),
      FailureURL: text(256, { absent: '' }),
    },
    response: transferAnswer,
  },
  Reboot: {
    clause: 'A.3.2.9',
    to: 'cpe',
    since: '1.0',
    repeatable: false,
    request: { CommandKey: commandKey },
    response: {},
  },
  FactoryReset: { clause: 'A.3.2.10', to: 'cpe', since: '1.0', repeatable: false, request: {}, response: {} },
  Upload: {
    clause: 'A.4.1.5',
    to: 'cpe',
    since: '1.0',
    repeatable: false,
    request: {
      CommandKey: commandKey,
      FileType: fileType,
      URL: text(256),
      Username: credential,
      Password: credential,
      DelaySeconds: unsignedInt({ absent: 0 }),
    },
    response: transferAnswer,
  },
  ScheduleInform: {
    clause: 'A.4.1.2',
    to: 'cpe',
    since: '1.0',
    repeatable: false,
    request: { DelaySeconds: unsignedInt(), CommandKey: commandKey },
    response: {},
  },
  ScheduleDownload: {
    clause: 'A.4.1.8',
    to: 'cpe',
    since: '1.2',
    repeatable: false,
    request: {
      CommandKey: commandKey,
      FileType: fileType,
      URL: text(256),
      Username: credential,
      Password: credential,
      FileSize: unsignedInt({ absent: 0 }),
      TargetFileName: text(256, { absent: '' }),
      TimeWindowList: structs('TimeWindowStruct', timeWindow, { min: 1, max: 2 }),
    },
    response: {},
  },
  CancelTransfer: {
    clause: 'A.4.1.9',
    to: 'cpe',
    since: '1.2',
    repeatable: true,
    request: { CommandKey: commandKey },
    response: {},
  },
  ChangeDUState: {
    clause: 'A.4.1.10',
    to: 'cpe',
    since: '1.2',
    repeatable: false,
    request: { Operations: repeated(operation), CommandKey: commandKey },
    response: {},
  },
  GetQueuedTransfers: {
    clause: 'A.4.1.1',
    to: 'cpe',
    since: '1.0',
    repeatable: true,
    deprecated: true,
    request: {},
    response: { TransferList: structs('QueuedTransferStruct', queuedTransfer, { max: 16, absent: [] }) },
  },
  GetAllQueuedTransfers: {
    clause: 'A.4.1.7',
    to: 'cpe',
    since: '1.1',
    repeatable: true,
    request: {},
    response: { TransferList: structs('AllQueuedTransferStruct', anyQueuedTransfer, { max: 16, absent: [] }) },
  },
  SetVouchers: {
    clause: 'A.4.1.3',
    to: 'cpe',
    since: '1.0',
    repeatable: false,
    deprecated: true,
    request: {
      VoucherList: {
        kind: 'array',
        member: 'base64',
        arrayType: 'soap-enc:base64',
        item: { kind: 'base64' },
        min: 1,
      },
    },
    response: {},
  },
  GetOptions: {
    clause: 'A.4.1.4',
    to: 'cpe',
    since: '1.0',
    repeatable: true,
    deprecated: true,
    request: { OptionName: text(64, { absent: '' }) },
    response: { OptionList: structs('OptionStruct', option, { absent: [] }) },
  },
  Inform: {
    clause: 'A.3.3.1',
    to: 'acs',
    since: '1.0',
    repeatable: true,
    request: {
      DeviceId: deviceId,
      Event: structs('EventStruct', event, { max: 64, absent: [] }),
      MaxEnvelopes: unsignedInt({ absent: 1, forgiven: true }),
      CurrentTime: unknownTime,
      RetryCount: unsignedInt({ absent: 0, forgiven: true }),
      ParameterList: structs('ParameterValueStruct', parameterValue, { absent: [] }),
    },
    response: { MaxEnvelopes: unsignedInt({ absent: 1, forgiven: true }) },
  },
  TransferComplete: {
    clause: 'A.3.3.2',
    to: 'acs',
    since: '1.0',
    repeatable: true,
    request: {
      CommandKey: commandKey,
      FaultStruct: transferFault,
      StartTime: unknownTime,
      CompleteTime: unknownTime,
    },
    response: {},
  },
  AutonomousTransferComplete: {
    clause: 'A.3.3.3',
    to: 'acs',
    since: '1.1',
    repeatable: true,
    request: {
      AnnounceURL: text(1024, { absent: '' }),
      TransferURL: text(1024, { absent: '' }),
      IsDownload: boolean(),
      FileType: fileType,
      FileSize: unsignedInt({ absent: 0, forgiven: true }),
      TargetFileName: text(256, { absent: '' }),
      FaultStruct: transferFault,
      StartTime: unknownTime,
      CompleteTime: unknownTime,
    },
    response: {},
  },
  RequestDownload: {
    clause: 'A.4.2.2',
    to: 'acs',
    since: '1.0',
    repeatable: false,
    request: {
      FileType: fileType,
      FileTypeArg: structs('ArgStruct', fileTypeArgument, { max: 16, absent: [] }),
    },
    response: {},
  },
  Kicked: {
    clause: 'A.4.2.1',
    to: 'acs',
    since: '1.0',
    repeatable: true,
    deprecated: true,
    request: {
      Command: text(32, { absent: '' }),
      Referer: text(64, { absent: '' }),
      Arg: text(256, { absent: '' }),
      Next: text(1024, { absent: '' }),
    },
    response: { NextURL: text(1024, { absent: '' }) },
  },
  DUStateChangeComplete: {
    clause: 'A.4.2.3',
    to: 'acs',
    since: '1.2',
    repeatable: true,
    request: { Results: repeated(operationResult), CommandKey: commandKey },
    response: {},
  },
  AutonomousDUStateChangeComplete: {
    clause: 'A.4.2.4',
    to: 'acs',
    since: '1.2',
    repeatable: true,
    request: { Results: repeated(autonomousResult) },
    response: {},
  },
} as const satisfies Readonly<Record<string, MethodSpec>>;

type Methods = typeof methods;

export type MethodName = keyof Methods;
type To<Side> = { [M in MethodName]: Methods[M]['to'] extends Side | 'both' ? M : never }[MethodName];
/** Methods that an ACS may call on a CPE. */
export type CpeMethod = To<'cpe'>;
/** Methods that a CPE may call on an ACS. */
export type AcsMethod = To<'acs'>;

/** The arguments of a request, by their standard names. */
export type Arguments<M extends MethodName> = StructOf<Methods[M]['request']>;
/** The arguments of its response. */
export type Results<M extends MethodName> = StructOf<Methods[M]['response']>;

/** `Type` is the xsi:type with our prefix (`xsd:unsignedInt`); '' where none was named: it is then sent as a string. */
export type ParameterValue = ValueOf<typeof parameterValue>;
export type ParameterInfo = ValueOf<typeof parameterInfo>;
export type ParameterAttribute = ValueOf<typeof parameterAttribute>;
export type EventEntry = ValueOf<typeof event>;
export type DeviceId = ValueOf<typeof deviceId>;
export type FaultStruct = ValueOf<typeof transferFault>;
export type Operation = ValueOf<typeof operation>;

const byName: ReadonlyMap<string, MethodSpec> = new Map(Object.entries(methods));

/** The table's entry of a method; undefined for a name that Annex A does not have. */
export function methodSpec(name: string): MethodSpec | undefined {
  return byName.get(name);
}

export function isMethodName(name: string): name is MethodName {
  return byName.has(name);
}

/** True when an ACS may send it to a CPE. */
export function isCpeMethod(name: string): name is CpeMethod {
  const to = byName.get(name)?.to;
  return to === 'cpe' || to === 'both';
}

/** All methods of Annex A, in the order of the table. */
export const methodNames: readonly MethodName[] = Object.keys(methods) as MethodName[];

/**
 * Arguments of a request from JSON: missing ones get the protocol's defaults, `ParameterList` may be `{path: value}`.
 * A value without a named type gets `Type` ''.
 * @throws UserError 400 `invalid-argument`, whose detail names the argument
 */
export function validateArguments<M extends MethodName>(method: M, input: unknown): Arguments<M> {
  return validateFields(methods[method].request, input) as Arguments<M>;
}
