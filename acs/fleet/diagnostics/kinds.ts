// The diagnostics that a device may offer, as data: their objects under each root, the settings of a run, and the results with units.
// A test holds the names against the Broadband Forum's documents.

export const diagnosticKinds = ['ping', 'traceroute', 'download', 'upload', 'dns', 'wifi-scan'] as const;
export type DiagnosticKind = (typeof diagnosticKinds)[number];

export interface Setting {
  /** Its name in a request. */
  name: string;
  /** Its names in the data models, the usual one first; a request may use them too. */
  parameters: readonly string[];
  type: 'string' | 'unsignedInt';
  /** A request must give it. */
  isRequired?: true;
  /** Set where a request does not give it and the device has it, so that no earlier run decides. */
  value?: string | number;
  least?: number;
  most?: number;
  values?: readonly string[];
  unit?: string;
}

export interface Result {
  name: string;
  parameters: readonly string[];
  type: 'text' | 'number' | 'numbers' | 'texts' | 'time';
  unit?: string;
}

export interface Diagnostic {
  /** The objects that hold it, the newest data model first: TR-181, TR-106 with TR-143, TR-098. */
  paths: readonly string[];
  settings: readonly Setting[];
  results: readonly Result[];
  /** The table below the object, without its number. */
  rows?: { table: string; columns: readonly Result[] };
}

const text = (name: string, ...parameters: string[]): Setting => ({ name, parameters, type: 'string' });
const required = (name: string, ...parameters: string[]): Setting => ({
  ...text(name, ...parameters),
  isRequired: true,
});
const number = (
  name: string,
  parameter: string,
  [least, most]: readonly [number, number],
  more: Pick<Setting, 'value' | 'unit'> = {},
): Setting => ({ name, parameters: [parameter], type: 'unsignedInt', least, most, ...more });

const common: readonly Setting[] = [text('interface', 'Interface'), number('dscp', 'DSCP', [0, 63])];
const protocol: Setting = {
  ...text('protocol', 'ProtocolVersion'),
  values: ['Any', 'IPv4', 'IPv6'],
};
const timeout = number('timeout', 'Timeout', [1, 60_000], { value: 5000, unit: 'ms' });

const result = (name: string, type: Result['type'], parameters: readonly string[], unit?: string): Result => ({
  name,
  parameters,
  type,
  ...(unit === undefined ? {} : { unit }),
});
const count = (name: string, parameter: string): Result => result(name, 'number', [parameter]);
const bytes = (name: string, parameter: string): Result => result(name, 'number', [parameter], 'bytes');
const addressUsed = result('address', 'text', ['IPAddressUsed']);

/** TR-143 4.3: the times of a transfer, with microseconds. */
const transferTimes: readonly Result[] = [
  ['opening', 'TCPOpenRequestTime'],
  ['opened', 'TCPOpenResponseTime'],
  ['requested', 'ROMTime'],
  ['began', 'BOMTime'],
  ['ended', 'EOMTime'],
].map(([name = '', parameter = '']) => result(name, 'time', [parameter]));

const transferSettings = (url: string): readonly Setting[] => [
  required('url', url),
  number('connections', 'NumberOfConnections', [1, 16]),
  number('ethernetPriority', 'EthernetPriority', [0, 7]),
  protocol,
  ...common,
];

const ping: Diagnostic = {
  paths: ['Device.IP.Diagnostics.IPPing.', 'Device.LAN.IPPingDiagnostics.', 'InternetGatewayDevice.IPPingDiagnostics.'],
  settings: [
    required('host', 'Host'),
    number('repetitions', 'NumberOfRepetitions', [1, 1000], { value: 4 }),
    timeout,
    number('size', 'DataBlockSize', [1, 65_535], { value: 64, unit: 'bytes' }),
    protocol,
    ...common,
  ],
  results: [
    addressUsed,
    count('succeeded', 'SuccessCount'),
    count('failed', 'FailureCount'),
    result('average', 'number', ['AverageResponseTime'], 'ms'),
    result('minimum', 'number', ['MinimumResponseTime'], 'ms'),
    result('maximum', 'number', ['MaximumResponseTime'], 'ms'),
    result('averageDetailed', 'number', ['AverageResponseTimeDetailed'], 'µs'),
    result('minimumDetailed', 'number', ['MinimumResponseTimeDetailed'], 'µs'),
    result('maximumDetailed', 'number', ['MaximumResponseTimeDetailed'], 'µs'),
  ],
};

const traceroute: Diagnostic = {
  paths: [
    'Device.IP.Diagnostics.TraceRoute.',
    'Device.LAN.TraceRouteDiagnostics.',
    'InternetGatewayDevice.TraceRouteDiagnostics.',
  ],
  settings: [
    required('host', 'Host'),
    number('tries', 'NumberOfTries', [1, 3], { value: 3 }),
    timeout,
    number('size', 'DataBlockSize', [1, 65_535], { value: 38, unit: 'bytes' }),
    number('maxHops', 'MaxHopCount', [1, 64], { value: 30 }),
    protocol,
    ...common,
  ],
  results: [addressUsed, result('responseTime', 'number', ['ResponseTime'], 'ms')],
  rows: {
    table: 'RouteHops.',
    columns: [
      result('host', 'text', ['Host', 'HopHost']),
      result('address', 'text', ['HostAddress', 'HopHostAddress']),
      result('errorCode', 'number', ['ErrorCode', 'HopErrorCode']),
      result('times', 'numbers', ['RTTimes', 'HopRTTimes'], 'ms'),
    ],
  },
};

const download: Diagnostic = {
  paths: [
    'Device.IP.Diagnostics.DownloadDiagnostics.',
    'Device.DownloadDiagnostics.',
    'InternetGatewayDevice.DownloadDiagnostics.',
  ],
  settings: transferSettings('DownloadURL'),
  results: [
    addressUsed,
    bytes('testBytes', 'TestBytesReceived'),
    bytes('totalBytes', 'TotalBytesReceived'),
    ...transferTimes,
  ],
};

const upload: Diagnostic = {
  paths: [
    'Device.IP.Diagnostics.UploadDiagnostics.',
    'Device.UploadDiagnostics.',
    'InternetGatewayDevice.UploadDiagnostics.',
  ],
  settings: [
    ...transferSettings('UploadURL'),
    number('size', 'TestFileLength', [1, 1_073_741_824], { value: 1_048_576, unit: 'bytes' }),
  ],
  results: [addressUsed, bytes('testBytes', 'TestBytesSent'), bytes('totalBytes', 'TotalBytesSent'), ...transferTimes],
};

const dns: Diagnostic = {
  paths: ['Device.DNS.Diagnostics.NSLookupDiagnostics.', 'InternetGatewayDevice.NSLookupDiagnostics.'],
  settings: [
    required('host', 'HostName'),
    { ...text('server', 'DNSServer'), value: '' },
    timeout,
    number('repetitions', 'NumberOfRepetitions', [1, 100], { value: 1 }),
    text('interface', 'Interface'),
  ],
  results: [count('succeeded', 'SuccessCount')],
  rows: {
    table: 'Result.',
    columns: [
      result('status', 'text', ['Status']),
      result('answer', 'text', ['AnswerType']),
      result('host', 'text', ['HostNameReturned']),
      result('addresses', 'texts', ['IPAddresses']),
      result('server', 'text', ['DNSServerIP']),
      result('responseTime', 'number', ['ResponseTime'], 'ms'),
    ],
  },
};

const wifiScan: Diagnostic = {
  paths: ['Device.WiFi.NeighboringWiFiDiagnostic.'],
  settings: [],
  results: [],
  rows: {
    table: 'Result.',
    columns: [
      result('radio', 'text', ['Radio']),
      result('ssid', 'text', ['SSID']),
      result('bssid', 'text', ['BSSID']),
      result('channel', 'number', ['Channel']),
      result('signal', 'number', ['SignalStrength'], 'dBm'),
      result('noise', 'number', ['Noise'], 'dBm'),
      result('band', 'text', ['OperatingFrequencyBand']),
      result('width', 'text', ['OperatingChannelBandwidth']),
      result('security', 'text', ['SecurityModeEnabled']),
      result('encryption', 'texts', ['EncryptionMode']),
      result('standards', 'texts', ['OperatingStandards']),
    ],
  },
};

export const diagnostics: Readonly<Record<DiagnosticKind, Diagnostic>> = {
  ping,
  traceroute,
  download,
  upload,
  dns,
  'wifi-scan': wifiScan,
};

export const STATE = 'DiagnosticsState';

/** @returns the objects that a device with this root may have; all where its root is not known */
export const pathsUnder = (kind: DiagnosticKind, root: string): readonly string[] =>
  diagnostics[kind].paths.filter(path => path.startsWith(root));
