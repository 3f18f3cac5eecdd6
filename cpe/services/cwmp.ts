// CPE WAN Management Protocol service: the ACS's address, as variables and as Device.ManagementServer. The agent does the
// talking; TLS settings are read at each handshake, so nothing here waits for a restart.
import { templateOf } from '../../shared/model/path.ts';
import { acsAddress } from '../agent/acs-url.ts';
import type { Problem } from '../state/changes.ts';
import type { Draft } from '../state/tree/draft.ts';
import { dgwPath, type Service, type Unit, X } from './service.ts';

/** The URL that an ACS writes must hold from then on, so it becomes the static one, before DHCP. */
function setUrl(draft: Draft, value: string): void {
  const put = (name: string, text: string): boolean => {
    const path = dgwPath(draft, name);
    const found = draft.find(path);
    if (found) draft.put(path, found, text);
    return found !== undefined;
  };
  if (put('Cwmp.AcsStaticUrl', value)) {
    put('Cwmp.AcsUrlConfigSource', 'Static');
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

export const cwmp: Service = {
  name: 'Cwmp',
  values: {
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
  check(unit, draft, problem) {
    checkInformParameters(unit, draft, problem);
    for (const path of [dgwPath(unit, 'Cwmp.AcsStaticUrl'), `${unit.model.root}ManagementServer.URL`]) {
      const value = draft.touched.get(path);
      if (value !== undefined && value !== '' && !isUrl(value))
        problem(path, 9007, `${value} is not an http or https URL`);
    }
  },
};
