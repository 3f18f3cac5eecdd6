// The definitions of a data model: objects, parameters, services, and the model made of them.

export type ValueType =
  | 'string'
  | 'int'
  | 'unsignedInt'
  | 'long'
  | 'unsignedLong'
  | 'boolean'
  | 'dateTime'
  | 'base64'
  | 'hexBinary';

export type ActiveNotify = 'normal' | 'canDeny' | 'forceEnabled' | 'forceDefaultEnabled';

export const effects = ['live', 'stored', 'status'] as const;

/** Live: the simulated unit acts on the value. Stored: it keeps and shows it. Status: it reports it. */
export type Effect = (typeof effects)[number];

interface EnumerationValue {
  /** The value in messages. */
  label: string;
  /** The number behind it (`enumeration@code`), where the document gives one. */
  code?: number;
}

/** Both ends included; an absent end is open. */
export interface ValueRange {
  min?: number | bigint;
  max?: number | bigint;
  step?: number;
}

export interface ParameterDef {
  /** Template path: `Device.X_0090F8_SipEp.Gateway.{i}.SecurePort`. */
  path: string;
  /** Last node of the path. */
  name: string;
  type: ValueType;
  writable: boolean;
  /** Reads back as the empty string (passwords). */
  hidden: boolean;
  default?: string;
  /** Closed set of labels; of each item where the parameter is a list. */
  enumeration?: EnumerationValue[];
  /** Smallest and largest allowed number over all ranges. */
  min?: number | bigint;
  max?: number | bigint;
  /** All ranges, where the document gives more than one or a step. */
  ranges?: ValueRange[];
  /** Length in characters (bytes for base64 and hexBinary); of each item where the parameter is a list. */
  minLength?: number;
  maxLength?: number;
  /** All lengths, where the document gives more than one range of them. */
  lengths?: ValueRange[];
  /** Anchored at both ends; of each item where the parameter is a list. */
  pattern?: RegExp;
  /** Comma-separated items (TR-106 3.2.3). */
  list?: boolean;
  /** Length of the whole list in characters, and number of its items. */
  listMaxLength?: number;
  minItems?: number;
  maxItems?: number;
  /** Carried by every Inform. */
  forcedInform: boolean;
  activeNotify: ActiveNotify;
  /** DGW service that owns it: `SipEp`. */
  service?: string;
  /** Canonical script name, keys without values: `SipEp.Gateway[Name=].SecurePort`. */
  script?: string;
  /** Template path of another parameter that is the same value in another form. */
  sameAs?: string;
  /** Form in which that value is shown here: `host`, `port`, or pairs `Enabled=Enable`. */
  form?: string;
  /** A change takes effect when the owning service (see `service`) restarts. */
  needsRestart: boolean;
  /** The use that a simulated unit makes of the value, where its document says so. */
  effect?: Effect;
  /** Writing anything but the default label runs a command on its row; always reads back as the default. */
  rowCommand?: boolean;
  /** Part of the key of its table. Script names address rows by it. */
  key?: boolean;
  description?: string;
}

export interface ObjectDef {
  /** Template path, ends with a dot: `Device.X_0090F8_SipEp.Gateway.{i}.`. */
  path: string;
  /** A table: the path ends with `{i}.`. */
  multi: boolean;
  /** A table whose rows the ACS can neither add nor delete. */
  fixed: boolean;
  /** AddObject and DeleteObject are allowed on it. */
  writable: boolean;
  minEntries: number;
  maxEntries: number;
  /** Names of its key columns (TR-106 unique keys, DGW table indexes). */
  keys: string[];
  /** Rows that exist from the start: column → value; columns not named take their defaults. */
  rows?: Record<string, string>[];
  /** Template path of the table that this one mirrors: a row for each of its rows, with the same value in the one key column. */
  follows?: string;
  /** Path of the parameter by whose value `Enable` the object exists. */
  shownBy?: string;
  /** Canonical script name of the table: `SipEp.Gateway`. */
  script?: string;
  service?: string;
  /** Template path of the parameter that counts its rows. */
  numberOfEntries?: string;
  description?: string;
}

export interface VariableRef {
  parameter: ParameterDef;
  /** Key column (canonical spelling) → value; empty for a scalar. */
  keys: Record<string, string>;
}

export interface ServiceDef {
  /** Script name: `SipEp`. */
  name: string;
  /** Numeric key: 1400. */
  id: number;
  /** Display name: `SIP Endpoint`. */
  title: string;
  /** Only user services can be stopped and restarted one by one. */
  class: 'System' | 'User';
}

export interface Model {
  /** `Device` of `Device:1.5`. */
  name: string;
  /** `1.5` of `Device:1.5`. */
  version: string;
  root: 'Device.' | 'InternetGatewayDevice.';
  /** By template path, in document order. */
  objects: ReadonlyMap<string, ObjectDef>;
  parameters: ReadonlyMap<string, ParameterDef>;
  /** Direct children of an object (template path; '' has the root). */
  children(objectPath: string): { objects: readonly ObjectDef[]; parameters: readonly ParameterDef[] };
  /** RPCs the CPE offers, in the order of its GetRPCMethodsResponse. */
  methods: readonly string[];
  /** DGW services in the order of their numeric keys; empty for other models. */
  services: readonly ServiceDef[];
  /** Definition behind a concrete or template path; `instances` are the numbers in the path, in order. */
  resolve(path: string): { def: ParameterDef | ObjectDef; instances: number[] } | undefined;
  /** Definition behind a script name, case-insensitive: `SipEp.Gateway[Name=x].SecurePort`. */
  variable(scriptName: string): VariableRef | undefined;
  /** Table behind a script name, case-insensitive: `SipEp.Gateway`. */
  table(scriptName: string): ObjectDef | undefined;
}

export function isObject(def: ParameterDef | ObjectDef): def is ObjectDef {
  return def.path.endsWith('.');
}

/** The xsi:type that a value of the parameter carries (TR-069 A.2). A list is a string, whatever its items are (TR-106 3.2.3). */
export function xsdType({ type, list }: Pick<ParameterDef, 'type' | 'list'>): string {
  if (list) return 'xsd:string';
  return type === 'base64' ? 'xsd:base64Binary' : `xsd:${type}`;
}

export interface LoadOptions {
  /** The model of a document with several: `Device:2.9`. Default: the last that is not a service. */
  model?: string;
}

export interface ModelDocument {
  name: string;
  version: string;
  objects: ObjectDef[];
  parameters: ParameterDef[];
  methods: string[];
  services: ServiceDef[];
}
