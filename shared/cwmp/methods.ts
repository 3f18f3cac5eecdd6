// Every RPC of TR-069 Annex A, each described once: the ACS, the CPE, the types and REST all derive from this table.
// Argument order is the order of the schema (cwmp-1-0.xsd … cwmp-1-4.xsd).
import { validateFields } from './arguments.ts';
import {
  boolean,
  dateTime,
  type Fields,
  int,
  optional,
  repeated,
  type StructOf,
  strings,
  struct,
  structs,
  text,
  UNKNOWN_TIME,
  unsignedInt,
  type ValueOf,
} from './fields.ts';
import type { Version } from './versions.ts';

/** TR-069 A.3.2.1 */
const parameterValue = struct({ Name: text(256), Value: { kind: 'any', absent: '' } });
/** TR-069 A.3.2.3 */
const parameterInfo = struct({ Name: text(256), Writable: boolean({ absent: false }) });
/** TR-069 A.3.2.4: the only entity defined is "Subscriber". */
const accessList = strings(64, { absent: [] });
/** TR-069 A.3.2.4: 3 to 6 are the lightweight kinds of Annex M. */
const notification = int({ min: 0, max: 6, absent: 0 });
/** TR-069 A.3.2.5 */
const parameterAttribute = struct({ Name: text(256), Notification: notification, AccessList: accessList });
/** TR-069 A.3.2.4 */
const setParameterAttribute = struct({
  Name: text(256),
  NotificationChange: boolean({ absent: false, impliedBy: 'Notification' }),
  Notification: notification,
  AccessListChange: boolean({ absent: false, impliedBy: 'AccessList' }),
  AccessList: accessList,
});
/** TR-069 A.3.3.1. Without OUI and serial number the device is unknown; some devices leave out the rest. */
const deviceId = struct({
  Manufacturer: text(64, { absent: '' }),
  OUI: text(6, { pattern: /^[0-9A-F]{6}$/ }),
  ProductClass: text(64, { absent: '' }),
  SerialNumber: text(64),
});
const event = struct({ EventCode: text(64), CommandKey: text(32, { absent: '' }) });
/** TR-069 A.3.3.2. A transfer that tells of no fault had none. */
const transferFault = {
  ...struct({
    FaultCode: unsignedInt({ codes: 'transfer' }),
    FaultString: text(256, { absent: '', clip: true }),
  }),
  absent: { FaultCode: 0, FaultString: '' },
} as const;
/** TR-069 A.4.2.2: the same struct, with the deployment units' own subset of codes. */
const deploymentUnitFault = struct({
  FaultCode: unsignedInt({ codes: 'deploymentUnit' }),
  FaultString: optional(text(undefined)),
});

const unknownTime = dateTime({ absent: UNKNOWN_TIME });
const commandKey = text(32, { absent: '' });
const parameterKey = text(32, { absent: '' });
const credential = text(256, { absent: '' });
const fileType = text(64);
const objectName = text(256, { pattern: /\.$/ });
/** A positive answer without a status means that the request was carried out. */
const status = int({ min: 0, max: 1, absent: 0 });
/** A transfer without a status must not be taken for done: a TransferComplete has to report it. */
const transferAnswer = {
  Status: int({ min: 0, max: 1, absent: 1 }),
  StartTime: unknownTime,
  CompleteTime: unknownTime,
} as const;

const queuedTransfer = struct({ CommandKey: commandKey, State: int({ min: 1, max: 3 }) });
const anyQueuedTransfer = struct({
  ...queuedTransfer.fields,
  IsDownload: boolean(),
  FileType: fileType,
  FileSize: unsignedInt({ absent: 0 }),
  TargetFileName: text(256, { absent: '' }),
});
/** TR-069 A.4.1.8; offsets in seconds from the receipt of the request. */
const timeWindow = struct({
  WindowStart: unsignedInt(),
  WindowEnd: unsignedInt(),
  WindowMode: text(64),
  UserMessage: text(256, { absent: '' }),
  MaxRetries: int({ absent: -1 }),
});
const option = struct({
  OptionName: text(64),
  VoucherSN: unsignedInt(),
  State: unsignedInt({ min: 0, max: 3 }),
  Mode: int({ min: 0, max: 2 }),
  StartDate: unknownTime,
  ExpirationDate: optional(dateTime()),
  IsTransferable: int({ min: 0, max: 1 }),
});
const fileTypeArgument = struct({ Name: text(64), Value: text(256, { absent: '' }) });

const uuid = text(36, { pattern: /^[A-Fa-f0-9]{8}-([A-Fa-f0-9]{4}-){3}[A-Fa-f0-9]{12}$/ });
const someUuid = optional(uuid);
const someUrl = optional(text(1024));
const someVersion = optional(text(32));
const someReference = optional(text(256));
const someCredential = optional(text(256));
/** TR-069 A.4.1.10: xsi:type gives the kind of operation. */
const operation = {
  kind: 'choice',
  variants: {
    InstallOpStruct: struct({
      URL: text(1024),
      UUID: someUuid,
      Username: someCredential,
      Password: someCredential,
      ExecutionEnvRef: someReference,
    }),
    UpdateOpStruct: struct({
      UUID: someUuid,
      Version: someVersion,
      URL: someUrl,
      Username: someCredential,
      Password: someCredential,
    }),
    UninstallOpStruct: struct({ UUID: uuid, Version: someVersion, ExecutionEnvRef: someReference }),
  },
} as const;
const operationResult = struct({
  UUID: uuid,
  DeploymentUnitRef: text(undefined, { absent: '' }),
  Version: text(32, { absent: '' }),
  CurrentState: text(undefined, { values: ['Installed', 'Uninstalled', 'Failed'] }),
  Resolved: boolean({ absent: false }),
  ExecutionUnitRefList: text(undefined, { absent: '' }),
  StartTime: unknownTime,
  CompleteTime: unknownTime,
  Fault: deploymentUnitFault,
});
const autonomousResult = struct({
  ...operationResult.fields,
  OperationPerformed: text(undefined, { values: ['Install', 'Update', 'Uninstall'] }),
});

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
      MaxEnvelopes: unsignedInt({ absent: 1 }),
      CurrentTime: unknownTime,
      RetryCount: unsignedInt({ absent: 0 }),
      ParameterList: structs('ParameterValueStruct', parameterValue, { absent: [] }),
    },
    response: { MaxEnvelopes: unsignedInt({ absent: 1 }) },
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
      FileSize: unsignedInt({ absent: 0 }),
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
export type SetParameterAttribute = ValueOf<typeof setParameterAttribute>;
export type EventEntry = ValueOf<typeof event>;
export type DeviceId = ValueOf<typeof deviceId>;
export type FaultStruct = ValueOf<typeof transferFault>;
export type TimeWindow = ValueOf<typeof timeWindow>;
export type Operation = ValueOf<typeof operation>;
export type OperationResult = ValueOf<typeof operationResult>;

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
