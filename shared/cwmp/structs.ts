// Structs and fields that the RPCs of TR-069 Annex A share.
import { boolean, dateTime, int, optional, strings, struct, text, UNKNOWN_TIME, unsignedInt } from './fields.ts';

/** TR-069 A.3.2.1 */
export const parameterValue = struct({ Name: text(256), Value: { kind: 'any', absent: '' } });
/** TR-069 A.3.2.3 */
export const parameterInfo = struct({ Name: text(256), Writable: boolean({ absent: false }) });
/** TR-069 A.3.2.4: the only entity defined is "Subscriber". */
const accessList = strings(64, { absent: [] });
/** TR-069 A.3.2.4: 3 to 6 are the lightweight kinds of Annex M. */
const notification = int({ min: 0, max: 6, absent: 0 });
/** TR-069 A.3.2.5 */
export const parameterAttribute = struct({ Name: text(256), Notification: notification, AccessList: accessList });
/** TR-069 A.3.2.4 */
export const setParameterAttribute = struct({
  Name: text(256),
  NotificationChange: boolean({ absent: false, impliedBy: 'Notification' }),
  Notification: notification,
  AccessListChange: boolean({ absent: false, impliedBy: 'AccessList' }),
  AccessList: accessList,
});
/** TR-069 A.3.3.1. Without OUI and serial number the device is unknown; some devices leave out the rest. */
export const deviceId = struct({
  Manufacturer: text(64, { absent: '' }),
  OUI: text(6, { pattern: /^[0-9A-F]{6}$/ }),
  ProductClass: text(64, { absent: '' }),
  SerialNumber: text(64),
});
export const event = struct({ EventCode: text(64), CommandKey: text(32, { absent: '' }) });
/** TR-069 A.3.3.2. A transfer without a reported fault, or with a fault without a code, had none. */
export const transferFault = {
  ...struct({
    FaultCode: unsignedInt({ codes: 'transfer', absent: 0 }),
    FaultString: text(256, { absent: '', clip: true }),
  }),
  absent: { FaultCode: 0, FaultString: '' },
} as const;
/** TR-069 A.4.2.2: the same struct, with the deployment units' own subset of codes. */
const deploymentUnitFault = struct({
  FaultCode: unsignedInt({ codes: 'deploymentUnit', absent: 0 }),
  FaultString: optional(text(undefined)),
});

export const unknownTime = dateTime({ absent: UNKNOWN_TIME });
export const commandKey = text(32, { absent: '' });
export const parameterKey = text(32, { absent: '' });
export const credential = text(256, { absent: '' });
export const fileType = text(64);
export const objectName = text(256, { pattern: /\.$/ });
/** A positive answer without a status means that the request was carried out. */
export const status = int({ min: 0, max: 1, absent: 0 });
/** A transfer without a status must not be taken for done: a TransferComplete has to report it. */
export const transferAnswer = {
  Status: int({ min: 0, max: 1, absent: 1 }),
  StartTime: unknownTime,
  CompleteTime: unknownTime,
} as const;

export const queuedTransfer = struct({ CommandKey: commandKey, State: int({ min: 1, max: 3 }) });
export const anyQueuedTransfer = struct({
  ...queuedTransfer.fields,
  IsDownload: boolean(),
  FileType: fileType,
  FileSize: unsignedInt({ absent: 0 }),
  TargetFileName: text(256, { absent: '' }),
});
/** TR-069 A.4.1.8; offsets in seconds from the receipt of the request. */
export const timeWindow = struct({
  WindowStart: unsignedInt(),
  WindowEnd: unsignedInt(),
  WindowMode: text(64),
  UserMessage: text(256, { absent: '' }),
  MaxRetries: int({ absent: -1 }),
});
export const option = struct({
  OptionName: text(64),
  VoucherSN: unsignedInt(),
  State: unsignedInt({ min: 0, max: 3 }),
  Mode: int({ min: 0, max: 2 }),
  StartDate: unknownTime,
  ExpirationDate: optional(dateTime()),
  IsTransferable: int({ min: 0, max: 1 }),
});
export const fileTypeArgument = struct({ Name: text(64), Value: text(256, { absent: '' }) });

const uuid = text(36, { pattern: /^[A-Fa-f0-9]{8}-([A-Fa-f0-9]{4}-){3}[A-Fa-f0-9]{12}$/ });
const someUuid = optional(uuid);
const someUrl = optional(text(1024));
const someVersion = optional(text(32));
const someReference = optional(text(256));
const someCredential = optional(text(256));
/** TR-069 A.4.1.10: xsi:type gives the kind of operation. */
export const operation = {
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
export const operationResult = struct({
  UUID: uuid,
  DeploymentUnitRef: text(undefined, { absent: '' }),
  Version: text(32, { absent: '' }),
  CurrentState: text(undefined, { values: ['Installed', 'Uninstalled', 'Failed'] }),
  Resolved: boolean({ absent: false, forgiven: true }),
  ExecutionUnitRefList: text(undefined, { absent: '' }),
  StartTime: unknownTime,
  CompleteTime: unknownTime,
  Fault: { ...deploymentUnitFault, absent: { FaultCode: 0 } } as const,
});
export const autonomousResult = struct({
  ...operationResult.fields,
  OperationPerformed: text(undefined, { values: ['Install', 'Update', 'Uninstall'] }),
});
