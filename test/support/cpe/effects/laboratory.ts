// Effects of a unit's settings: a fingerprint of all that its services would do by them, and other values for each setting.

import { acsAddress } from '../../../../cpe/agent/acs-url.ts';
import { stunSettings } from '../../../../cpe/agent/connection-request/stun-settings.ts';
import { credentials, retryPolicy } from '../../../../cpe/agent/settings.ts';
import type { Gateway } from '../../../../cpe/gateway.ts';
import {
  configuredScripts,
  dhcpScripts,
  scriptSchedule,
  scriptsAtStart,
} from '../../../../cpe/services/autonomous-scripts.ts';
import { defaultRouterOf, domainNameOf } from '../../../../cpe/services/common/host.ts';
import { dnsServersOf } from '../../../../cpe/services/hoc.ts';
import { rowsOf, type Unit } from '../../../../cpe/services/service.ts';
import { callSettings } from '../../../../cpe/services/sip/call-settings.ts';
import { gatewayPlans } from '../../../../cpe/services/sip/config.ts';
import { workOf } from '../../../../cpe/services/sip/events.ts';
import { endpointMedia } from '../../../../cpe/services/sip/media.ts';
import { mediaSettings } from '../../../../cpe/services/sip/media-security.ts';
import { messagingOf } from '../../../../cpe/services/sip/server-addresses.ts';
import { CwmpFault } from '../../../../shared/cwmp/faults.ts';
import type { ParameterDef } from '../../../../shared/model/definitions.ts';
import { services, type TlsService } from '../../../../shared/tls/profiles.ts';

/** Plans that the services make of the settings, each as text; a plan that cannot be made says why. */
const plans: Readonly<Record<string, (unit: Unit) => unknown>> = {
  sip: unit => gatewayPlans(unit),
  calls: callSettings,
  media: unit => endpoints(unit).map(name => [endpointMedia(unit, name), mediaSettings(unit, name)]),
  mailboxes: unit => rowsOf(unit, 'SipEp.Gateway', ['Name']).map(({ Name }) => messagingOf(unit, Name)),
  events: unit =>
    rowsOf(unit, 'SipEp.Gateway', ['Name']).flatMap(({ Name }) =>
      (['check-sync', 'reboot'] as const).map(event => String(workOf(unit, Name, event))),
    ),
  tls: unit => (Object.keys(services) as TlsService[]).map(name => tlsOf(unit, name)),
  scripts: unit => [configuredScripts(unit), dhcpScripts(unit), scriptsAtStart(unit), scriptSchedule(unit)],
  host: unit => [dnsServersOf(unit), defaultRouterOf(unit), domainNameOf(unit)],
  acs: unit => [acsAddress(unit), credentials(unit, ''), credentials(unit, 'ConnectionRequest'), retryPolicy(unit)],
  stun: unit => stunSettings(unit),
};

const endpoints = (unit: Unit): (string | undefined)[] => [
  undefined,
  ...rowsOf(unit, 'SipEp.UserAgent', ['EpId']).map(({ EpId }) => EpId),
];

function tlsOf(unit: Unit, name: TlsService): unknown {
  return (['client', 'server'] as const).map(role => {
    const { roots, host, policy } = unit.tls(name, role);
    return [policy, roots.map(root => root.fingerprint256), host?.cert];
  });
}

export type Fingerprint = Readonly<Record<string, string>>;

export const fingerprint = (gateway: Gateway): Fingerprint => {
  const unit = gateway.device as Unit;
  return Object.fromEntries(
    Object.entries(plans).map(([name, plan]) => {
      try {
        return [
          name,
          JSON.stringify(plan(unit), (_key, value: unknown) => (value instanceof RegExp ? String(value) : value)),
        ];
      } catch (error) {
        return [name, String(error)];
      }
    }),
  );
};

/** Values of all other parameters that a unit shows, without those that are the same value. */
export function shownBeside(gateway: Gateway, path: string): Map<string, string> {
  const { config } = gateway.device;
  const template = path.replace(/\.\d+(?=\.)/g, '.{i}');
  const twins = config.tree.index.shownAs.get(template) ?? [];
  const isTwin = (name: string): boolean => twins.includes(name.replace(/\.\d+(?=\.)/g, '.{i}'));
  const values = config
    .read('')
    .filter(({ Name }) => Name !== path && !isTwin(Name) && !/UpTime|CurrentLocalTime/.test(Name));
  return new Map(values.map(({ Name, Value }) => [Name, Value]));
}

const texts = [
  ...[
    'x.example:5062',
    'x.example',
    '10.99.0.7',
    '10.99.0.7:5070',
    'sip:7@x.example',
    'Phone-Fax2',
    'Lan2',
    'abc',
    '5',
    '2',
    '0.5',
  ],
  ...['http://x.example/y', '486 503', '600-600', '', '20,30', 'EST5EDT', 'CET-1CEST,M3.5.0,M10.5.0/3'],
];

/** Other values that the parameter may take, likely ones first. */
export function otherValues(def: ParameterDef, now: string): string[] {
  const labels = def.enumeration?.map(({ label }) => label) ?? [];
  if (labels.length > 0) return labels.filter(label => label !== now);
  if (def.type === 'boolean') return [now === '1' ? '0' : '1'];
  if (/int|long/i.test(def.type)) {
    const [least, most] = [Number(def.min ?? 0), Number(def.max ?? 65_535)];
    return [
      ...new Set([most, least, Math.min(most, Number(now) + 20), Math.min(most, Number(now) + 1)].map(String)),
    ].filter(text => text !== now);
  }
  return texts.filter(text => text !== now);
}

const users = ['100', '101'].map((user, at): [string, string] => [
  `SipEp.UserAgent[EpId=Phone-Fax${at + 1}].Username`,
  user,
]);

/** Settings with which most others count: accounts, servers, an ACS. */
const worked: Readonly<Record<string, string>> = {
  ...Object.fromEntries(users),
  'SipEp.UserAgent[EpId=Phone-Fax1].Register': 'Enable',
  'SipEp.UserAgent[EpId=Phone-Fax1].MwiSubscribe': 'Enable',
  'SipEp.DefaultStaticRegistrarServerHost': 'reg.example:0',
  'SipEp.DefaultStaticProxyHomeDomainHost': 'home.example:0',
  'SipEp.DefaultStaticProxyOutboundHost': 'out.example:0',
  'SipEp.UnitRegistrations[Index=1].Username': '900',
  'SipEp.Authentication[Index=1].Username': 'u900',
  'SipEp.Authentication[Index=1].Password': 'p900',
  'SipEp.Authentication[Index=1].Realm': 'realm',
  'Cwmp.AcsStaticUrl': 'http://acs.example/',
  'Cwmp.AcsUrlConfigSource': 'Static',
  'Cwmp.Tr111StunEnable': 'Enable',
  'Cwmp.Tr104Enable': 'Enable',
  'Hoc.DnsServersConfigSource': 'Static',
  'Hoc.DomainNameConfigSource': 'Static',
  'Hoc.DefaultRouterConfigSource': 'Static',
  'Conf.ScriptsTransferSrvHostname': 'files.example',
  'Conf.ScriptGenericFileName': 'all.cfg',
  'Conf.ScriptSpecificFileName': 'own.cfg',
  'Conf.ScriptsTransferOnRestartEnable': 'Enable',
  'Conf.ScriptsTransferPeriodicEnable': 'Enable',
};

const codecs = ['G711Mulaw', 'G711Alaw', 'G722', 'G726r16kbps', 'G726r24kbps', 'G726r32kbps', 'G726r40kbps'];

/** Credentials for one endpoint, one gateway, one user. */
const logins: readonly Readonly<Record<string, string>>[] = [
  { CriteriaSelection: 'Endpoint', EpId: 'Phone-Fax1' },
  { CriteriaSelection: 'Gateway', GatewayName: 'default' },
  { CriteriaSelection: 'Username', UsernameCriteria: '100' },
];

const secured: Readonly<Record<string, string>> = {
  'SipEp.TransportConfig[GatewayName=default].TlsEnable': 'Enable',
  'SipEp.PenaltyBoxEnable': 'Enable',
  'Mipt.DefaultSecurityRtpMode': 'Secure',
};

/** A unit that has not started, so that each setting counts at once, in several settings: `use` puts it into one of them. */
export interface Laboratory {
  gateway: Gateway;
  states: readonly (() => void)[];
}

export async function laboratory(gateway: Gateway): Promise<Laboratory> {
  const { config } = gateway.device;
  const put = (values: Readonly<Record<string, string>>): Promise<unknown> =>
    config.set(
      Object.entries(values).map(([name, value]) => ({ name: config.pathOf(name) ?? name, value })),
      'script',
    );
  const state = (): (() => void) => {
    const { own } = config.layers;
    return () => config.layers.use(own);
  };
  for (const table of ['Authentication', 'Authentication', 'UnitRegistrations'])
    await config.insert(`Device.X_0090F8_SipEp.${table}.`, {}, 'script');
  await put(worked);
  const states = [state()];
  await put(Object.fromEntries(codecs.map(name => [`Mipt.DefaultCodec${name}VoiceEnable`, 'Enable'])));
  states.push(state());
  const own = config.read('').filter(({ Name }) => Name.endsWith('.EnableConfig'));
  await put(Object.fromEntries(own.map(({ Name }) => [Name, 'Enable'])));
  for (const login of logins) {
    await put(
      Object.fromEntries(
        Object.entries(login).map(([name, value]) => [`SipEp.Authentication[Index=1].${name}`, value]),
      ),
    );
    states.push(state());
  }
  const ownValues = {
    MaxPTime: '60',
    MinPTime: '10',
    VoicePriority: '9',
    RedundancyLevel: '1',
    Method: 'OutOfBandUsingRtp',
  };
  const columns = config
    .read('')
    .filter(({ Name }) => /\.(?:EpSpecific\w+|SpecificMachineDetection)\.\d+\./.test(Name));
  for (const { Name } of columns) {
    const value = Object.entries(ownValues).find(([column]) => Name.endsWith(`.${column}`))?.[1];
    if (value !== undefined) await isTaken(gateway, Name, value);
    if (Name.endsWith('CngToneDetection')) await isTaken(gateway, Name, 'Disable');
  }
  states.push(state());
  const voice = config.read('').filter(({ Name }) => /\.EpSpecificCodec\w+\.\d+\.VoiceEnable$/.test(Name));
  await put(Object.fromEntries(voice.map(({ Name }) => [Name, 'Enable'])));
  states.push(state());
  await put(secured);
  states.push(state());
  return { gateway, states };
}

/**
 * The effect of a setting: the first plan that another value of it changes, or the first other parameter; undefined where none is seen.
 * @param options `plansOnly` looks at plans alone, with two values at most
 */
export async function effectOf(lab: Laboratory, path: string, { plansOnly = false } = {}): Promise<string | undefined> {
  for (const [at, use] of lab.states.entries()) {
    use();
    const effect = await effectIn(lab.gateway, path, use, {
      most: plansOnly ? 2 : 100,
      isBeside: at === 0 && !plansOnly,
    });
    if (effect !== undefined) return effect;
  }
  return undefined;
}

/** @param use goes back to the state. @param look `most` values are tried, and `isBeside` looks at other parameters, too */
async function effectIn(
  gateway: Gateway,
  path: string,
  use: () => void,
  look: { most: number; isBeside: boolean },
): Promise<string | undefined> {
  const { config } = gateway.device;
  const found = config.tree.find(path);
  if (!found) return undefined;
  const before = fingerprint(gateway);
  let { isBeside } = look;
  for (const value of otherValues(found.def, config.tree.value(path, found)).slice(0, look.most)) {
    use();
    if (!(await isTaken(gateway, path, value))) continue;
    const plan = changedPlan(before, fingerprint(gateway));
    if (plan !== undefined) return `plan ${plan}`;
    const other = isBeside ? changedBeside(gateway, path, use) : undefined;
    if (other !== undefined) return `parameter ${other}`;
    isBeside = false;
  }
  return undefined;
}

const changedPlan = (before: Fingerprint, after: Fingerprint): string | undefined =>
  Object.keys(after).find(name => after[name] !== before[name]);

/** The first other parameter that differs from before the change. @param use goes back there */
function changedBeside(gateway: Gateway, path: string, use: () => void): string | undefined {
  const changed = shownBeside(gateway, path);
  use();
  const before = shownBeside(gateway, path);
  return [...changed].find(([name, shown]) => before.get(name) !== shown)?.[0];
}

async function isTaken(gateway: Gateway, path: string, value: string): Promise<boolean> {
  try {
    await gateway.device.config.set([{ name: path, value }], 'script');
    return true;
  } catch (error) {
    if (error instanceof CwmpFault) return false;
    throw error;
  }
}
