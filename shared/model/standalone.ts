// The model that a unit runs from any Broadband Forum document: with the defaults that the standard states in prose only, and, for a
// document of a service alone (TR-104), with a plain device around it.
import { buildModel } from './catalog.ts';
import type { Model, ObjectDef, ParameterDef } from './definitions.ts';

/** Defaults that the descriptions of TR-098, TR-106, TR-181 and TR-104 state and their `default` elements do not; by the end of the path. */
const proseDefaults: Readonly<Record<string, string>> = {
  'ManagementServer.EnableCWMP': '1',
  'ManagementServer.HTTPConnectionRequestEnable': '1',
  'ManagementServer.STUNServerPort': '3478',
  'ManagementServer.STUNMaximumKeepAlivePeriod': '-1',
  'ManagementServer.CWMPRetryMinimumWaitInterval': '5',
  'ManagementServer.CWMPRetryIntervalMultiplier': '2000',
  'ManagementServer.DelayReboot': '-1',
  'TraceRouteDiagnostics.NumberOfTries': '3',
  'TraceRouteDiagnostics.Timeout': '5000',
  'TraceRouteDiagnostics.DataBlockSize': '38',
  'TraceRouteDiagnostics.MaxHopCount': '30',
  'TraceRoute.NumberOfTries': '3',
  'TraceRoute.Timeout': '5000',
  'TraceRoute.DataBlockSize': '38',
  'TraceRoute.MaxHopCount': '30',
  'UDPEchoDiagnostics.NumberOfRepetitions': '1',
  'UDPEchoDiagnostics.DataBlockSize': '24',
  'UDPEchoDiagnostics.InterTransmissionTime': '1000',
  'DownloadDiagnostics.NumberOfConnections': '1',
  'UploadDiagnostics.NumberOfConnections': '1',
  // Expedited Forwarding.
  'RTP.DSCPMark': '46',
};

function withDefault(def: ParameterDef): ParameterDef {
  if (def.default !== undefined) return def;
  const value = proseDefaults[def.path.split('.').slice(-2).join('.')];
  return value === undefined ? def : { ...def, default: value };
}

/** @param device the plain device that carries a document of services */
export function standalone(model: Model, device: Model): Model {
  const carried = model.parameters.has(`${model.root}ManagementServer.URL`);
  const base = carried ? undefined : device;
  const objects = new Map<string, ObjectDef>([...(base?.objects ?? []), ...parentsOf(model), ...model.objects]);
  const parameters = new Map<string, ParameterDef>([...(base?.parameters ?? []), ...model.parameters]);
  return buildModel({
    name: base?.name ?? model.name,
    version: base?.version ?? model.version,
    objects: [...objects.values()],
    parameters: [...parameters.values()].map(withDefault),
    methods: [...(base ?? model).methods],
    services: [...model.services],
  });
}

/** The object that holds the services, where the document does not define it (TR-106 2.2). */
function parentsOf(model: Model): [string, ObjectDef][] {
  const path = `${model.root}Services.`;
  const needed = !model.objects.has(path) && [...model.objects.keys()].some(name => name.startsWith(path));
  if (!needed) return [];
  const one = { minEntries: 1, maxEntries: 1, keys: [] };
  return [[path, { path, multi: false, fixed: true, writable: false, ...one }]];
}
