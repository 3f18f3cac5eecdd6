// CPE WAN Management Protocol service: the ACS's address, as variables and as Device.ManagementServer. The agent does the
// talking; TLS settings are read at each handshake, so nothing here waits for a restart.
import type { DhcpIdentity } from '../../shared/dhcp/options.ts';
import { isAbort } from '../../shared/errors.ts';
import { templateOf } from '../../shared/model/path.ts';
import { acsAddress } from '../agent/acs-url.ts';
import type { Problem } from '../state/changes.ts';
import type { Lease } from '../state/device.ts';
import type { Draft } from '../state/tree/draft.ts';
import { dgwPath, type ReadValue, type Service, type Unit, writeVariable, X } from './service.ts';

/** The URL that an ACS writes must hold from then on, so it becomes the static one, before DHCP. */
function setUrl(draft: Draft, value: string): void {
  if (writeVariable(draft, 'Cwmp.AcsStaticUrl', value)) {
    writeVariable(draft, 'Cwmp.AcsUrlConfigSource', 'Static');
    return;
  }
  const path = `${draft.model.root}ManagementServer.URL`;
  const found = draft.find(path);
  if (found) draft.put(path, found, value);
}

const isUrl = (text: string): boolean => {
  if (!/^https?:\/\/\S+$/i.test(text) || !URL.canParse(text)) return false;
  const { hostname, username, password } = new URL(text);
  return hostname !== '' && username === '' && password === '';
};

/** TR-181 ManagementServer.InformParameter: no forced parameters, and none with 4 VALUE CHANGE, which has its own rules. */
function checkInformParameters(unit: Unit, draft: Draft, problem: Problem): void {
  const table = `${unit.model.root}ManagementServer.InformParameter.`;
  for (const [path, value] of draft.touched) {
    if (!path.startsWith(table)) continue;
    const column = path.slice(path.lastIndexOf('.') + 1);
    if (column === 'EventList' && value.split(',').some(code => code.trim() === '4 VALUE CHANGE'))
      problem(path, 9007, 'EventList must not name 4 VALUE CHANGE');
    const def = unit.model.parameters.get(templateOf(value).template);
    if (column === 'ParameterName' && def?.forcedInform) problem(path, 9007, `${value} is in every Inform anyway`);
  }
}

const acsUrl = (unit: Unit): string => acsAddress(unit)?.url ?? '';

/** TR-069 Annex F: what the lease says of the gateway in front of the unit. */
const gatewayInfo = {
  ManufacturerOUI: 'oui',
  ProductClass: 'productClass',
  SerialNumber: 'serialNumber',
} as const;

const ofGateway =
  (key: keyof DhcpIdentity): ReadValue =>
  unit =>
    unit.dhcp.lease?.gateway?.[key] ?? '';

/** Reports another gateway to the ACS, which asks for such changes by default. @param before the lease before this one */
export function announceGateway(unit: Unit, before: Lease | undefined): void {
  const changes = Object.entries(gatewayInfo).flatMap(([name, key]) => {
    const [old, value] = [before?.gateway?.[key] ?? '', unit.dhcp.lease?.gateway?.[key] ?? ''];
    return old === value ? [] : [{ path: `${unit.model.root}GatewayInfo.${name}`, before: old, value }];
  });
  unit.config.watchers.announce(changes, 'unit');
}

/** TR-069 Annex A, TR-106 2.4.2: the root object and the services below it, with the profiles that each has whole. */
function summaryOf(unit: Unit): string {
  const isOn = (name: string): boolean => unit.config.variable(`Cwmp.${name}`) === 'Enable';
  const profiles = ['Baseline:1', ...(isOn('Tr069AnnexFEnable') ? ['GatewayInfo:1'] : [])];
  const voice = isOn('Tr104Enable') ? ', VoiceService:1.0[1](Endpoint:1, SIPEndpoint:1)' : '';
  const root =
    unit.config.variable('Cwmp.RootElement') === 'InternetGatewayDevice'
      ? 'InternetGatewayDevice:1.8[](UDPConnReq:1, DownloadTCP:1, UploadTCP:1)'
      : `${unit.model.name}:${unit.model.version}[](${profiles.join(', ')})`;
  return root + voice;
}

export const cwmp: Service = {
  name: 'Cwmp',
  start: unit => unit.power.agent?.resume(),
  stop: unit => unit.power.agent?.rest(),
  // The unit ends its agent by itself.
  powerOff: () => undefined,
  values: {
    DeviceSummary: unit => (unit.model.services.length > 0 ? summaryOf(unit) : undefined),
    ...Object.fromEntries(Object.entries(gatewayInfo).map(([name, key]) => [`GatewayInfo.${name}`, ofGateway(key)])),
    // A plain device stores its URL; a DGW shows the one in use.
    'ManagementServer.URL': unit => (unit.model.services.length > 0 ? acsUrl(unit) : undefined),
    // Present where the model has them, for any model (state/tree/alias.ts).
    'ManagementServer.AliasBasedAddressing': () => '1',
    'ManagementServer.InstanceWildcardsSupported': () => '1',
    'ManagementServer.ParameterKey': unit => unit.state.facts.parameterKey,
    'ManagementServer.ConnectionRequestURL': unit => unit.power.agent?.connectionRequestUrl ?? '',
    [`${X}Cwmp.AcsUrl`]: unit => acsUrl(unit),
    [`${X}Cwmp.AcsStatus`]: unit => unit.power.agent?.sessions.status ?? 'Starting',
  },
  writes: { 'ManagementServer.URL': setUrl },
  apply(unit, { changes }) {
    const path = dgwPath(unit, 'Cwmp.Tr069AnnexFEnable');
    if (!changes.some(change => change.path === path && change.value === 'Enable')) return;
    // The gateway names itself to a unit that names itself. The writer of the value does not wait for that.
    unit.dhcp.renew().catch((error: unknown) => {
      if (!isAbort(error)) throw error;
    });
  },
  check(unit, draft, problem) {
    checkInformParameters(unit, draft, problem);
    for (const path of [dgwPath(unit, 'Cwmp.AcsStaticUrl'), `${unit.model.root}ManagementServer.URL`]) {
      const value = draft.touched.get(path);
      if (value !== undefined && value !== '' && !isUrl(value))
        problem(path, 9007, `${value} is not an http or https URL`);
    }
  },
};
