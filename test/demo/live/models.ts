// A small TR-098 gateway for the live fleet: the root of older devices, with what an operator looks at.

const one = 'minEntries="1" maxEntries="1"';
const parameter = (name: string, type: string, { isWritable = true, value = '', forced = false } = {}): string =>
  `<parameter name="${name}" access="${isWritable ? 'readWrite' : 'readOnly'}"${forced ? ' forcedInform="true"' : ''}>` +
  `<syntax><${type}/>${value === '' ? '' : `<default type="factory" value="${value}"/>`}</syntax></parameter>`;
const object = (path: string, parameters: readonly string[]): string =>
  `<object name="${path}" access="readOnly" ${one}>${parameters.join('')}</object>`;

/** A document in the format of the Broadband Forum's models. @param version of its firmware */
export const olderGateway = (version: string): string => `<?xml version="1.0"?>
<dm:document xmlns:dm="urn:broadband-forum-org:cwmp:datamodel-1-4" spec="urn:broadband-forum-org:tr-1">
<model name="InternetGatewayDevice:1.14">
${object('InternetGatewayDevice.', [])}
${object('InternetGatewayDevice.DeviceInfo.', [
  parameter('SoftwareVersion', 'string', { isWritable: false, forced: true, value: version }),
  parameter('HardwareVersion', 'string', { isWritable: false, forced: true, value: 'V2' }),
  parameter('ProvisioningCode', 'string', { forced: true }),
  parameter('UpTime', 'unsignedInt', { isWritable: false }),
])}
${object('InternetGatewayDevice.ManagementServer.', [
  parameter('EnableCWMP', 'boolean', { value: 'true' }),
  ...['URL', 'Username', 'Password', 'ConnectionRequestUsername', 'ConnectionRequestPassword'].map(name =>
    parameter(name, 'string'),
  ),
  parameter('ParameterKey', 'string', { isWritable: false, forced: true }),
  parameter('ConnectionRequestURL', 'string', { isWritable: false, forced: true }),
  parameter('PeriodicInformEnable', 'boolean', { value: 'true' }),
  parameter('PeriodicInformInterval', 'unsignedInt', { value: '60' }),
])}
${object('InternetGatewayDevice.LANDevice.', [])}
${object('InternetGatewayDevice.LANDevice.WLANConfiguration.', [
  parameter('Enable', 'boolean', { value: 'true' }),
  parameter('SSID', 'string', { value: 'home' }),
  parameter('Channel', 'unsignedInt', { value: '6' }),
])}
</model></dm:document>
`;
