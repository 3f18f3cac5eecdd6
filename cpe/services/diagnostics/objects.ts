// The objects by which a unit offers diagnostics, below the root of its model: those of TR-181, TR-106 with TR-143, and TR-098.

export type ProbeName = 'ping' | 'traceroute' | 'download' | 'upload' | 'lookup' | 'scan';

export interface DiagnosticObject {
  /** Below the root: `IP.Diagnostics.IPPing.` */
  path: string;
  probe: ProbeName;
  /** Parameters that a run fills. */
  results: readonly string[];
  /** The table that a run fills, and its columns. */
  rows?: { table: string; columns: readonly string[] };
}

const ping = [
  'IPAddressUsed',
  'SuccessCount',
  'FailureCount',
  'AverageResponseTime',
  'MinimumResponseTime',
  'MaximumResponseTime',
  'AverageResponseTimeDetailed',
  'MinimumResponseTimeDetailed',
  'MaximumResponseTimeDetailed',
];
const hops = ['Host', 'HostAddress', 'ErrorCode', 'RTTimes'];
const times = ['TCPOpenRequestTime', 'TCPOpenResponseTime', 'ROMTime', 'BOMTime', 'EOMTime'];
const download = ['IPAddressUsed', 'TestBytesReceived', 'TotalBytesReceived', 'TotalBytesSent', ...times];
const upload = ['IPAddressUsed', 'TestBytesSent', 'TotalBytesSent', 'TotalBytesReceived', ...times];
const answers = ['Status', 'AnswerType', 'HostNameReturned', 'IPAddresses', 'DNSServerIP', 'ResponseTime'];

const pingAt = (path: string): DiagnosticObject => ({ path, probe: 'ping', results: ping });
const routeAt = (path: string, prefix: string): DiagnosticObject => ({
  path,
  probe: 'traceroute',
  results: ['IPAddressUsed', 'ResponseTime'],
  rows: { table: 'RouteHops.', columns: hops.map(name => prefix + name) },
});
const transfersAt = (path: string): DiagnosticObject[] => [
  { path: `${path}DownloadDiagnostics.`, probe: 'download', results: download },
  { path: `${path}UploadDiagnostics.`, probe: 'upload', results: upload },
];
const lookupAt = (path: string): DiagnosticObject => ({
  path,
  probe: 'lookup',
  results: ['SuccessCount'],
  rows: { table: 'Result.', columns: answers },
});

export const diagnosticObjects: readonly DiagnosticObject[] = [
  ...['IP.Diagnostics.IPPing.', 'LAN.IPPingDiagnostics.', 'IPPingDiagnostics.'].map(pingAt),
  routeAt('IP.Diagnostics.TraceRoute.', ''),
  routeAt('LAN.TraceRouteDiagnostics.', 'Hop'),
  routeAt('TraceRouteDiagnostics.', 'Hop'),
  ...transfersAt('IP.Diagnostics.'),
  ...transfersAt(''),
  ...['DNS.Diagnostics.NSLookupDiagnostics.', 'NSLookupDiagnostics.'].map(lookupAt),
  { path: 'WiFi.NeighboringWiFiDiagnostic.', probe: 'scan', results: [] },
];

export const STATE = 'DiagnosticsState';
